package worker

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows"
	"github.com/opstruth/opstruth/workflows/contract"
)

// unhurried is what the test environment, whose clock is the real one while an activity runs, waits for a busy machine.
const unhurried = 5 * time.Minute

// listen runs an activity under a workflow id, with the interceptor around it,
// and returns what its beats were.
func listen(t *testing.T, workflowID, name string, r *record, f func(context.Context) error) error {
	t.Helper()
	return listenAs(t, nil, workflowID, name, r, f)
}

// listenAs is listen in a workflow that was started with a header.
func listenAs(t *testing.T, header *commonpb.Header, workflowID, name string, r *record, f func(context.Context) error) error {
	t.Helper()
	return listenTo(t, header, workflowID, name, r, nil, f)
}

// listenTo is listenAs with a record of reports.
func listenTo(
	t *testing.T, header *commonpb.Header, workflowID, name string, r *record, reports operation.Reporter, f func(context.Context) error,
) error {
	t.Helper()
	timing := lifecycle.NewTiming(40*time.Millisecond, time.Second)
	b := NewBatcher(r, models.WorkerRow{ID: "w1"}, timing, &fates{seen: map[metrics.BeatResult]int{}}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	defer func() { cancel(); <-done }()

	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflowID})
	env.SetWorkerOptions(sdkworker.Options{DeadlockDetectionTimeout: unhurried, Interceptors: []interceptor.WorkerInterceptor{workflows.Interceptor(), Heartbeats(b, reports)}})
	env.SetTestTimeout(unhurried)
	env.SetHeader(header)
	env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: unhurried, HeartbeatTimeout: unhurried,
		})
		return workflow.ExecuteActivity(ctx, name).Get(ctx, nil)
	})
	return env.GetWorkflowError()
}

func TestEveryHeartbeatIsHeardWithItsAttempt(t *testing.T) {
	t.Parallel()
	r := &record{}
	heard := make(chan struct{})
	r.reject = func(b models.Beat) bool {
		if b.Held != nil {
			close(heard)
		}
		return false
	}
	err := listen(t, contract.WorkflowID("r1"), contract.ActivityExecute, r, func(ctx context.Context) error {
		activity.RecordHeartbeat(ctx)
		// The SDK holds this one back for seconds.
		activity.RecordHeartbeat(ctx, contract.Held{Reason: "rate limit", For: time.Minute})
		<-heard
		return nil
	})
	require.NoError(t, err)
	beat := r.beats()[len(r.beats())-1]
	require.Equal(t, "r1", beat.RunID)
	require.NotEmpty(t, beat.TemporalRunID)
	require.NotEmpty(t, beat.ActivityID)
	require.Equal(t, 1, beat.Attempt)
	require.GreaterOrEqual(t, beat.StartedAge, beat.Age)
	require.Equal(t, "rate limit", beat.Held.Reason)
}

func TestACutOffAttemptIsTold(t *testing.T) {
	t.Parallel()
	r := &record{reject: func(models.Beat) bool { return true }}
	err := listen(t, contract.WorkflowID("r1"), contract.ActivityExecute, r, func(ctx context.Context) error {
		activity.RecordHeartbeat(ctx)
		<-ctx.Done()
		if cause := context.Cause(ctx); !errors.Is(cause, operation.ErrCutOff) {
			return cause
		}
		return nil
	})
	require.NoError(t, err)
}

func TestActivitiesOfOtherWorkflowsAreNoneOfOurs(t *testing.T) {
	t.Parallel()
	r := &record{}
	err := listen(t, "somebody-elses", "work", r, func(ctx context.Context) error {
		activity.RecordHeartbeat(ctx)
		return nil
	})
	require.NoError(t, err)
	require.Empty(t, r.beats())
}

// Activities of wrapped workflows run side by side, and may never beat.
func TestTheActivitiesOfAWrappedWorkflowLiveTogetherForAsLongAsTheyWork(t *testing.T) {
	t.Parallel()
	r := &record{}
	beats := make(chan models.Beat, 1000)
	r.reject = func(b models.Beat) bool { beats <- b; return false }
	err := listen(t, contract.WorkflowID("r1"), "work", r, func(context.Context) error {
		for range 3 {
			<-beats // though it never beats
		}
		return nil
	})
	require.NoError(t, err)
	for _, b := range r.beats() {
		require.Equal(t, "r1", b.RunID)
		require.Equal(t, together, b.ActivityID)
		require.Equal(t, 1, b.Attempt)
	}
}

