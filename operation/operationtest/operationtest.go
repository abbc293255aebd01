// Package operationtest runs an operation type in a test, without a database and
// without Temporal, and tells how a run of it would end.
package operationtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
)

// Result is what a run came to.
type Result struct {
	Outcome   lifecycle.Outcome
	Failure   lifecycle.Failure
	Target    string
	Counts    lifecycle.Counts
	Items     map[string]operation.Item // by their key
	Artifacts map[string][]byte         // by their name
	Waits     []operation.Wait          // that chunks asked for; they pass at once, as if woken
	Holds     []string                  // reasons of the waits within chunks; they pass at once
	Chunks    int
}

// Run checks the input, which is JSON, and goes through the type's steps as a
// worker does. Every chunk is done twice, as after a crash: items are counted
// once, and what else a chunk does must bear it too. A refused input and an error
// that would be tried again fail the test, since a run would not end with them.
// A type made by Wrap is tested by Temporal's own test suite.
func Run(t testing.TB, d operation.Definition, input string) Result {
	t.Helper()
	if d.Wraps() {
		t.Fatalf("%s wraps a workflow: test it by go.temporal.io/sdk/testsuite", d.Name)
	}
	r := &run{
		d: d, result: Result{Items: map[string]operation.Item{}, Artifacts: map[string][]byte{}},
		info: operation.Info{ID: "test-run", WorkspaceID: "test-workspace", TenantID: "test-tenant", Type: d.Name, Input: json.RawMessage(input)},
	}
	target, err := d.Parse(r.info.Input)
	if err != nil {
		t.Fatalf("start %s: %v", d.Name, err)
	}
	r.result.Target, r.info.Target = target, target
	if err := r.end(r.steps(t.Context())); err != nil {
		t.Fatalf("run %s: %v", d.Name, err)
	}
	return r.result
}

type run struct {
	d    operation.Definition
	info operation.Info

	mu     sync.Mutex
	result Result
}

func (r *run) steps(ctx context.Context) error {
	if err := r.d.Check(ctx, r, r.info); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	plan, err := r.d.Plan(ctx, r, r.info)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	if plan.Total > 0 {
		r.result.Counts.Total = plan.Total
	}
	if err := r.chunks(ctx, plan.Cursor); err != nil {
		return err
	}
	if err := r.d.Finish(ctx, r, r.info); err != nil {
		return fmt.Errorf("finish: %w", err)
	}
	return nil
}

func (r *run) chunks(ctx context.Context, cursor string) error {
	for {
		if _, err := r.d.Do(ctx, r, r.info, cursor); err != nil {
			return fmt.Errorf("do from %q: %w", cursor, err)
		}
		next, err := r.d.Do(ctx, r, r.info, cursor)
		if err != nil {
			return fmt.Errorf("do from %q again, as after a crash: %w", cursor, err)
		}
		r.result.Chunks++
		r.info.Woken = false
		if next.Wait != nil {
			r.result.Waits = append(r.result.Waits, *next.Wait)
			r.info.Woken = next.Wait.Signal
		}
		if next.Done {
			return nil
		}
		cursor = next.Cursor
	}
}

// end tells how the run ends; an error that would be retried is returned.
func (r *run) end(err error) error {
	var (
		blocked   *operation.BlockedError
		permanent *operation.PermanentError
	)
	switch {
	case err == nil:
		r.result.Outcome, r.result.Failure = r.result.Counts.End()
	case errors.As(err, &blocked):
		r.result.Outcome, r.result.Failure = lifecycle.Blocked, lifecycle.Failure{Code: "blocked", Message: blocked.Message}
	case errors.As(err, &permanent):
		r.result.Outcome, r.result.Failure = lifecycle.Failed, lifecycle.Failure{Code: permanent.Code, Message: permanent.Error()}
	default:
		return err
	}
	return nil
}

// Item implements operation.Host.
func (r *run) Item(i operation.Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ended := r.result.Items[i.Key]; ended {
		return
	}
	r.result.Items[i.Key] = i
	c := &r.result.Counts
	switch i.State {
	case operation.ItemSucceeded:
		c.Succeeded++
	case operation.ItemFailed:
		c.Failed++
	case operation.ItemSkipped:
		c.Skipped++
	}
	c.Processed++
	c.Total = max(c.Total, c.Processed)
}

// SetTotal implements operation.Host.
func (r *run) SetTotal(_ context.Context, total int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Counts.Total = max(total, r.result.Counts.Processed)
	return nil
}

// Artifact implements operation.Host.
func (r *run) Artifact(_ context.Context, name, _ string, body []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Artifacts[name] = body
	return nil
}

// Hold implements operation.Host.
func (r *run) Hold(ctx context.Context, _ time.Duration, reason string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Holds = append(r.result.Holds, reason)
	return ctx.Err()
}
