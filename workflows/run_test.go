package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows"
	"github.com/opstruth/opstruth/workflows/contract"
)

// engine plays the activities of a run: each is replaced where a test cares.
type engine struct {
	*testsuite.TestWorkflowEnvironment

	begin   func(contract.StepInput) (contract.BeginResult, error)
	execute func(context.Context, contract.ExecuteInput) (contract.ExecuteResult, error)
	finish  func() error
	record  func(attempt int, in contract.EndInput) (contract.EndResult, error)

	calls   []string
	chunks  []contract.ExecuteInput
	waits   []contract.WaitInput
	records []contract.EndInput
	results []json.RawMessage // of wrapped workflows
}

// unhurried lets workflow code and activities take the time that a busy machine takes: the SDK's own limits of a second
// and three are of the real clock.
func unhurried(env *testsuite.TestWorkflowEnvironment, interceptors ...interceptor.WorkerInterceptor) {
	env.SetTestTimeout(5 * time.Minute)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: 5 * time.Minute, Interceptors: interceptors})
}

func setup(t *testing.T, defs ...operation.Definition) *engine {
	t.Helper()
	types, err := operation.NewRegistry(lifecycle.DefaultPolicy(), lifecycle.NewTiming(5*time.Second, 5*time.Second), defs...)
	require.NoError(t, err)
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	e := &engine{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(),
		begin:                   func(contract.StepInput) (b contract.BeginResult, err error) { return b, nil },
		execute: func(context.Context, contract.ExecuteInput) (contract.ExecuteResult, error) {
			return contract.ExecuteResult{Done: true}, nil
		},
		finish: func() error { return nil },
		record: func(_ int, in contract.EndInput) (contract.EndResult, error) {
			if in.Outcome == "" {
				in.Outcome = lifecycle.Succeeded
			}
			return contract.EndResult{Outcome: in.Outcome, Failure: in.Failure}, nil
		},
	}
	register := func(name string, f any) {
		e.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
	register(contract.ActivityBegin, func(_ context.Context, in contract.StepInput) (contract.BeginResult, error) {
		e.calls = append(e.calls, "begin")
		return e.begin(in)
	})
	register(contract.ActivityPlan, func(context.Context, contract.StepInput) (contract.PlanResult, error) {
		e.calls = append(e.calls, "plan")
		return contract.PlanResult{Cursor: "first"}, nil
	})
	register(contract.ActivityExecute, func(ctx context.Context, in contract.ExecuteInput) (contract.ExecuteResult, error) {
		e.calls, e.chunks = append(e.calls, "execute"), append(e.chunks, in)
		return e.execute(ctx, in)
	})
	register(contract.ActivityFinish, func(_ context.Context, in contract.StepInput) error {
		e.calls, e.results = append(e.calls, "finish"), append(e.results, in.Result)
		return e.finish()
	})
	register(contract.ActivityRecordWait, func(_ context.Context, in contract.WaitInput) error {
		e.waits = append(e.waits, in)
		return nil
	})
	register(contract.ActivityEndWait, func(_ context.Context, in contract.WaitInput) error {
		e.waits = append(e.waits, in)
		return nil
	})
	register(contract.ActivityRecordEnd, func(_ context.Context, in contract.EndInput) (contract.EndResult, error) {
		e.records = append(e.records, in)
		return e.record(len(e.records), in)
	})
	workflows.RegisterRun(e, types)
	unhurried(e.TestWorkflowEnvironment)
	return e
}

func (e *engine) run(t *testing.T, in contract.RunInput) (contract.RunResult, error) {
	t.Helper()
	e.ExecuteWorkflow(contract.RunWorkflow, in)
	require.True(t, e.IsWorkflowCompleted())
	if err := e.GetWorkflowError(); err != nil {
		return contract.RunResult{}, err
	}
	var result contract.RunResult
	require.NoError(t, e.GetWorkflowResult(&result))
	return result, nil
}

func input() contract.RunInput {
	return contract.NewRunInput("r1", "test.work", lifecycle.DefaultPolicy(), lifecycle.NewTiming(5*time.Second, 5*time.Second))
}

func (e *engine) asked(t *testing.T) contract.LifecycleAnswer {
	t.Helper()
	value, err := e.QueryWorkflow(contract.LifecycleQuery)
	require.NoError(t, err)
	var answer contract.LifecycleAnswer
	require.NoError(t, value.Get(&answer))
	return answer
}

func TestARunGoesThroughItsStepsAndRecordsItsEnd(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.execute = func(_ context.Context, in contract.ExecuteInput) (contract.ExecuteResult, error) {
		return contract.ExecuteResult{Cursor: in.Cursor + "+", Done: in.Cursor == "first++"}, nil
	}

	result, err := e.run(t, input())

	require.NoError(t, err)
	require.Equal(t, lifecycle.Succeeded, result.Outcome)
	require.Equal(t, []string{"begin", "plan", "execute", "execute", "execute", "finish"}, e.calls)
	require.Len(t, e.records, 1)
	require.Empty(t, e.records[0].Outcome, "the items decide")
	require.NotEmpty(t, e.records[0].Token)
	answer := e.asked(t)
	require.Equal(t, lifecycle.Completed, answer.Status)
	require.Equal(t, lifecycle.Succeeded, answer.Outcome)
}

func TestAStepThatItsTypeDoesNotHaveIsNone(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.begin = func(contract.StepInput) (contract.BeginResult, error) {
		return contract.BeginResult{NoPlan: true, NoFinish: true}, nil
	}
	result, err := e.run(t, input())
	require.NoError(t, err)
	require.Equal(t, lifecycle.Succeeded, result.Outcome)
	require.Equal(t, []string{"begin", "execute"}, e.calls)
	require.Empty(t, e.chunks[0].Cursor)
}

func TestTheQueryAnswersBeforeAnythingBlocks(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.begin = func(contract.StepInput) (contract.BeginResult, error) {
		answer := e.asked(t)
		require.Equal(t, lifecycle.Queued, answer.Status)
		require.Equal(t, lifecycle.Pending, answer.Outcome)
		require.Equal(t, contract.ActivityBegin, answer.Step)
		return contract.BeginResult{}, nil
	}
	_, err := e.run(t, input())
	require.NoError(t, err)
}

func TestARunThatHasEndedIsLeftAlone(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.begin = func(contract.StepInput) (contract.BeginResult, error) {
		return contract.BeginResult{Ended: lifecycle.PartiallySucceeded}, nil
	}
	result, err := e.run(t, input())
	require.NoError(t, err)
	require.Equal(t, lifecycle.PartiallySucceeded, result.Outcome)
	require.Equal(t, []string{"begin"}, e.calls)
	require.Empty(t, e.records)
}

func TestACancelThatCameBeforeTheBeginStopsTheRunThere(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.begin = func(contract.StepInput) (contract.BeginResult, error) {
		return contract.BeginResult{Cancelled: true}, nil
	}
	_, err := e.run(t, input())
	require.True(t, temporal.IsCanceledError(err), "%v", err)
	require.Equal(t, []string{"begin"}, e.calls)
	require.Equal(t, lifecycle.Cancelled, e.records[0].Outcome)
}

func TestFailuresDecideTheOutcome(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err     error
		outcome lifecycle.Outcome
		failure lifecycle.Failure
	}{
		"blocked": {
			temporal.NewNonRetryableApplicationError("ask for consent", contract.ErrorBlocked, nil, "blocked"),
			lifecycle.Blocked, lifecycle.Failure{Code: "blocked", Message: "ask for consent"},
		},
		"failed": {
			temporal.NewNonRetryableApplicationError("disk is gone", contract.ErrorFailed, errors.New("cause"), "disk"),
			lifecycle.Failed, lifecycle.Failure{Code: "disk", Message: "disk is gone"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := setup(t)
			e.execute = func(context.Context, contract.ExecuteInput) (r contract.ExecuteResult, err error) { return r, c.err }
			_, err := e.run(t, input())
			require.Equal(t, c.outcome == lifecycle.Failed, err != nil, "Temporal tells the same end")
			require.Len(t, e.chunks, 1)
			require.Equal(t, c.outcome, e.records[0].Outcome)
			require.Equal(t, c.failure, e.records[0].Failure)
			require.NotContains(t, e.calls, "finish")
		})
	}
}

