package causes

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/temporal"
	"github.com/opstruth/opstruth/workflows/contract"
)

func kinds(t *testing.T, id string) map[lifecycle.Kind]int {
	t.Helper()
	events, _, err := shared.store.Timeline(t.Context(), models.Engine(), id, models.Page{Limit: 500})
	require.NoError(t, err)
	n := map[lifecycle.Kind]int{}
	for _, e := range events {
		n[e.Kind]++
	}
	return n
}

func TestALostRunIsClosedOnceAndALateResultIsDisclosed(t *testing.T) {
	t.Parallel()

	w := shared.worker(t, "close", one)
	id := shared.start(t, "close", input{Items: 2, ItemMS: 4000, Mode: deaf})
	awaitItem(t, id)
	// The whole process stands still, as if its machine were cut off: nothing of it arrives, and it does not know.
	require.NoError(t, w.cmd.Process.Signal(syscall.SIGSTOP))

	run, now := shared.await(t, id, "closed", patience, isEnded)
	truth := run.Truth(now)
	require.Equal(t, lifecycle.NoWorkers, run.Facts.Reconciliation.Cause, shared.story(t, id))
	require.Equal(t, lifecycle.Failed, run.Facts.Outcome)
	require.Equal(t, lifecycle.ReconciledFailed, truth.Freshness)
	require.True(t, truth.StaleLineage)
	require.Positive(t, kinds(t, id)[lifecycle.WentStale], "flagged before it was closed: %v", kinds(t, id))
	require.GreaterOrEqual(t, run.Facts.CompletedAt.Sub(run.Facts.Reconciliation.SilentSince), policy().StaleAfter+time.Second)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, status(t, id))
	events := shared.client.GetWorkflowHistory(t.Context(), contract.WorkflowID(id), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT)
	event, err := events.Next()
	require.NoError(t, err)
	require.Equal(t, run.Facts.Closing.ID, event.GetWorkflowExecutionTerminatedEventAttributes().GetReason())

	require.NoError(t, w.cmd.Process.Signal(syscall.SIGCONT))
	late, _ := shared.await(t, id, "told of the late result", patience, func(r models.Run, _ lifecycle.Truth) bool {
		return !r.Facts.Late.At.IsZero()
	})
	require.Equal(t, run.Facts.Counts, late.Facts.Counts, "nothing of it is applied")
	require.Equal(t, lifecycle.Failed, late.Facts.Outcome)
	require.Equal(t, 1, kinds(t, id)[lifecycle.Reconciled])
	require.Equal(t, 1, kinds(t, id)[lifecycle.LateReported])
}

func ask(t *testing.T, id string) {
	t.Helper()
	_, err := shared.store.Transition(t.Context(), id, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Kim"})
	require.NoError(t, err)
}

func TestACancelIsDelivered(t *testing.T) {
	t.Parallel()

	shared.worker(t, "cancel")
	id := shared.start(t, "cancel", input{Items: 600, ItemMS: 100})
	shared.awaitWorking(t, id)
	ask(t, id)
	run, _ := shared.await(t, id, "cancelled", patience, isEnded)
	require.Equal(t, lifecycle.Cancelled, run.Facts.Outcome)
	require.Equal(t, 1, kinds(t, id)[lifecycle.Finished], "the run's own workflow ended it: %v", kinds(t, id))
}

func TestACancelInterruptsALongChunk(t *testing.T) {
	t.Parallel()

	shared.worker(t, "cancellong")
	id := shared.start(t, "cancellong", input{Items: 3, Mode: long})
	shared.awaitWorking(t, id)
	ask(t, id)
	run, _ := shared.await(t, id, "cancelled", patience, isEnded)
	require.Equal(t, lifecycle.Cancelled, run.Facts.Outcome)
	require.Equal(t, 1, kinds(t, id)[lifecycle.Finished], "the run's own workflow ended it: %v", kinds(t, id))
	require.EqualValues(t, 1, run.Facts.Counts.Succeeded, "what it had recorded stays")
	t.Logf("heard and ended within %v", run.Facts.CompletedAt.Sub(run.Facts.Cancel.At))
}

func TestACancelThatNobodyServesIsForced(t *testing.T) {
	t.Parallel()

	id := shared.start(t, "crash", input{Items: 1})
	ask(t, id)
	run, _ := shared.await(t, id, "cancelled", patience, isEnded)
	require.Equal(t, lifecycle.Cancelled, run.Facts.Outcome, shared.story(t, id))
	require.True(t, run.Facts.Reconciliation.At.IsZero())
	require.False(t, run.Facts.CompletedAt.Before(run.Facts.Cancel.ForcedAt), "not before its grace was over")
	require.Equal(t, 1, kinds(t, id)[lifecycle.CancelForced])
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, status(t, id))
}

