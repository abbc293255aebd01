package operation

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"time"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Wrapping says what a wrapped workflow needs of its worker.
type Wrapping struct {
	// Register registers the workflow's activities and child workflows, as it does
	// for a worker of their own.
	Register func(worker.Registry)
	// MayIdle is how long the workflow may await signals or updates, with nothing
	// pending and no timer set, before its silence is suspicious. Zero flags such a
	// wait after the policy's stale_after, unless Waiting declares it.
	MayIdle time.Duration
}

// Wrap makes an operation type of an existing Temporal workflow, which runs
// unchanged: func(workflow.Context, …) (result, error) or (…) error. Of t, all
// but Plan, Do and Finish apply. A workflow that takes one argument gets the
// whole input; one that takes several gets t.Fields in their order.
//
// It runs within the run's own workflow execution, so that its signals, queries,
// timers, activities and child workflows are where they always were; only the
// workflow's type and id are the run's. What it returns becomes the artifact
// result.json, its error the run's failure.
func Wrap[In any](t Type[In], workflowFunc any, w Wrapping) Definition {
	wrong := errors.Join(wrappable(workflowFunc, len(t.Fields)), withoutSteps(t))
	t.Plan, t.Do, t.Finish = nil, nil, nil
	d := Define(t)
	d.wrapped = &wrapped{Wrapping: w, f: reflect.ValueOf(workflowFunc), wrong: wrong}
	for _, f := range t.Fields {
		d.wrapped.fields = append(d.wrapped.fields, f.Name)
	}
	return d
}

// wrapped is the workflow behind a definition.
type wrapped struct {
	Wrapping

	f      reflect.Value
	fields []string
	wrong  error // why it cannot be used
}

var (
	contextType = reflect.TypeFor[workflow.Context]()
	errorType   = reflect.TypeFor[error]()
)

func withoutSteps[In any](t Type[In]) error {
	if t.Plan != nil || t.Do != nil || t.Finish != nil {
		return errors.New("a wrapped workflow has no Plan, Do or Finish")
	}
	return nil
}

// wrappable refuses what is no workflow function, or whose arguments cannot be
// made of the input.
func wrappable(f any, fields int) error {
	t := reflect.TypeOf(f)
	if t == nil || t.Kind() != reflect.Func || t.IsVariadic() || t.NumIn() == 0 || t.In(0) != contextType ||
		t.NumOut() == 0 || t.NumOut() > 2 || t.Out(t.NumOut()-1) != errorType {
		return fmt.Errorf("want a workflow function, func(workflow.Context, …) (result, error) or error, not %v", t)
	}
	if n := t.NumIn() - 1; n > 1 && n != fields {
		return fmt.Errorf("its workflow takes %d arguments, so it needs as many Fields, not %d", n, fields)
	}
	return nil
}

// arguments makes the workflow's arguments of an input.
func (w *wrapped) arguments(input json.RawMessage) ([]reflect.Value, error) {
	into := w.empty()
	switch len(into) {
	case 0:
		return into, nil
	case 1:
		if len(input) == 0 {
			return into, nil
		}
		return into, json.Unmarshal(input, into[0].Interface())
	}
	var byName map[string]json.RawMessage
	if err := json.Unmarshal(input, &byName); err != nil {
		return nil, err
	}
	for i, name := range w.fields {
		if value, given := byName[name]; given {
			if err := json.Unmarshal(value, into[i].Interface()); err != nil {
				return nil, fmt.Errorf("field %s: %w", name, err)
			}
		}
	}
	return into, nil
}

// empty are pointers to zero arguments.
func (w *wrapped) empty() []reflect.Value {
	into := make([]reflect.Value, w.f.Type().NumIn()-1)
	for i := range into {
		into[i] = reflect.New(w.f.Type().In(i + 1))
	}
	return into
}

// call calls the workflow with the arguments that pointers point to.
func (w *wrapped) call(ctx workflow.Context, pointers []reflect.Value) (result json.RawMessage, err error) {
	in := []reflect.Value{reflect.ValueOf(ctx)}
	for _, p := range pointers {
		in = append(in, p.Elem())
	}
	out := w.f.Call(in)
	if err, _ := out[len(out)-1].Interface().(error); err != nil {
		return nil, err
	}
	if len(out) == 1 {
		return nil, nil
	}
	result, err = json.Marshal(out[0].Interface())
	if err != nil {
		return nil, fmt.Errorf("write the workflow's result: %w", err)
	}
	if string(result) == "null" {
		return nil, nil
	}
	return result, nil
}

// Wraps reports whether runs of the type execute a wrapped workflow.
func (d Definition) Wraps() bool { return d.wrapped != nil }

// MayIdle is how long the wrapped workflow may await what cannot be seen.
func (d Definition) MayIdle() time.Duration {
	if d.wrapped == nil {
		return 0
	}
	return d.wrapped.MayIdle
}

// RegisterWrapped registers what the wrapped workflow needs, if there is one.
func (d Definition) RegisterWrapped(to worker.Registry) {
	if d.wrapped != nil && d.wrapped.Register != nil {
		d.wrapped.Register(to)
	}
}

// Begin runs the wrapped workflow with a run's input.
func (d Definition) Begin(ctx workflow.Context, input json.RawMessage) (result json.RawMessage, err error) {
	args, err := d.wrapped.arguments(input)
	if err != nil {
		return nil, Permanent(fmt.Errorf("read the input for the workflow: %w", err))
	}
	return d.wrapped.call(ctx, args)
}

// Continue runs the wrapped workflow with the arguments that an earlier
// execution of it had continued with; decode reads them into pointers.
func (d Definition) Continue(ctx workflow.Context, decode func(into ...any) error) (result json.RawMessage, err error) {
	args := d.wrapped.empty()
	into := make([]any, len(args))
	for i, a := range args {
		into[i] = a.Interface()
	}
	if err := decode(into...); err != nil {
		return nil, Permanent(fmt.Errorf("read what the workflow continued with: %w", err))
	}
	return d.wrapped.call(ctx, args)
}

// WorkflowName is the name of the wrapped function, as Temporal would register it.
func (d Definition) WorkflowName() string {
	name := runtime.FuncForPC(d.wrapped.f.Pointer()).Name()
	return strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], "-fm")
}

// wrongly is why a registry refuses the wrapped workflow.
func (d Definition) wrongly() error {
	if d.wrapped == nil {
		return nil
	}
	return d.wrapped.wrong
}