// A child workflow may be meant to go on after its parent, and so after the run. It then belongs to nobody's record.
func TestAChildWorkflowsActivityOutlivesTheRun(t *testing.T) {
	t.Parallel()
	root, err := converter.GetDefaultDataConverter().ToPayload(contract.Root{RunID: "r1", TemporalRunID: "t1"})
	require.NoError(t, err)
	header := &commonpb.Header{Fields: map[string]*commonpb.Payload{contract.RunHeader: root}}
	rejected := make(chan models.Beat, 1000)
	r := &record{reject: func(b models.Beat) bool { rejected <- b; return true }}
	err = listenAs(t, header, "a-child", "work", r, func(ctx context.Context) error {
		first := <-rejected
		require.Equal(t, "r1", first.RunID)
		require.True(t, first.Aside)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(500 * time.Millisecond): // some beats
		}
		activity.RecordHeartbeat(ctx)
		return nil
	})
	require.NoError(t, err)
	require.Less(t, len(rejected), 4, "it tells no more")
}

// reporter is a record that takes no reports any more.
type reporter struct{ err error }

func (r reporter) RecordItems(context.Context, string, []operation.Item) error { return r.err }
func (r reporter) SavePlan(context.Context, string, int64, string) error       { return r.err }

func TestOnlyAChildMayReportAfterTheEnd(t *testing.T) {
	t.Parallel()
	root, err := converter.GetDefaultDataConverter().ToPayload(contract.Root{RunID: "r1", TemporalRunID: "t1"})
	require.NoError(t, err)
	header := &commonpb.Header{Fields: map[string]*commonpb.Payload{contract.RunHeader: root}}
	away := errors.New("connection refused")
	for name, c := range map[string]struct {
		workflow    string
		says, wants error
	}{
		"a child":                      {workflow: "a-child", says: lifecycle.ErrEnded},
		"a child, and no record":       {workflow: "a-child", says: away, wants: away},
		"the run's own, of a zombie's": {workflow: contract.WorkflowID("r1"), says: lifecycle.ErrEnded, wants: lifecycle.ErrEnded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := listenTo(t, header, c.workflow, "work", &record{}, reporter{c.says}, func(ctx context.Context) error {
				for _, got := range []error{operation.ReportTotal(ctx, 2), operation.Report(ctx, operation.Item{Key: "a", State: operation.ItemSucceeded})} {
					if !errors.Is(got, c.wants) {
						return temporal.NewNonRetryableApplicationError("it reported with another error", "test", got)
					}
				}
				return nil
			})
			require.NoError(t, err)
		})
	}
}

func TestSharedAttemptsAreOneOwner(t *testing.T) {
	t.Parallel()
	r := &record{}
	b := NewBatcher(r, models.WorkerRow{}, lifecycle.NewTiming(40*time.Millisecond, time.Second), &fates{seen: map[metrics.BeatResult]int{}}, slog.New(slog.DiscardHandler))
	cut := map[string]int{}
	beat := func(activity string, began time.Time) attempt {
		a := attempt{run: "r1", temporalRun: "t1", activity: activity, number: 1, shared: true}
		b.Beat(a, began, nil, func(error) { cut[activity]++ })
		return a
	}
	long, short := beat("a", time.Now().Add(-time.Hour)), beat("b", time.Now().Add(-time.Minute))
	require.NoError(t, b.flush(t.Context()))
	require.Len(t, r.beats(), 1)
	require.InDelta(t, time.Minute.Seconds(), r.beats()[0].StartedAge.Seconds(), 5, "a wait that was declared before the last one began has ended")
	require.Empty(t, cut)

	child := attempt{run: "r1", temporalRun: "t0", activity: "c", number: 1, shared: true, aside: true}
	b.Beat(child, time.Now(), nil, func(error) { cut["c"]++ })
	beat("a", time.Now().Add(-time.Hour))
	r.set(func() { r.reject = func(beat models.Beat) bool { return beat.Aside } })
	b.mu.Lock()
	b.live[long].news = time.Now()
	b.mu.Unlock()
	require.NoError(t, b.flush(t.Context()))
	require.Len(t, r.beats(), 3, "a child is apart")
	require.Equal(t, map[string]int{"c": 1}, cut)
	b.End(child)
	delete(cut, "c")

	b.End(short)
	beat("a", time.Now().Add(-time.Hour))
	require.Equal(t, []string{"r1"}, b.Runs())
	r.set(func() { r.reject = func(models.Beat) bool { return true } })
	b.mu.Lock()
	b.live[long].news = time.Now()
	b.mu.Unlock()
	require.NoError(t, b.flush(t.Context()))
	require.Equal(t, map[string]int{"a": 1}, cut, "the run has ended")
}
