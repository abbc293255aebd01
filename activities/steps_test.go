package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/opstruth/opstruth/activities"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

type work struct {
	N int `json:"n"`
}

// steps are the activities of a run over a record store of its own.
type steps struct {
	t        *testing.T
	store    *models.Store
	world    modelstest.World
	run      models.Run
	options  worker.Options
	stopping chan struct{}
	beats    chan *contract.Held
	ended    []lifecycle.Outcome
	late     int
	kind     operation.Type[work]
	batch    time.Duration
	earlier  *contract.Reached // what an attempt before had told

	mu   sync.Mutex
	told []told
}

// told is what a beat said of how far the step had come, and what was recorded then.
type told struct {
	contract.Reached
	recorded int64
}

func (s *steps) hear(r contract.Reached) {
	recorded := s.facts().Counts.Processed
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, told{r, recorded})
}

// awaitTold waits until a beat has told of so many chunks.
func (s *steps) awaitTold(chunks int) {
	require.Eventually(s.t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return chunks == 0 || len(s.told) > 0 && s.told[len(s.told)-1].Chunks >= chunks
	}, time.Minute, time.Millisecond)
}

func setupSteps(t *testing.T) *steps {
	t.Helper()
	s := &steps{t: t, store: modelstest.New(t), stopping: make(chan struct{}), beats: make(chan *contract.Held, 100)}
	s.world = modelstest.Seed(t, s.store)
	s.run = modelstest.Queued(t, s.store, s.world.NewRun(func(n *models.NewRun) { n.Type, n.Input = "test.work", []byte(`{"n":3}`) }))
	s.kind = operation.Type[work]{
		Name: "test.work", Title: "Work",
		Do: func(_ context.Context, run *operation.Run[work], _ string) (operation.Next, error) {
			for i := range run.Input.N {
				run.Succeeded(strconv.Itoa(i))
			}
			return operation.Done(), nil
		},
	}
	return s
}

func (s *steps) RunEnded(_ string, o lifecycle.Outcome, _ time.Duration) {
	s.ended = append(s.ended, o)
}
func (s *steps) LateResult() { s.late++ }

// rooted gives the attempts a context that the returned function cancels.
func (s *steps) rooted() context.CancelCauseFunc {
	ctx, cancel := context.WithCancelCause(s.t.Context())
	s.options = worker.Options{BackgroundActivityContext: ctx}
	return cancel
}

// call executes one attempt of an activity.
func (s *steps) call(name string, in, out any) error {
	s.t.Helper()
	timing := lifecycle.NewTiming(20*time.Millisecond, time.Second)
	types, err := operation.NewRegistry(lifecycle.DefaultPolicy(), timing, operation.Define(s.kind))
	require.NoError(s.t, err)
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	options := s.options
	options.Interceptors = []interceptor.WorkerInterceptor{&listening{beats: s.beats, reached: s.hear}}
	if s.earlier != nil {
		env.SetHeartbeatDetails(*s.earlier)
	}
	env.SetWorkerOptions(options)
	env.SetWorkerStopChannel(s.stopping)
	(&activities.Steps{
		Record: s.store, Types: types, Timing: timing, Measure: s, Logger: slog.New(slog.DiscardHandler), Batch: s.batch,
	}).Register(env)
	value, err := env.ExecuteActivity(name, in)
	if err == nil && out != nil {
		require.NoError(s.t, value.Get(out))
	}
	return err
}

func (s *steps) begin() (b contract.BeginResult, err error) {
	err = s.call(contract.ActivityBegin, contract.StepInput{RunID: s.run.ID}, &b)
	return b, err
}

func (s *steps) execute(cursor string) (r contract.ExecuteResult, err error) {
	err = s.call(contract.ActivityExecute, contract.ExecuteInput{RunID: s.run.ID, Cursor: cursor}, &r)
	return r, err
}

func (s *steps) end(in contract.EndInput) (r contract.EndResult, err error) {
	in.RunID = s.run.ID
	err = s.call(contract.ActivityRecordEnd, in, &r)
	return r, err
}

