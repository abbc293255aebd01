package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows"
	"github.com/opstruth/opstruth/workflows/contract"
)

// greeting is what somebody's workflow takes; it knows nothing of opstruth.
type greeting struct {
	Name string `json:"name"`
}

// wrapping is an engine whose type wraps a workflow.
func wrapping(t *testing.T, workflowFunc any, w operation.Wrapping, fields ...operation.Field) *engine {
	t.Helper()
	kind := operation.Type[map[string]any]{Name: "test.work", Title: "Work", Fields: fields}
	e := setup(t, operation.Wrap(kind, workflowFunc, w))
	unhurried(e.TestWorkflowEnvironment, workflows.Interceptor())
	e.begin = func(in contract.StepInput) (contract.BeginResult, error) {
		begun := contract.BeginResult{Wrapped: &contract.Wrapped{MayIdle: w.MayIdle}}
		if !in.Resumed {
			begun.Wrapped.Input = []byte(`{"name":"Ada","times":2}`)
		}
		return begun, nil
	}
	e.RegisterActivityWithOptions(func(_ context.Context, name string) (string, error) {
		if name == "nobody" {
			return "", temporal.NewNonRetryableApplicationError("nobody is there", "NobodyError", nil)
		}
		return "Hello " + name, nil
	}, activity.RegisterOptions{Name: "greet"})
	return e
}

func greet(ctx workflow.Context, name string) (said string, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Hour})
	err = workflow.ExecuteActivity(ctx, "greet", name).Get(ctx, &said)
	return said, err
}

// declared are the waits that were declared, and those that were ended.
func (e *engine) declared() (reasons []string, lasts []time.Duration, ended int) {
	for _, w := range e.waits {
		if w.Wait.For == 0 {
			ended++
			continue
		}
		reasons, lasts = append(reasons, w.Wait.Reason), append(lasts, w.Wait.For)
	}
	return reasons, lasts, ended
}

func TestAWrappedWorkflowRunsUnchangedInsideItsRun(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]any{
		"the whole input": func(ctx workflow.Context, g greeting) (string, error) { return greet(ctx, g.Name) },
		"field by field": func(ctx workflow.Context, name string, times int) (string, error) {
			if times != 2 {
				return "", errors.New("times is lost")
			}
			return greet(ctx, name)
		},
		"no argument": func(ctx workflow.Context) (string, error) { return greet(ctx, "Ada") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := wrapping(t, f, operation.Wrapping{}, operation.Field{Name: "name"}, operation.Field{Name: "times"})
			result, err := e.run(t, input())
			require.NoError(t, err)
			require.Equal(t, lifecycle.Succeeded, result.Outcome)
			require.Equal(t, []string{"begin", "finish"}, e.calls)
			require.JSONEq(t, `"Hello Ada"`, string(e.results[0]))
			require.Empty(t, e.records[0].Outcome, "its items decide, if it reported some")
			require.Empty(t, e.waits)
		})
	}
}