// The test environment gives up at the tenth attempt; Temporal never does.
func TestOtherErrorsAreRetriedForAsLongAsItTakes(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.execute = func(context.Context, contract.ExecuteInput) (r contract.ExecuteResult, err error) {
		if len(e.chunks) < 9 {
			return r, errors.New("connection refused")
		}
		return contract.ExecuteResult{Done: true}, nil
	}
	started := e.Now()
	_, err := e.run(t, input())
	require.NoError(t, err)
	require.Len(t, e.chunks, 9)
	require.Less(t, e.Now().Sub(started), 4*time.Minute, "the pause is capped")
}

func TestTheEndIsRecordedUntilItLands(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.record = func(attempt int, _ contract.EndInput) (r contract.EndResult, err error) {
		if attempt < 9 {
			return r, errors.New("database is away")
		}
		return contract.EndResult{Outcome: lifecycle.Succeeded}, nil
	}
	e.RegisterDelayedCallback(e.CancelWorkflow, 20*time.Second) // while the record is away
	result, err := e.run(t, input())
	require.NoError(t, err)
	require.Equal(t, lifecycle.Succeeded, result.Outcome)
	require.Len(t, e.records, 9)
	for _, r := range e.records {
		require.Equal(t, e.records[0].Token, r.Token)
	}
}

