package models_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/dbfault"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// ending is one way for a run to end, of a kind whose later successes make earlier failures good.
type ending struct {
	outcome    lifecycle.Outcome
	reconciled bool
	end        func(models.Run) lifecycle.Change
	another    func(models.Run) lifecycle.Change // another party's end, which comes after
}

var endings = map[string]ending{
	"finished": {
		outcome: lifecycle.Succeeded,
		end: func(models.Run) lifecycle.Change {
			return lifecycle.Change{Kind: lifecycle.Finished, Token: "own", Outcome: lifecycle.Succeeded}
		},
		another: func(r models.Run) lifecycle.Change {
			return lifecycle.Change{Kind: lifecycle.Reconciled, Closing: r.Facts.Closing}
		},
	},
	"adopted": {
		outcome: lifecycle.Failed,
		end: func(r models.Run) lifecycle.Change {
			return lifecycle.Change{Kind: lifecycle.Adopted, Token: "temporal:t", Outcome: lifecycle.Failed, Closing: r.Facts.Closing}
		},
		another: ownEnd,
	},
	"reconciled": {
		outcome: lifecycle.Failed, reconciled: true,
		end: func(r models.Run) lifecycle.Change {
			return lifecycle.Change{Kind: lifecycle.Reconciled, Closing: r.Facts.Closing}
		},
		another: ownEnd,
	},
	"cancel_forced": {
		outcome: lifecycle.Cancelled,
		end: func(r models.Run) lifecycle.Change {
			return lifecycle.Change{Kind: lifecycle.CancelForced, Closing: r.Facts.Closing}
		},
		another: ownEnd,
	},
}

func ownEnd(models.Run) lifecycle.Change {
	return lifecycle.Change{Kind: lifecycle.Finished, Token: "late", Outcome: lifecycle.Succeeded}
}

// doomed is a run in the middle of its work that went silent, was asked to end and is claimed. Before it one of its
// kind failed; after it one succeeds or fails.
type doomed struct{ before, run, after models.Run }

func doom(t *testing.T, s *models.Store, w modelstest.World, target string, e ending) doomed {
	t.Helper()
	kin := w.NewRun(func(n *models.NewRun) { n.Target, n.Supersedes = target, true })
	at := func(d time.Duration) *models.Store { return modelstest.At(s, modelstest.Epoch.Add(d)) }
	d := doomed{before: modelstest.Ended(t, at(0), kin, lifecycle.Failed)}
	d.run = modelstest.Running(t, at(time.Second), kin)
	later := lifecycle.Succeeded
	if e.outcome == lifecycle.Succeeded {
		later = lifecycle.Cancelled // which makes nothing good
	}
	d.after = modelstest.Ended(t, at(2*time.Second), kin, later)
	require.NoError(t, at(3*time.Second).RecordItems(t.Context(), d.run.ID, []models.Item{
		{Key: "a", State: models.ItemSucceeded}, {Key: "b", State: models.ItemFailed}, {Key: "c", State: models.ItemSkipped},
	}))
	wait := lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait, Reason: "approval"}
	require.NoError(t, at(3*time.Second).DeclareWait(t.Context(), d.run.ID, wait, time.Second))
	_, err := at(4*time.Second).Transition(t.Context(), d.run.ID, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Olga"})
	require.NoError(t, err)
	run, _, err := s.Run(t.Context(), models.Engine(), d.run.ID)
	require.NoError(t, err)
	d.run, err = at(time.Minute).Transition(t.Context(), run.ID, lifecycle.Change{
		Kind: lifecycle.CloseClaimed, Version: run.Facts.Version, LivenessAt: run.Facts.LivenessAt,
		Closing: lifecycle.Closing{ID: "claim-" + run.ID, Cause: lifecycle.NoWorkers},
	})
	require.NoError(t, err)
	return d
}

