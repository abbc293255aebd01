package activities

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/opstruth/opstruth/internal/dbfault"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/workflows/contract"
)

// pass does what workflows.Reconcile does, with each activity tried once.
func (b *bench) pass(ctx context.Context) error {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	b.r.Register(env)
	call := func(result any, name string, args ...any) error {
		value, err := env.ExecuteActivity(name, args...)
		if err == nil && result != nil {
			err = value.Get(result)
		}
		return err
	}
	var delivered contract.DeliverResult
	if err := call(&delivered, contract.ActivityDeliver); err != nil {
		return err
	}
	var verified contract.VerifyResult
	if err := call(&verified, contract.ActivityVerify, contract.VerifyInput{}); err != nil {
		return err
	}
	return call(nil, contract.ActivitySettle, contract.SettleInput{
		Answered: delivered.Answered && verified.Answered, Close: append(delivered.Force, verified.Close...),
		Suspects: verified.Suspects, ClosedUpTo: delivered.ClosedUpTo,
	})
}

// TestACrashOfAPassAnywhereLeavesOneEnd cuts a pass off before and after everything that it says to the record or to
// Temporal, also with the answer under way, and lets the next passes go on.
func TestACrashOfAPassAnywhereLeavesOneEnd(t *testing.T) {
	t.Parallel()
	ask := func(t *testing.T, b *bench, id string) {
		t.Helper()
		_, err := b.store.Transition(t.Context(), id, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Olga"})
		require.NoError(t, err)
	}
	for name, c := range map[string]struct {
		prepare func(*testing.T, *models.Store, modelstest.World) models.Run
		before  func(t *testing.T, b *bench, id string)
		outcome lifecycle.Outcome
	}{
		"a loss":              {prepare: lost, outcome: lifecycle.Failed},
		"a cancel":            {prepare: stuckWith, before: ask, outcome: lifecycle.Cancelled},
		"a cancel and a loss": {prepare: lost, before: ask, outcome: lifecycle.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbfault.ForEachStore(t, func(t *testing.T, s *models.Store) {
				t.Helper()
				prototype := c.prepare(t, s, modelstest.Seed(t, s))
				const most = 400
				ids := modelstest.Clones(t, s, prototype, most)
				// Only one run at a time is there to be looked at.
				require.NoError(t, s.DB().Exec(`UPDATE run_liveness SET stale_at = stale_at + 1000000000000, verified_at = stale_at + 1000000000000`).Error)
				b := newBench(s, prototype, ids...)
				play := func(n int, id string) (ended bool) {
					require.NoError(t, s.DB().Exec(`UPDATE run_liveness SET stale_at = stale_at - 1000000000000 WHERE run_id = ?`, id).Error)
					if c.before != nil {
						c.before(t, b, id)
					}
					points := 0
					at := dbfault.BreakAt(n)
					_ = b.pass(dbfault.Watch(t.Context(), func(p dbfault.Point) error {
						points++
						return at(p)
					}))
					for i := 0; ; i++ {
						run, _, err := s.Run(t.Context(), models.Engine(), id)
						require.NoError(t, err)
						if run.Facts.Status == lifecycle.Completed {
							break
						}
						require.Less(t, i, 4, "cut off at point %d the run does not end", n)
						require.NoError(t, b.pass(t.Context()))
					}
					run, _, err := s.Run(t.Context(), models.Engine(), id)
					require.NoError(t, err)
					require.Equal(t, c.outcome, run.Facts.Outcome, "cut off at point %d", n)
					require.Equal(t, c.outcome == lifecycle.Failed, !run.Facts.Reconciliation.At.IsZero())
					d := &duel{bench: b, id: id}
					require.NoError(t, theEnd(d, run), "cut off at point %d", n)
					return points <= n // the pass ended before the point came
				}
				n := 0
				for ; !play(n, ids[n]); n++ {
				}
				require.Greater(t, n, 50, "a pass that closes says more than this")
				t.Logf("%d places", n)
				settled(t, s)
			})
		})
	}
}