func TestTheRecordHasTheLastWordOnTheOutcome(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.record = func(int, contract.EndInput) (contract.EndResult, error) {
		return contract.EndResult{Outcome: lifecycle.Cancelled, Late: true}, nil
	}
	_, err := e.run(t, input())
	require.True(t, temporal.IsCanceledError(err))
}

func TestACancelReachesTheStepAndWhatItDidIsRecorded(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.execute = func(ctx context.Context, _ contract.ExecuteInput) (r contract.ExecuteResult, err error) {
		e.CancelWorkflow()
		activity.RecordHeartbeat(ctx)
		<-ctx.Done()
		return r, temporal.NewCanceledError()
	}
	_, err := e.run(t, input())
	require.True(t, temporal.IsCanceledError(err))
	require.Equal(t, lifecycle.Cancelled, e.records[0].Outcome)
	require.NotContains(t, e.calls, "finish")
}

func TestACancelInTheRecordStopsARunBetweenItsChunks(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.execute = func(context.Context, contract.ExecuteInput) (contract.ExecuteResult, error) {
		return contract.ExecuteResult{Cancelled: true}, nil
	}
	_, err := e.run(t, input())
	require.True(t, temporal.IsCanceledError(err))
	require.Equal(t, lifecycle.Cancelled, e.records[0].Outcome)
}

func TestALongRunContinuesAsNewWithItsCursorOnly(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.execute = func(context.Context, contract.ExecuteInput) (contract.ExecuteResult, error) {
		if len(e.chunks) == 3 {
			e.SetContinueAsNewSuggested(true)
		}
		return contract.ExecuteResult{Cursor: "next"}, nil
	}
	e.RegisterDelayedCallback(func() { e.SignalWorkflow(contract.WakeSignal, nil) }, 0)
	_, err := e.run(t, input())

	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, err, &again)
	require.Equal(t, contract.RunWorkflow, again.WorkflowType.Name)
	require.Empty(t, e.records)

	next := input()
	next.Planned, next.Cursor, next.Woken = true, "next", true
	second := setup(t)
	_, err = second.run(t, next)
	require.NoError(t, err)
	require.Equal(t, []string{"begin", "execute", "finish"}, second.calls)
	require.Equal(t, []contract.ExecuteInput{{RunID: "r1", Cursor: "next", Woken: true}}, second.chunks)
}