func TestAWrappedWorkflowsErrorIsTheRunsFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		f       any
		outcome lifecycle.Outcome
		failure lifecycle.Failure
	}{
		"an error": {
			func(workflow.Context) error { return errors.New("disk is gone") },
			lifecycle.Failed, lifecycle.Failure{Code: "operation_failed", Message: "disk is gone"},
		},
		"an activity's error": {
			func(ctx workflow.Context) error { _, err := greet(ctx, "nobody"); return err },
			lifecycle.Failed, lifecycle.Failure{Code: "NobodyError", Message: "nobody is there"},
		},
		"a timeout": {
			func(ctx workflow.Context) error {
				ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
					StartToCloseTimeout: time.Second, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
				})
				return workflow.ExecuteActivity(ctx, "slow").Get(ctx, nil)
			},
			lifecycle.Failed, lifecycle.Failure{Code: "timed_out", Message: "activity slow timed out (StartToClose)"},
		},
		"a precondition": {
			func(workflow.Context) error {
				return temporal.NewNonRetryableApplicationError("ask for consent", contract.ErrorBlocked, nil, "blocked")
			},
			lifecycle.Blocked, lifecycle.Failure{Code: "blocked", Message: "ask for consent"},
		},
		"a cancel of its own": {
			func(workflow.Context) error { return temporal.NewCanceledError() }, lifecycle.Cancelled, lifecycle.Failure{},
		},
		"another workflow to continue as": {
			func(ctx workflow.Context) error { return workflow.NewContinueAsNewError(ctx, "Other") },
			lifecycle.Failed, lifecycle.Failure{Code: "operation_failed", Message: `the workflow continues as "Other", but only "func4" is wrapped`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := wrapping(t, c.f, operation.Wrapping{})
			e.RegisterActivityWithOptions(func(context.Context) error {
				return temporal.NewTimeoutError(1, nil) // start to close
			}, activity.RegisterOptions{Name: "slow"})
			_, _ = e.run(t, input())
			require.Len(t, e.records, 1)
			require.Equal(t, c.outcome, e.records[0].Outcome)
			if name == "another workflow to continue as" {
				require.Contains(t, e.records[0].Failure.Message, `continues as "Other"`)
				return
			}
			require.Equal(t, c.failure, e.records[0].Failure)
			require.NotContains(t, e.calls, "finish")
		})
	}
}

func TestACancelReachesAWrappedWorkflowWhichMayCleanUp(t *testing.T) {
	t.Parallel()
	cleaned := false
	e := wrapping(t, func(ctx workflow.Context) error {
		err := workflow.Sleep(ctx, time.Hour)
		apart, _ := workflow.NewDisconnectedContext(ctx)
		if _, failed := greet(apart, "Ada"); failed == nil {
			cleaned = true
		}
		return err
	}, operation.Wrapping{})
	e.RegisterDelayedCallback(e.CancelWorkflow, time.Minute)
	_, err := e.run(t, input())
	require.True(t, temporal.IsCanceledError(err))
	require.True(t, cleaned)
	require.Equal(t, lifecycle.Cancelled, e.records[0].Outcome)
}

func TestAWrappedWorkflowThatFinishesDespiteACancelHasFinished(t *testing.T) {
	t.Parallel()
	e := wrapping(t, func(ctx workflow.Context) error {
		_ = workflow.Sleep(ctx, time.Hour)
		return nil
	}, operation.Wrapping{})
	e.RegisterDelayedCallback(e.CancelWorkflow, time.Minute)
	_, _ = e.run(t, input())
	require.Empty(t, e.records[0].Outcome, "the items decide")
}

func counted(ctx workflow.Context, n int, name string) (string, error) {
	if n < 3 {
		return "", workflow.NewContinueAsNewError(ctx, counted, n+1, name)
	}
	return name, nil
}

func decode(p *commonpb.Payloads, into any) error {
	return converter.GetDefaultDataConverter().FromPayloads(p, into)
}

func TestAWrappedWorkflowContinuesAsNewWithItsArguments(t *testing.T) {
	t.Parallel()
	next, carried := input(), 0
	for {
		e := wrapping(t, counted, operation.Wrapping{}, operation.Field{Name: "times"}, operation.Field{Name: "name"})
		_, err := e.run(t, next)
		var again *workflow.ContinueAsNewError
		if !errors.As(err, &again) {
			require.NoError(t, err)
			require.JSONEq(t, `"Ada"`, string(e.results[0]))
			break
		}
		require.Equal(t, contract.RunWorkflow, again.WorkflowType.Name)
		require.Empty(t, e.records)
		next = contract.RunInput{}
		require.NoError(t, decode(again.Input, &next))
		require.True(t, next.Planned)
		carried++
	}
	require.Equal(t, 1, carried)
}