func (s *steps) facts() lifecycle.Facts {
	s.t.Helper()
	run, _, err := s.store.Run(s.t.Context(), models.Engine(), s.run.ID)
	require.NoError(s.t, err)
	return run.Facts
}

func (s *steps) change(c lifecycle.Change) {
	s.t.Helper()
	_, err := s.store.Transition(s.t.Context(), s.run.ID, c)
	require.NoError(s.t, err)
}

// listening hears the heartbeats before the SDK throttles them, as a worker's interceptor does.
type listening struct {
	interceptor.WorkerInterceptorBase

	beats   chan *contract.Held
	reached func(contract.Reached)
}

func (l *listening) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	i := &inbound{listening: l}
	i.Next = next
	return i
}

type inbound struct {
	interceptor.ActivityInboundInterceptorBase

	*listening
}

func (i *inbound) Init(next interceptor.ActivityOutboundInterceptor) error {
	o := &outbound{listening: i.listening}
	o.Next = next
	return i.Next.Init(o)
}

type outbound struct {
	interceptor.ActivityOutboundInterceptorBase

	*listening
}

func (o *outbound) RecordHeartbeat(ctx context.Context, details ...any) {
	var held *contract.Held
	for _, d := range details {
		switch d := d.(type) {
		case contract.Held:
			held = &d
		case contract.Reached:
			o.reached(d)
		}
	}
	select {
	case o.beats <- held:
	default: // nobody listens in this test
	}
	o.Next.RecordHeartbeat(ctx, details...)
}

// requireType checks the type of the application error, that it ends the run,
// and a part of what it says.
func requireType(t *testing.T, err error, want, says string) {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, want, app.Type())
	require.True(t, app.NonRetryable())
	require.Contains(t, app.Message(), says)
}

func TestBeginRecordsThatARunIsWorkedOn(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	for range 2 { // also when it is tried again
		b, err := s.begin()
		require.NoError(t, err)
		require.Equal(t, contract.BeginResult{NoPlan: true, NoFinish: true}, b)
		require.Equal(t, lifecycle.Running, s.facts().Status)
	}
	s.kind.Plan = func(context.Context, *operation.Run[work]) (operation.Plan, error) { return operation.Plan{}, nil }
	s.kind.Finish = func(context.Context, *operation.Run[work]) error { return nil }
	b, err := s.begin()
	require.NoError(t, err)
	require.Equal(t, contract.BeginResult{}, b)
}

func TestBeginStopsBeforeWork(t *testing.T) {
	t.Parallel()
	t.Run("where a cancel was asked for", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		s.change(lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Olga"})
		b, err := s.begin()
		require.NoError(t, err)
		require.True(t, b.Cancelled)
		require.Equal(t, lifecycle.Queued, s.facts().Status)
	})
	t.Run("where the run has ended", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		s.run = modelstest.Finish(t, s.store, s.run, lifecycle.PartiallySucceeded)
		b, err := s.begin()
		require.NoError(t, err)
		require.Equal(t, lifecycle.PartiallySucceeded, b.Ended)
	})
	t.Run("where a precondition fails", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		s.kind.Check = func(context.Context, *operation.Run[work]) error { return operation.Blocked("Ask for consent.") }
		_, err := s.begin()
		requireType(t, err, contract.ErrorBlocked, "Ask for consent.")
	})
	t.Run("where the run has no record", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		s.run.ID = "0198c000-0000-7000-8000-000000000000"
		_, err := s.begin()
		requireType(t, err, contract.ErrorFailed, "no record")
	})
}

func TestAResumedRunIsNotCheckedAgain(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	s.kind.Check = func(context.Context, *operation.Run[work]) error { return operation.Blocked("no") }
	require.NoError(t, s.call(contract.ActivityBegin, contract.StepInput{RunID: s.run.ID, Resumed: true}, nil))
}

func TestPlanRecordsTheTotal(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	s.kind.Plan = func(_ context.Context, run *operation.Run[work]) (operation.Plan, error) {
		return operation.Plan{Total: int64(run.Input.N), Cursor: "start"}, nil
	}
	var plan contract.PlanResult
	require.NoError(t, s.call(contract.ActivityPlan, contract.StepInput{RunID: s.run.ID}, &plan))
	require.Equal(t, "start", plan.Cursor)
	require.EqualValues(t, 3, s.facts().Counts.Total)
}