func TestARunGoesOnAsNewBeforeItsHistoryIsLong(t *testing.T) {
	t.Parallel()
	for events, again := range map[int]bool{1400: false, 1500: true} {
		e := setup(t)
		e.execute = func(context.Context, contract.ExecuteInput) (contract.ExecuteResult, error) {
			e.SetCurrentHistoryLength(events)
			return contract.ExecuteResult{Cursor: "next", Done: len(e.chunks) == 3}, nil
		}
		_, err := e.run(t, input())
		var continued *workflow.ContinueAsNewError
		require.Equal(t, again, errors.As(err, &continued), "after %d events", events)
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	waiting := func(signal bool) (*engine, contract.Wait) {
		e := setup(t)
		w := contract.Wait{For: time.Hour, Signal: signal, Reason: "an approval"}
		e.execute = func(context.Context, contract.ExecuteInput) (contract.ExecuteResult, error) {
			if len(e.chunks) == 1 {
				return contract.ExecuteResult{Cursor: "after", Wait: &w}, nil
			}
			return contract.ExecuteResult{Done: true}, nil
		}
		return e, w
	}

	t.Run("end by their time", func(t *testing.T) {
		t.Parallel()
		e, w := waiting(false)
		e.RegisterDelayedCallback(func() {
			e.SignalWorkflow(contract.WakeSignal, nil) // nobody awaits it
			require.Equal(t, &w, e.asked(t).Wait)
		}, 30*time.Minute)
		started := e.Now()
		_, err := e.run(t, input())
		require.NoError(t, err)
		require.GreaterOrEqual(t, e.Now().Sub(started), time.Hour)
		require.Len(t, e.waits, 2)
		require.Equal(t, w, e.waits[0].Wait)
		require.NotEmpty(t, e.waits[0].WaitID)
		require.Equal(t, e.waits[0].WaitID, e.waits[1].WaitID)
		require.Equal(t, contract.ExecuteInput{RunID: "r1", Cursor: "after"}, e.chunks[1])
		require.Nil(t, e.asked(t).Wait)
	})
	t.Run("end by a wake", func(t *testing.T) {
		t.Parallel()
		e, _ := waiting(true)
		e.RegisterDelayedCallback(func() { e.SignalWorkflow(contract.WakeSignal, nil) }, 10*time.Minute)
		started := e.Now()
		_, err := e.run(t, input())
		require.NoError(t, err)
		require.Less(t, e.Now().Sub(started), time.Hour)
		require.True(t, e.chunks[1].Woken)
	})
	t.Run("end by a cancel", func(t *testing.T) {
		t.Parallel()
		e, _ := waiting(true)
		e.RegisterDelayedCallback(e.CancelWorkflow, 10*time.Minute)
		_, err := e.run(t, input())
		require.True(t, temporal.IsCanceledError(err))
		require.Equal(t, lifecycle.Cancelled, e.records[0].Outcome)
		require.Len(t, e.chunks, 1)
	})
}

func TestARunThatHadEndedAsksHowAndReportsNothingLate(t *testing.T) {
	t.Parallel()
	e := setup(t) // as after a reset of a run that had ended
	e.execute = func(context.Context, contract.ExecuteInput) (r contract.ExecuteResult, err error) {
		return r, temporal.NewNonRetryableApplicationError("had ended", contract.ErrorEnded, nil)
	}
	e.record = func(int, contract.EndInput) (contract.EndResult, error) {
		return contract.EndResult{Outcome: lifecycle.Succeeded, Late: true}, nil
	}
	result, err := e.run(t, input())
	require.NoError(t, err)
	require.Equal(t, lifecycle.Succeeded, result.Outcome)
	require.Len(t, e.records, 1)
	require.True(t, e.records[0].Ended)
}