func TestWaitsOfAWrappedWorkflowAreDeclared(t *testing.T) {
	t.Parallel()
	signalled := func(ctx workflow.Context) { workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil) }
	for name, c := range map[string]struct {
		f       func(workflow.Context) error
		mayIdle time.Duration
		reasons []string
		lasts   []time.Duration
		ended   int
	}{
		"a sleep": {
			f:       func(ctx workflow.Context) error { return workflow.Sleep(ctx, 24*time.Hour) },
			reasons: []string{"a timer of its workflow"}, lasts: []time.Duration{24 * time.Hour},
		},
		"a timer's own words": {
			f: func(ctx workflow.Context) error {
				return workflow.NewTimerWithOptions(ctx, time.Hour, workflow.TimerOptions{Summary: "until the window opens"}).Get(ctx, nil)
			},
			reasons: []string{"until the window opens"}, lasts: []time.Duration{time.Hour},
		},
		"a short sleep needs none": {
			f: func(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Second) },
		},
		"many short ones do": {
			f: func(ctx workflow.Context) error {
				for range 4 {
					if err := workflow.Sleep(ctx, 5*time.Second); err != nil {
						return err
					}
				}
				return nil
			},
			reasons: []string{"a timer of its workflow", "a timer of its workflow", "a timer of its workflow"},
			lasts:   []time.Duration{5 * time.Second, 5 * time.Second, 5 * time.Second},
		},
		"a timeout around an activity is none": {
			f: func(ctx workflow.Context) error {
				timer := workflow.NewTimer(ctx, 24*time.Hour)
				if _, err := greet(ctx, "Ada"); err != nil {
					return err
				}
				return workflow.Await(ctx, func() bool { return !timer.IsReady() })
			},
		},
		"a wait that its author declares": {
			f: func(ctx workflow.Context) error {
				done := operation.Waiting(ctx, "an approval", time.Hour)
				signalled(ctx)
				done()
				_, err := greet(ctx, "Ada")
				return err
			},
			reasons: []string{"an approval"}, lasts: []time.Duration{time.Hour}, ended: 1,
		},
		"what a child waits for, declared for it": {
			f: func(ctx workflow.Context) error {
				done := operation.Waiting(ctx, "a partner's answer", time.Hour)
				if err := workflow.ExecuteChildWorkflow(ctx, "nap").Get(ctx, nil); err != nil {
					return err
				}
				done()
				_, err := greet(ctx, "Ada")
				return err
			},
			reasons: []string{"a partner's answer"}, lasts: []time.Duration{time.Hour}, ended: 1,
		},
		"what a child waits for, and nobody declares": {
			f: func(ctx workflow.Context) error {
				_ = workflow.NewTimer(ctx, 24*time.Hour)
				return workflow.ExecuteChildWorkflow(ctx, "nap").Get(ctx, nil)
			},
			mayIdle: 2 * time.Hour,
		},
		"a wait that its type allows": {
			f:       func(ctx workflow.Context) error { signalled(ctx); return nil },
			mayIdle: 2 * time.Hour,
			reasons: []string{"a signal to its workflow"}, lasts: []time.Duration{2 * time.Hour},
		},
		"a wait that nobody declares": {
			f: func(ctx workflow.Context) error { signalled(ctx); return nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := wrapping(t, c.f, operation.Wrapping{MayIdle: c.mayIdle})
			e.RegisterWorkflowWithOptions(func(ctx workflow.Context) error { return workflow.Sleep(ctx, 30*time.Minute) },
				workflow.RegisterOptions{Name: "nap"})
			e.RegisterDelayedCallback(func() { e.SignalWorkflow("go", nil) }, 10*time.Minute)
			_, err := e.run(t, input())
			require.NoError(t, err)
			reasons, lasts, ended := e.declared()
			require.Equal(t, c.reasons, reasons)
			require.Equal(t, c.lasts, lasts)
			require.Equal(t, c.ended, ended)
			ids := map[string]bool{}
			for _, w := range e.waits {
				ids[w.WaitID] = true
			}
			require.LessOrEqual(t, len(ids), 1, "one silence is one wait")
		})
	}
}

func TestAWorkerWithoutTheWrappedWorkflowTakesNoOtherWay(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.begin = func(contract.StepInput) (contract.BeginResult, error) {
		return contract.BeginResult{Wrapped: &contract.Wrapped{}}, nil
	}
	_, err := e.run(t, input())
	var panicked *temporal.PanicError
	require.ErrorAs(t, err, &panicked)
	require.ErrorContains(t, err, "start one that has it")
	require.Empty(t, e.records)
}