// What people should know of a plan does not hang on the number of items being known.
func TestAPlanIsNotedWhateverItsTotal(t *testing.T) {
	t.Parallel()
	for _, total := range []int64{0, 3} {
		s := setupSteps(t)
		s.kind.Plan = func(context.Context, *operation.Run[work]) (operation.Plan, error) {
			return operation.Plan{Total: total, Note: "2 lines are left out"}, nil
		}
		require.NoError(t, s.call(contract.ActivityPlan, contract.StepInput{RunID: s.run.ID}, nil))
		events, _, err := s.store.Timeline(t.Context(), models.Engine(), s.run.ID, models.Page{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, lifecycle.Planned, events[0].Kind)
		var told models.EventData
		require.NoError(t, json.Unmarshal(events[0].Data, &told))
		require.Equal(t, models.EventData{Total: total, Note: "2 lines are left out"}, told)
	}
}

func TestAChunkThatIsRepeatedCountsOnce(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	for range 2 {
		r, err := s.execute("")
		require.NoError(t, err)
		require.Equal(t, contract.ExecuteResult{Done: true}, r)
	}
	require.Equal(t, lifecycle.Counts{Total: 3, Processed: 3, Succeeded: 3}, s.facts().Counts)
}

func TestHowAChunkEndsSaysHowTheRunGoesOn(t *testing.T) {
	t.Parallel()
	failing := errors.New("connection refused")
	for name, c := range map[string]struct {
		err   error
		check func(*testing.T, error)
	}{
		"a permanent error ends it": {operation.Permanent(failing), func(t *testing.T, err error) {
			t.Helper()
			requireType(t, err, contract.ErrorFailed, "connection refused")
		}},
		"any other error is tried again": {failing, func(t *testing.T, err error) {
			t.Helper()
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.False(t, app.NonRetryable())
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setupSteps(t)
			s.kind.Do = func(_ context.Context, run *operation.Run[work], _ string) (operation.Next, error) {
				run.Failed("a", "code", "message")
				return operation.Next{}, c.err
			}
			_, err := s.execute("")
			c.check(t, err)
			require.EqualValues(t, 1, s.facts().Counts.Failed, "what was done stays counted")
		})
	}
	t.Run("a wait is kept by the workflow", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		s.kind.Do = func(_ context.Context, _ *operation.Run[work], cursor string) (operation.Next, error) {
			return operation.AwaitSignal(cursor+"+", time.Hour, "approval"), nil
		}
		r, err := s.execute("a")
		require.NoError(t, err)
		require.Equal(t, contract.ExecuteResult{
			Cursor: "a+", Wait: &contract.Wait{For: time.Hour, Signal: true, Reason: "approval"},
		}, r)
	})
	t.Run("a type that this worker lacks is tried again", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		s.kind.Name = "test.other"
		_, err := s.execute("")
		require.ErrorContains(t, err, `"test.work" is not registered`)
	})
}

func TestAPanickingChunkKeepsWhatItDid(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	s.kind.Do = func(_ context.Context, run *operation.Run[work], _ string) (operation.Next, error) {
		run.Succeeded("a")
		panic("bug")
	}
	_, err := s.execute("")
	var panicked *temporal.PanicError
	require.ErrorAs(t, err, &panicked)
	require.EqualValues(t, 1, s.facts().Counts.Succeeded)
}

