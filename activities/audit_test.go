package activities

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/workflows/contract"
)

// audited does the audit of one pass, and stores what it found as a pass does.
func (b *bench) audited(t *testing.T) models.Audit {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(func(ctx context.Context) error {
		l, ok, err := b.r.look(ctx)
		if err != nil || !ok {
			return err
		}
		report := models.PassReport{TemporalAnswered: true, Cursors: &models.Cursors{}}
		b.r.audit(ctx, l, &report)
		return b.store.FinishPass(ctx, report)
	}, activity.RegisterOptions{Name: "audit"})
	_, err := env.ExecuteActivity("audit")
	require.NoError(t, err)
	state, _, err := b.store.ReconcilerState(t.Context())
	require.NoError(t, err)
	return state.Audit
}

func auditing(t *testing.T, queues ...string) (*bench, models.Run) {
	t.Helper()
	s := modelstest.New(t)
	run := modelstest.Running(t, s, modelstest.Seed(t, s).NewRun())
	_, err := s.RecordBeats(t.Context(), models.WorkerRow{ID: "w", Queues: queues}, nil)
	require.NoError(t, err)
	return newBench(s, run, run.ID), run
}

func TestTheAuditConfirmsWhatDiffersTwice(t *testing.T) {
	t.Parallel()
	b, run := auditing(t, "default")
	says := func(a contract.LifecycleAnswer) {
		a.RunID = run.ID
		b.c.change(run.ID, func(w *execution) { w.answer = &a })
	}
	says(contract.LifecycleAnswer{Status: lifecycle.Running})
	found := b.audited(t)
	require.Equal(t, 1, found.Answered)
	require.Empty(t, found.Doubts)

	says(contract.LifecycleAnswer{Status: lifecycle.Completed, Outcome: lifecycle.Succeeded})
	found = b.audited(t)
	require.Equal(t, "ended", found.Doubts[run.ID].What)
	require.Zero(t, found.Standing(), "it may just be written")
	for range 2 {
		found = b.audited(t)
		require.Equal(t, 1, found.Standing())
		require.EqualValues(t, 1, found.Disagreements, "counted once")
	}
	modelstest.Finish(t, b.store, run, lifecycle.Failed)
	found = b.audited(t)
	require.Equal(t, "outcome", found.Doubts[run.ID].What)
	require.Zero(t, found.Standing(), "another difference begins anew")
	b.c.change(run.ID, func(w *execution) { w.status = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED })
	found = b.audited(t)
	require.Empty(t, found.Doubts)
	require.EqualValues(t, 1, found.Disagreements)
}

func TestATransientDifferenceIsNoDisagreement(t *testing.T) {
	t.Parallel()
	b, run := auditing(t, "default")
	b.c.change(run.ID, func(w *execution) { w.answer = &contract.LifecycleAnswer{RunID: run.ID, Status: lifecycle.Running} })
	modelstest.Finish(t, b.store, run, lifecycle.Succeeded)
	// It is read as active no more, so make it one that was just being written when the pass before looked.
	require.NoError(t, b.store.FinishPass(t.Context(), models.PassReport{Audit: &models.Audit{
		Doubts: map[string]models.Doubt{run.ID: {What: "status", Since: time.Now()}}}}))
	require.Equal(t, "ended", b.audited(t).Doubts[run.ID].What)
	b.c.change(run.ID, func(w *execution) { w.status = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED })
	found := b.audited(t)
	require.Empty(t, found.Doubts)
	require.Zero(t, found.Disagreements)
}

func TestWhatNobodyAnswersIsNoDisagreement(t *testing.T) {
	t.Parallel()
	b, _ := auditing(t, "another")
	require.Zero(t, b.audited(t).Asked, "no worker of its queue lives: a query would only wait")

	b, run := auditing(t, "default")
	found := b.audited(t)
	require.Equal(t, []int{1, 0}, []int{found.Asked, found.Answered})
	require.Empty(t, found.Doubts)
	b.c.change(run.ID, func(w *execution) { w.answer = &contract.LifecycleAnswer{RunID: run.ID, Status: lifecycle.Queued} })
	require.Empty(t, b.audited(t).Doubts, "its first step has begun, which the workflow learns when it ends")
}