// checkEnded is what must hold of a run that ended so, whatever went wrong on the way.
func (d doomed) checkEnded(t *testing.T, s *models.Store, e ending) {
	t.Helper()
	run, _, err := s.Run(t.Context(), models.Engine(), d.run.ID)
	require.NoError(t, err)
	f := run.Facts
	require.Equal(t, lifecycle.Completed, f.Status)
	require.Equal(t, e.outcome, f.Outcome)
	require.Equal(t, e.reconciled, !f.Reconciliation.At.IsZero())
	require.Equal(t, modelstest.Epoch.Add(2*time.Minute), f.CompletedAt)
	require.Equal(t, 1, f.StaleEpisodes, "the silence is lineage, counted once")
	require.False(t, f.FirstStaleAt.IsZero())
	require.Equal(t, lifecycle.Counts{Total: 3, Processed: 3, Succeeded: 1, Failed: 1, Skipped: 1}, f.Counts)
	id := d.run.ID
	for _, kind := range []string{"'went_stale'", "'finished', 'adopted', 'reconciled', 'cancel_forced'"} {
		require.Equal(t, int64(1), count(t, s, `SELECT COUNT(*) FROM run_events WHERE run_id = ? AND kind IN (`+kind+`)`, id), kind)
	}
	require.Equal(t, int64(1), count(t, s, `SELECT COUNT(*) FROM notifications WHERE run_id = ?`, id))
	require.Zero(t, count(t, s, `SELECT COUNT(*) FROM run_liveness WHERE run_id = ?`, id))
	require.Zero(t, count(t, s, `SELECT COUNT(*) FROM run_waits WHERE run_id = ?`, id))

	before, _, err := s.Run(t.Context(), models.Engine(), d.before.ID)
	require.NoError(t, err)
	switch e.outcome {
	case lifecycle.Succeeded:
		require.Equal(t, id, before.Facts.SupersededBy, "a success makes the earlier failure good")
		require.Equal(t, int64(1), count(t, s, `SELECT COUNT(*) FROM run_events WHERE run_id = ? AND kind = 'superseded'`, before.ID))
	case lifecycle.Failed:
		require.Equal(t, d.after.ID, f.SupersededBy, "a later success had made it good already")
		require.Equal(t, int64(1), count(t, s, `SELECT COUNT(*) FROM run_events WHERE run_id = ? AND kind = 'superseded'`, id))
	default:
		require.Empty(t, f.SupersededBy)
	}
}

// TestAnEndSurvivesALossAtEveryStatement breaks the connection before and after every statement of every terminal
// transition, and then does what production does: it tries again. A lost answer to COMMIT is one of the places.
func TestAnEndSurvivesALossAtEveryStatement(t *testing.T) {
	t.Parallel()
	dbfault.ForEachStore(t, func(t *testing.T, s *models.Store) {
		t.Helper()
		w := modelstest.Seed(t, s)
		late := modelstest.At(s, modelstest.Epoch.Add(2*time.Minute))
		for name, e := range endings {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				points := 0
				d := doom(t, s, w, name, e)
				_, err := late.Transition(dbfault.Watch(t.Context(), dbfault.Count(&points)), d.run.ID, e.end(d.run))
				require.NoError(t, err)
				d.checkEnded(t, s, e)
				require.Greater(t, points, 20, "a terminal transition has more statements than this")
				for n := range points {
					t.Run(fmt.Sprint(n), func(t *testing.T) {
						d := doom(t, s, w, fmt.Sprint(name, n), e)
						at := dbfault.BreakAt(n)
						last := ""
						broken := dbfault.Watch(t.Context(), func(p dbfault.Point) error {
							last = fmt.Sprintf("%s (ran: %t)", p.Statement, p.After)
							return at(p)
						})
						_, err := late.Transition(broken, d.run.ID, e.end(d.run))
						require.ErrorIs(t, err, dbfault.ErrLost, last)
						landed := n == points-1 // COMMIT ran, and nobody heard
						_, err = late.Transition(t.Context(), d.run.ID, e.end(d.run))
						if landed {
							require.ErrorIs(t, err, lifecycle.ErrUnchanged)
						} else {
							require.NoError(t, err, last)
						}
						_, err = modelstest.At(s, modelstest.Epoch.Add(time.Hour)).Transition(t.Context(), d.run.ID, e.another(d.run))
						require.ErrorIs(t, err, lifecycle.ErrEnded, "whoever comes later changes nothing")
						d.checkEnded(t, s, e)
					})
				}
			})
		}
	})
}

// TestAChunkSurvivesALossAtEveryStatement does the same with the results of a chunk: repeated, they count once.
func TestAChunkSurvivesALossAtEveryStatement(t *testing.T) {
	t.Parallel()
	dbfault.ForEachStore(t, func(t *testing.T, s *models.Store) {
		t.Helper()
		w := modelstest.Seed(t, s)
		chunk := []models.Item{{Key: "a", State: models.ItemSucceeded}, {Key: "b", State: models.ItemFailed}}
		record := func(ctx context.Context, run models.Run) error { return s.RecordItems(ctx, run.ID, chunk) }
		points := 0
		run := modelstest.Running(t, s, w.NewRun())
		require.NoError(t, record(dbfault.Watch(t.Context(), dbfault.Count(&points)), run))
		require.Greater(t, points, 8)
		for n := range points {
			run := modelstest.Running(t, s, w.NewRun())
			require.ErrorIs(t, record(dbfault.Watch(t.Context(), dbfault.BreakAt(n)), run), dbfault.ErrLost)
			require.NoError(t, record(t.Context(), run))
			run, _, err := s.Run(t.Context(), models.Engine(), run.ID)
			require.NoError(t, err)
			require.Equal(t, lifecycle.Counts{Total: 2, Processed: 2, Succeeded: 1, Failed: 1}, run.Facts.Counts)
		}
	})
}