func claim(t *testing.T, id string) string {
	t.Helper()
	intent := uuid.NewString()
	require.Eventually(t, func() bool { // a verdict or a beat may come in between
		run, _ := shared.run(t, id)
		_, err := shared.store.Transition(t.Context(), id, lifecycle.Change{
			Kind: lifecycle.CloseClaimed, Actor: "opstruth", Version: run.Facts.Version, LivenessAt: run.Facts.LivenessAt,
			Closing: lifecycle.Closing{ID: intent, Cause: lifecycle.NoWorkers},
		})
		return err == nil
	}, patience, 20*time.Millisecond)
	return intent
}

func TestACloseThatWasCutOffIsRecognisedAsOurs(t *testing.T) {
	t.Parallel()

	id := shared.start(t, "crash", input{Items: 1})
	shared.awaitStuck(t, id, lifecycle.NoWorkers)
	// What a reconciler leaves that dies between the Terminate and the record.
	intent := claim(t, id)
	require.NoError(t, shared.client.TerminateWorkflow(t.Context(), contract.WorkflowID(id), "", intent))
	run, _ := shared.await(t, id, "closed", patience, isEnded)
	require.Equal(t, lifecycle.NoWorkers, run.Facts.Reconciliation.Cause, shared.story(t, id))
	require.Equal(t, intent, run.Facts.Closing.ID)
}

func TestAClaimOnARunThatLivesIsDropped(t *testing.T) {
	t.Parallel()

	shared.worker(t, "crash", func(o *order) { o.Queues = []string{queueOf("fleet")} })
	id := shared.start(t, "fleet", input{Items: 60, ItemMS: 200})
	shared.awaitWorking(t, id)
	claim(t, id)
	run, _ := shared.await(t, id, "ended", patience, isEnded)
	require.Equal(t, lifecycle.Succeeded, run.Facts.Outcome, shared.story(t, id))
}

func TestWithoutTemporalNothingIsJudged(t *testing.T) {
	t.Parallel()

	i, err := install(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(i.close)
	w := i.worker(t, "outage")
	id := i.start(t, "outage", input{Items: 40, ItemMS: 100})
	i.awaitWorking(t, id)
	i.await(t, id, "verified", patience, func(r models.Run, _ lifecycle.Truth) bool { return !r.Facts.Check.TemporalAt.IsZero() })
	port, dir := i.temporal.Port(), i.dir
	require.NoError(t, i.temporal.Stop())
	w.kill()

	i.awaitStuck(t, id, lifecycle.Unverified)
	limit := 3 * (policy().StaleAfter + time.Second) // far beyond every limit of its policy
	run, _ := i.await(t, id, "unverified for long", patience, func(r models.Run, truth lifecycle.Truth) bool {
		require.True(t, r.Facts.Status.Active(), i.story(t, id))
		_, now := i.run(t, id)
		return now.Sub(r.Facts.LivenessAt) > limit
	})
	require.Empty(t, run.Facts.Closing.ID)

	again, err := temporal.Start(context.WithoutCancel(t.Context()), temporal.Options{DataDir: dir, Port: port, NoUI: true})
	require.NoError(t, err)
	i.temporal = again
	i.worker(t, "outage")
	ended, _ := i.await(t, id, "ended", 2*patience, isEnded)
	require.Equal(t, lifecycle.Succeeded, ended.Facts.Outcome, i.story(t, id))
}

func TestAnotherNamespaceClosesNothing(t *testing.T) {
	t.Parallel()

	const other = "elsewhere"
	i, err := install(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(i.close)
	id := i.start(t, "outage", input{Items: 1}) // a type that is closed after a second
	i.stop()
	<-i.stopped
	_, err = i.client.WorkflowService().RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: other, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	require.NoError(t, err)
	c, err := i.dial(other)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	i.reconcileIn(c, other)

	began, err := i.store.Now(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		s, _, err := i.store.ReconcilerState(t.Context())
		return err == nil && s.TemporalAt.Sub(began) > slow*8*time.Second
	}, patience, 100*time.Millisecond, "passes go on, and Temporal answers them")
	run, now := i.run(t, id)
	require.True(t, run.Facts.Status.Active(), i.story(t, id))
	require.Equal(t, lifecycle.LikelyStale, run.Truth(now).Freshness)
	require.Empty(t, run.Facts.Closing.ID)
}
