package simulate

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

// host remembers what a run recorded.
type host struct {
	items     []operation.Item
	artifacts map[string]string
}

func (h *host) Item(i operation.Item)                             { h.items = append(h.items, i) }
func (h *host) SetTotal(context.Context, int64) error             { return nil }
func (h *host) Hold(context.Context, time.Duration, string) error { return nil }
func (h *host) Artifact(_ context.Context, name, _ string, b []byte) error {
	h.artifacts[name] = string(b)
	return nil
}

func (h *host) failed() (n int) {
	for _, i := range h.items {
		if i.State == operation.ItemFailed {
			n++
		}
	}
	return n
}

func setup(t *testing.T) (operation.Definition, *host) {
	t.Helper()
	timing := lifecycle.NewTiming(time.Second, time.Second)
	r, err := operation.NewRegistry(lifecycle.DefaultPolicy(), timing, Definition(), Unattended())
	require.NoError(t, err)
	d, ok := r.Lookup(Name)
	require.True(t, ok)
	return d, &host{artifacts: map[string]string{}}
}

// work does chunk after chunk until the run ends or waits.
func work(t *testing.T, ctx context.Context, d operation.Definition, h *host, input string) (operation.Next, error) {
	t.Helper()
	info := operation.Info{ID: "r1", Input: json.RawMessage(input)}
	p, err := d.Plan(ctx, h, info)
	require.NoError(t, err)
	for next := operation.More(p.Cursor); ; {
		next, err = d.Do(ctx, h, info, next.Cursor)
		if err != nil || next.Done || next.Wait != nil {
			return next, err
		}
	}
}

func TestEveryItemIsRecordedOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		input  string
		failed int
	}{
		"all succeed": {`{"items":250}`, 0},
		"some fail":   {`{"items":250,"fail_every":4}`, 62},
		"all fail":    {`{"items":250,"fail_every":1}`, 250},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, h := setup(t)
			next, err := work(t, t.Context(), d, h, c.input)
			require.NoError(t, err)
			require.True(t, next.Done)
			require.Len(t, h.items, 250)
			require.Equal(t, c.failed, h.failed())
			keys := map[string]bool{}
			for _, i := range h.items {
				keys[i.Key] = true
			}
			require.Len(t, keys, 250)
			require.NoError(t, d.Finish(t.Context(), h, operation.Info{Input: json.RawMessage(c.input)}))
			require.Contains(t, h.artifacts["summary.txt"], "250 items")
		})
	}
}

func TestItemsTakeTheirTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, h := setup(t)
		started := time.Now()
		_, err := work(t, t.Context(), d, h, `{"items":30,"item_ms":400}`)
		require.NoError(t, err)
		require.Equal(t, 12*time.Second, time.Since(started))
	})
}

func TestTroubles(t *testing.T) {
	t.Parallel()
	t.Run("blocked before any work", func(t *testing.T) {
		t.Parallel()
		d, h := setup(t)
		err := d.Check(t.Context(), h, operation.Info{Input: json.RawMessage(`{"items":3,"block":true}`)})
		var blocked *operation.BlockedError
		require.ErrorAs(t, err, &blocked)
		require.NoError(t, d.Check(t.Context(), h, operation.Info{Input: json.RawMessage(`{"items":3}`)}))
	})
	t.Run("stalls at every attempt", func(t *testing.T) {
		t.Parallel()
		d, h := setup(t)
		_, err := work(t, t.Context(), d, h, `{"items":9,"item_ms":1,"stall_after":4}`)
		require.ErrorContains(t, err, "item 5")
		require.Len(t, h.items, 4)
	})
	t.Run("waits once, in the middle", func(t *testing.T) {
		t.Parallel()
		d, h := setup(t)
		const input = `{"items":8,"wait_s":30}`
		next, err := work(t, t.Context(), d, h, input)
		require.NoError(t, err)
		require.Equal(t, 30*time.Second, next.Wait.For)
		require.Len(t, h.items, 4)
		next, err = d.Do(t.Context(), h, operation.Info{Input: json.RawMessage(input)}, next.Cursor)
		require.NoError(t, err)
		require.True(t, next.Done)
		require.Len(t, h.items, 8)
	})
	t.Run("lives without advancing until it is cancelled", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d, h := setup(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			_, err := work(t, ctx, d, h, `{"items":9,"no_progress":true}`)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Len(t, h.items, 3)
		})
	})
	t.Run("refuses a cursor of another version", func(t *testing.T) {
		t.Parallel()
		d, h := setup(t)
		_, err := d.Do(t.Context(), h, operation.Info{Input: json.RawMessage(`{"items":8}`)}, "page 3")
		var permanent *operation.PermanentError
		require.ErrorAs(t, err, &permanent)
	})
}

func TestKnobsAreChecked(t *testing.T) {
	t.Parallel()
	d, _ := setup(t)
	for input, field := range map[string]string{
		`{}`:                           "items",
		`{"items":0}`:                  "items",
		`{"items":"many"}`:             "items",
		`{"items":1,"item_ms":60000}`:  "item_ms",
		`{"items":1,"fail_every":-1}`:  "fail_every",
		`{"items":1,"stall_after":-1}`: "stall_after",
		`{"items":1,"wait_s":100000}`:  "wait_s",
		`{"items":1,"explode":true}`:   "explode",
	} {
		_, err := d.Parse(json.RawMessage(input))
		var wrong operation.FieldErrors
		require.ErrorAs(t, err, &wrong, input)
		require.Contains(t, wrong, field, input)
	}
	target, err := d.Parse(json.RawMessage(`{"items":9,"fail_every":3,"stall_after":2,"wait_s":4,"no_progress":true,"panic_workflow":true,"block":true}`))
	require.NoError(t, err)
	require.Equal(t, "9 items, one in 3 fails, stalls after 2, waits 4 s, stops advancing, workflow panics, blocked", target)
}

// The form asks for every knob and for nothing else.
func TestTheFormAndTheInputHaveTheSameNames(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(Knobs{})
	require.NoError(t, err)
	var names map[string]any
	require.NoError(t, json.Unmarshal(raw, &names))
	require.Len(t, fields, len(names))
	for _, f := range fields {
		require.Contains(t, names, f.Name)
	}
}

func TestOnlyAWorkflowThatWasAskedToPanics(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	for input, panics := range map[string]bool{`{"items":1}`: false, `{"items":1,"panic_workflow":true}`: true} {
		p, err := d.Plan(t.Context(), h, operation.Info{Input: json.RawMessage(input)})
		require.NoError(t, err)
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestWorkflowEnvironment()
		env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{Panics()}})
		env.RegisterActivityWithOptions(func(context.Context, contract.ExecuteInput) (contract.ExecuteResult, error) {
			return contract.ExecuteResult{Done: true}, nil
		}, activity.RegisterOptions{Name: contract.ActivityExecute})
		env.ExecuteWorkflow(func(ctx workflow.Context) error {
			ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
			in := contract.ExecuteInput{RunID: "r1", Cursor: p.Cursor}
			return workflow.ExecuteActivity(ctx, contract.ActivityExecute, in).Get(ctx, nil)
		})
		require.Equal(t, panics, env.GetWorkflowError() != nil, input)
		if panics {
			require.ErrorContains(t, env.GetWorkflowError(), "asked to panic")
		}
	}
}