func TestAChunkIsInterruptedAndKeepsWhatItDid(t *testing.T) {
	t.Parallel()
	interrupt := func(t *testing.T, s *steps, by func()) error {
		t.Helper()
		s.kind.Do = func(ctx context.Context, run *operation.Run[work], _ string) (operation.Next, error) {
			run.Succeeded("a")
			by()
			<-ctx.Done()
			return operation.Next{}, ctx.Err()
		}
		_, err := s.execute("")
		require.EqualValues(t, 1, s.facts().Counts.Succeeded)
		return err
	}
	t.Run("by a cancel", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		cancel := s.rooted()
		err := interrupt(t, s, func() { cancel(temporal.NewCanceledError()) })
		require.True(t, temporal.IsCanceledError(err), "%v", err)
	})
	t.Run("by a worker that stops", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		err := interrupt(t, s, func() { close(s.stopping) })
		var app *temporal.ApplicationError
		require.ErrorAs(t, err, &app)
		require.False(t, app.NonRetryable())
		require.Less(t, app.NextRetryDelay(), time.Second, "another worker goes on at once")
	})
	t.Run("by whatever else", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		cancel := s.rooted()
		err := interrupt(t, s, func() { cancel(errors.New("activity paused")) })
		require.ErrorContains(t, err, "activity paused")
		require.False(t, temporal.IsCanceledError(err))
	})
}

func TestACancelInTheRecordStopsBetweenChunks(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	s.change(lifecycle.Change{Kind: lifecycle.Started})
	s.change(lifecycle.Change{Kind: lifecycle.CancelRequested})
	r, err := s.execute("")
	require.NoError(t, err)
	require.True(t, r.Cancelled)
	require.Zero(t, s.facts().Counts.Processed)
}

func TestWorkAfterTheEndIsDisclosedAndNotApplied(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	s.kind.Do = func(ctx context.Context, run *operation.Run[work], _ string) (operation.Next, error) {
		s.run = modelstest.Finish(t, s.store, s.run, lifecycle.Failed)
		run.Succeeded("a")
		<-ctx.Done() // the record cuts it off
		return operation.Next{}, context.Cause(ctx)
	}
	_, err := s.execute("")
	requireType(t, err, contract.ErrorEnded, "had ended")
	require.Zero(t, s.facts().Counts.Processed)
	require.False(t, s.facts().Late.At.IsZero())
	require.Equal(t, 1, s.late)

	_, err = s.execute("")
	requireType(t, err, contract.ErrorEnded, "had ended")
}

func TestAStepBeatsByItselfAndDeclaresItsHolds(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	s.kind.Do = func(ctx context.Context, run *operation.Run[work], _ string) (operation.Next, error) {
		require.Nil(t, <-s.beats)
		require.Nil(t, <-s.beats, "without any doing of the author's")
		var held *contract.Held
		for range 50 { // others may still be on their way, and a busy machine may sleep through a whole hold
			if err := run.Hold(ctx, 200*time.Millisecond, "rate limit"); err != nil {
				return operation.Next{}, err
			}
			for held == nil && len(s.beats) > 0 {
				held = <-s.beats
			}
			if held != nil {
				break
			}
		}
		require.NotNil(t, held)
		require.Equal(t, "rate limit", held.Reason)
		require.LessOrEqual(t, held.For, 200*time.Millisecond)
		for held != nil { // until a beat tells its end
			held = <-s.beats
		}
		return operation.Done(), nil
	}
	_, err := s.execute("")
	require.NoError(t, err)
}

func TestItemsShowBeforeTheirChunkEnds(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	s.kind.Do = func(ctx context.Context, run *operation.Run[work], _ string) (operation.Next, error) {
		run.Succeeded("a")
		require.Eventually(t, func() bool { return s.facts().Counts.Succeeded == 1 }, time.Minute, 5*time.Millisecond)
		return operation.Done(), run.Artifact(ctx, "result.txt", "text/plain", []byte("done"))
	}
	_, err := s.execute("")
	require.NoError(t, err)
	all, err := s.store.Artifacts(t.Context(), models.Engine(), s.run.ID)
	require.NoError(t, err)
	require.Len(t, all, 1)
}

func TestTheItemsDecideHowARunEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		total   int64
		items   []models.ItemState
		outcome lifecycle.Outcome
	}{
		"nothing to do":  {0, nil, lifecycle.Succeeded},
		"all done":       {2, []models.ItemState{models.ItemSucceeded, models.ItemSkipped}, lifecycle.Succeeded},
		"some failed":    {2, []models.ItemState{models.ItemSucceeded, models.ItemFailed}, lifecycle.PartiallySucceeded},
		"all failed":     {2, []models.ItemState{models.ItemFailed, models.ItemFailed}, lifecycle.Failed},
		"some unreached": {3, []models.ItemState{models.ItemSucceeded}, lifecycle.PartiallySucceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setupSteps(t)
			s.change(lifecycle.Change{Kind: lifecycle.Started})
			require.NoError(t, s.store.SavePlan(t.Context(), s.run.ID, c.total, ""))
			var items []models.Item
			for i, state := range c.items {
				items = append(items, models.Item{Key: strconv.Itoa(i), State: state})
			}
			require.NoError(t, s.store.RecordItems(t.Context(), s.run.ID, items))
			r, err := s.end(contract.EndInput{Token: "t"})
			require.NoError(t, err)
			require.Equal(t, c.outcome, r.Outcome)
			require.Equal(t, c.outcome, s.facts().Outcome)
			require.Equal(t, c.outcome == lifecycle.Succeeded, r.Failure == lifecycle.Failure{})
		})
	}
}

func TestTheSameTokenEndsARunOnceAndAnotherIsLate(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	s.change(lifecycle.Change{Kind: lifecycle.Started})
	first := contract.EndInput{Token: "one", Outcome: lifecycle.Failed, Failure: lifecycle.Failure{Code: "c", Message: "m"}}
	for range 2 {
		r, err := s.end(first)
		require.NoError(t, err)
		require.Equal(t, contract.EndResult{Outcome: lifecycle.Failed, Failure: first.Failure}, r)
	}
	require.Equal(t, []lifecycle.Outcome{lifecycle.Failed}, s.ended)
	require.True(t, s.facts().Late.At.IsZero())

	for range 2 {
		r, err := s.end(contract.EndInput{Token: "two", Outcome: lifecycle.Succeeded})
		require.NoError(t, err)
		require.Equal(t, contract.EndResult{Outcome: lifecycle.Failed, Failure: first.Failure, Late: true}, r)
	}
	require.Equal(t, lifecycle.Failed, s.facts().Outcome)
	require.Equal(t, "ended succeeded", s.facts().Late.Summary)
	require.Equal(t, 1, s.late)
}

func TestADurableWaitIsRecordedUntilItEnds(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	s.change(lifecycle.Change{Kind: lifecycle.Started})
	in := contract.WaitInput{RunID: s.run.ID, WaitID: "w1", Wait: contract.Wait{For: time.Hour, Reason: "window"}}
	for range 2 {
		require.NoError(t, s.call(contract.ActivityRecordWait, in, nil))
		require.Equal(t, "window", s.facts().Wait.Reason)
		require.Empty(t, s.facts().Wait.By, "the operation itself")
	}
	for range 2 {
		require.NoError(t, s.call(contract.ActivityEndWait, contract.WaitInput{RunID: s.run.ID, WaitID: "w1"}, nil))
		require.Empty(t, s.facts().Wait.Reason)
	}
	modelstest.Finish(t, s.store, s.run, lifecycle.Cancelled)
	requireType(t, s.call(contract.ActivityRecordWait, in, nil), contract.ErrorEnded, "had ended")
}

// A reset from outside makes the workflow of a run that ended go on: it does nothing, and people can read that it did.
func TestAWorkflowThatGoesOnAfterTheEndIsDisclosedOnce(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	s.change(lifecycle.Change{Kind: lifecycle.Started})
	s.change(lifecycle.Change{Kind: lifecycle.Finished, Token: "one", Outcome: lifecycle.Succeeded})
	var begun contract.BeginResult
	for range 2 {
		require.NoError(t, s.call(contract.ActivityBegin, contract.StepInput{RunID: s.run.ID}, &begun))
		require.Equal(t, lifecycle.Succeeded, begun.Ended)
		r, err := s.end(contract.EndInput{Token: "two", Outcome: lifecycle.Failed, Ended: true})
		require.NoError(t, err)
		require.Equal(t, contract.EndResult{Outcome: lifecycle.Succeeded, Late: true}, r)
	}
	require.Contains(t, s.facts().Late.Summary, "it did no work")
	require.Equal(t, 1, s.late)
}
