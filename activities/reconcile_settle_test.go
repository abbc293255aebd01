package activities

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/workflows/contract"
)

// The answer of a step may be lost after all of it was done. Temporal then has it done again, with the same input.
func TestAStepThatIsDoneAgainMovesNothingTwice(t *testing.T) {
	t.Parallel()
	b, run := auditing(t, "default")
	modelstest.Clones(t, b.store, run, 3)
	queue := run.Facts.Queue
	settle := func(pass string, suspects int) models.ReconcilerState {
		var suite testsuite.WorkflowTestSuite
		suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
		env := suite.NewTestActivityEnvironment()
		b.r.Register(env)
		_, err := env.ExecuteActivity(contract.ActivitySettle, contract.SettleInput{
			Pass: pass, Answered: true, Suspects: map[string]int{queue: suspects},
		})
		require.NoError(t, err)
		state, _, err := b.store.ReconcilerState(t.Context())
		require.NoError(t, err)
		return state
	}
	// A difference counts once two passes have found it. Another one is known, so that the run is asked about.
	require.NoError(t, b.store.FinishPass(t.Context(), models.PassReport{Audit: &models.Audit{
		Doubts: map[string]models.Doubt{run.ID: {What: "status", Since: run.Facts.QueuedAt}},
	}}))
	require.True(t, settle("1", 3).Breakers[queue].Open)
	b.c.change(run.ID, func(w *execution) {
		w.answer = &contract.LifecycleAnswer{RunID: run.ID, Status: lifecycle.Completed, Outcome: lifecycle.Succeeded}
	})
	once := settle("2", 0)
	require.Equal(t, 1, once.Breakers[queue].Below)
	require.False(t, once.Audit.Doubts[run.ID].Confirmed)

	again := settle("2", 0)
	require.Equal(t, once, again)

	next := settle("3", 0)
	require.False(t, next.Breakers[queue].Open, "it takes two passes")
	require.True(t, next.Audit.Doubts[run.ID].Confirmed)
	require.False(t, settle("3", 3).Breakers[queue].Open)
	require.True(t, settle("4", 3).Breakers[queue].Open)
	// Executions of before say no id.
	require.Equal(t, 1, settle("", 0).Breakers[queue].Below)
	require.False(t, settle("", 0).Breakers[queue].Open)
}
