package operation

import (
	"context"
	"encoding/json"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/workflows/contract"
)

// Definition is an operation type whose input's Go type is hidden, so that all
// types fit into one registry. Make it by Define or Wrap.
type Definition struct {
	Name        string
	Title       string
	Description string
	Queue       string
	Tenantless  bool
	Supersedes  bool
	Exclusive   bool
	Fields      []Field
	// Policy is the effective one once the type is registered.
	Policy lifecycle.Policy

	tune func(*lifecycle.Policy)
	// parse checks an input and says what a run with it works on.
	parse  func(json.RawMessage) (target string, err error)
	target func(ctx context.Context, tenantID string, raw json.RawMessage) (string, error)
	check  func(context.Context, Host, Info) error
	plan   func(context.Context, Host, Info) (Plan, error)
	do     func(context.Context, Host, Info, string) (Next, error)
	finish func(context.Context, Host, Info) error

	wrapped *wrapped // nil unless made by Wrap
}

// Define makes a type known to a registry.
func Define[In any](t Type[In]) Definition {
	d := Definition{
		Name: t.Name, Title: t.Title, Description: t.Description, Queue: t.Queue,
		Tenantless: t.Tenantless, Supersedes: t.Supersedes, Exclusive: t.Exclusive, Fields: t.Fields,
		tune: t.Policy,
	}
	if d.Queue == "" {
		d.Queue = contract.DefaultQueue
	}
	d.parse = func(raw json.RawMessage) (string, error) {
		in, err := decode[In](raw, t.Fields)
		if err == nil && t.Validate != nil {
			err = t.Validate(in)
		}
		if err != nil || t.Target == nil {
			return "", err
		}
		return t.Target(in), nil
	}
	d.target = func(ctx context.Context, tenantID string, raw json.RawMessage) (string, error) {
		target, err := d.parse(raw)
		if err != nil || t.TargetOf == nil {
			return target, err
		}
		in, err := decode[In](raw, t.Fields)
		if err != nil {
			return "", err
		}
		return t.TargetOf(ctx, tenantID, in)
	}
	d.check = func(ctx context.Context, h Host, i Info) error {
		if t.Check == nil {
			return nil
		}
		return with(h, i, t.Fields, func(r *Run[In]) error { return t.Check(ctx, r) })
	}
	if t.Plan != nil {
		d.plan = func(ctx context.Context, h Host, i Info) (p Plan, err error) {
			err = with(h, i, t.Fields, func(r *Run[In]) error { p, err = t.Plan(ctx, r); return err })
			return p, err
		}
	}
	if t.Do != nil {
		d.do = func(ctx context.Context, h Host, i Info, cursor string) (n Next, err error) {
			err = with(h, i, t.Fields, func(r *Run[In]) error { n, err = t.Do(ctx, r, cursor); return err })
			return n, err
		}
	}
	if t.Finish != nil {
		d.finish = func(ctx context.Context, h Host, i Info) error {
			return with(h, i, t.Fields, func(r *Run[In]) error { return t.Finish(ctx, r) })
		}
	}
	return d
}

// with calls one of the author's functions. An input that does not decode any
// more was stored by another version of the type: no retry would help.
func with[In any](h Host, i Info, fields []Field, call func(*Run[In]) error) error {
	in, err := decode[In](i.Input, fields)
	if err != nil {
		return Permanent(err)
	}
	return call(&Run[In]{Info: i, Input: in, host: h})
}

// Parse checks an input and says what a run with it works on. A wrong input is
// refused with a FieldErrors or with the type's own error.
func (d Definition) Parse(input json.RawMessage) (target string, err error) { return d.parse(input) }

// Target checks an input like Parse, and says what a run for the tenant works on.
func (d Definition) Target(ctx context.Context, tenantID string, input json.RawMessage) (string, error) {
	return d.target(ctx, tenantID, input)
}

// Check tests the preconditions.
func (d Definition) Check(ctx context.Context, h Host, i Info) error { return d.check(ctx, h, i) }

// Plans reports whether there is a plan to make, and Finishes whether there are results to make.
func (d Definition) Plans() bool    { return d.plan != nil }
func (d Definition) Finishes() bool { return d.finish != nil }

// Plan says how much there is to do and where to begin.
func (d Definition) Plan(ctx context.Context, h Host, i Info) (Plan, error) {
	if d.plan == nil {
		return Plan{}, nil
	}
	return d.plan(ctx, h, i)
}

// Do does one chunk.
func (d Definition) Do(ctx context.Context, h Host, i Info, cursor string) (Next, error) {
	return d.do(ctx, h, i, cursor)
}

// Finish makes the results.
func (d Definition) Finish(ctx context.Context, h Host, i Info) error {
	if d.finish == nil {
		return nil
	}
	return d.finish(ctx, h, i)
}
