package activities

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// slow is a Temporal whose matching takes its time.
type slow struct {
	answers

	describes, takes time.Duration
}

func (s *slow) DescribeWorkflowExecution(ctx context.Context, id, run string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	select {
	case <-time.After(s.describes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.answers.DescribeWorkflowExecution(ctx, id, run)
}

func (s *slow) DescribeTaskQueue(ctx context.Context, queue string, kind enumspb.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.answers.DescribeTaskQueue(ctx, queue, kind)
}

// A verdict's moment is the end of the observation, so a sign's age must be of that moment too: else it looks newer than
// it is by as long as Temporal took to answer.
func TestASignGrowsOlderWhileTheQueueIsDescribed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		temporal := &slow{takes: time.Second, answers: answers{description: described(wfRunning, activityInfo(started,
			func(a *workflowpb.PendingActivityInfo) { a.LastHeartbeatTime = ago(10 * time.Second) }))}}
		e := newObserver(temporal, rightHome, clockAt(temporalNow), liveWorkers{}).observe(t.Context(), rightRun, time.Minute)
		require.Equal(t, lifecycle.Answered, e.Answer)
		require.Equal(t, 12*time.Second, e.HeartbeatAge)
	})
}

func TestOneObservationEndsBeforeItsStepIsTakenForLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		temporal := &slow{describes: 2900 * time.Millisecond, takes: time.Minute, answers: answers{description: described(wfRunning)}}
		e := newObserver(temporal, rightHome, clockAt(temporalNow), liveWorkers{}).observe(t.Context(), rightRun, time.Minute)
		require.Equal(t, lifecycle.Unreachable, e.Answer)
		require.Less(t, time.Since(began), 5*time.Second, "a pass's steps have to beat every 5 s")
	})
}

// listing is a Temporal that is asked for closed workflows.
type listing struct {
	Cluster

	query string
}

func (l *listing) ListWorkflow(_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	l.query = r.GetQuery()
	return nil, serviceerror.NewUnavailable("enough")
}

// After a long downtime every active run is verified anyway: a list of all that closed meanwhile could take a pass longer
// than it has, every time.
func TestALongDowntimeIsNotListed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ away, want time.Duration }{
		"the pass before":   {away: 5 * time.Second, want: 5*time.Second + overlap},
		"a weekend":         {away: 60 * time.Hour, want: 5*time.Minute + overlap},
		"never looked":      {want: overlap},
		"a clock set ahead": {away: -time.Hour, want: overlap},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				temporal := &listing{}
				l := lookAt(recordNow)
				l.observer = newObserver(temporal, rightHome, clockAt(temporalNow), liveWorkers{})
				if c.away != 0 {
					l.state.ClosedUpTo = temporalNow.Add(-c.away)
				}
				_, err := (&Reconciler{Cluster: temporal, Logger: slog.New(slog.DiscardHandler)}).nominate(t.Context(), l)
				require.NoError(t, err)
				require.Contains(t, temporal.query, "CloseTime >= '"+temporalNow.Add(-c.want).Format(time.RFC3339Nano)+"'")
			})
		})
	}
}

// A workflow that is gone for longer than Temporal keeps one proves no loss, but a person who gives the run up must be
// able to end it: nothing else ever would.
func TestACancelEndsARunWhoseWorkflowIsLongGone(t *testing.T) {
	t.Parallel()
	facts := lifecycle.Facts{
		DispatchedAt: recordNow.Add(-200 * time.Hour),
		Cancel:       lifecycle.CancelRequest{At: recordNow.Add(-time.Minute), ForcedAt: recordNow.Add(-30 * time.Second)},
	}
	gone := lifecycle.Evidence{Answer: lifecycle.NotFound}
	unknown := lifecycle.Verdict{Action: lifecycle.Unknown, Cause: lifecycle.Unverified}
	cause, ok := sight{run: models.Run{Facts: facts}, e: gone, v: unknown, at: recordNow}.wants()
	require.True(t, ok)
	require.Equal(t, lifecycle.NoCause, cause)

	facts.Cancel.ForcedAt = recordNow.Add(time.Second)
	_, ok = sight{run: models.Run{Facts: facts}, e: gone, v: unknown, at: recordNow}.wants()
	require.False(t, ok, "within its grace")
}

func TestEndsByTheReconcilerAreMeasured(t *testing.T) {
	t.Parallel()
	store := modelstest.New(t)
	run := modelstest.Running(t, store, modelstest.Seed(t, store).NewRun())
	got := &counted{}
	r := &Reconciler{Record: store, Measure: got, Logger: slog.New(slog.DiscardHandler)}
	for range 2 { // once, however often it is adopted
		require.NoError(t, r.adopt(t.Context(), run, lifecycle.Evidence{RunID: "t"}, lifecycle.Verdict{Outcome: lifecycle.Failed}))
	}
	require.Equal(t, []lifecycle.Outcome{lifecycle.Failed}, got.ended)
}
