package models_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func count(t *testing.T, s *models.Store, query string, args ...any) int64 {
	t.Helper()
	var n int64
	require.NoError(t, s.DB().Raw(query, args...).Scan(&n).Error)
	return n
}

// together runs the functions at once and returns their errors in order.
func together(fs ...func() error) []error {
	errs := make([]error, len(fs))
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i, f := range fs {
		all.Go(func() {
			<-begin
			errs[i] = f()
		})
	}
	close(begin)
	all.Wait()
	return errs
}

func TestFirstTerminalWriteWins(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		for range 10 {
			run := modelstest.Running(t, s, w.NewRun())
			claim := lifecycle.Closing{ID: "c", Cause: lifecycle.NoWorkers}
			run, err := s.Transition(ctx, run.ID, lifecycle.Change{
				Kind: lifecycle.CloseClaimed, Version: run.Facts.Version, LivenessAt: run.Facts.LivenessAt, Closing: claim,
			})
			require.NoError(t, err)
			end := func(c lifecycle.Change) func() error {
				return func() error {
					_, err := s.Transition(ctx, run.ID, c)
					return err
				}
			}
			errs := together(
				end(lifecycle.Change{Kind: lifecycle.Finished, Token: "a", Outcome: lifecycle.Succeeded}),
				end(lifecycle.Change{Kind: lifecycle.Finished, Token: "b", Outcome: lifecycle.Failed}),
				end(lifecycle.Change{Kind: lifecycle.Reconciled, Closing: claim, Silence: lifecycle.Silence{Cause: lifecycle.NoWorkers}}),
				func() error {
					return s.RecordItems(ctx, run.ID, []models.Item{{Key: "x", State: models.ItemSucceeded}})
				},
			)
			won := 0
			for _, err := range errs[:3] {
				if err == nil {
					won++
					continue
				}
				require.ErrorIs(t, err, lifecycle.ErrEnded)
			}
			require.Equal(t, 1, won, "one terminal record")
			require.Equal(t, int64(1), count(t, s, `SELECT COUNT(*) FROM notifications WHERE run_id = ?`, run.ID))
			require.Equal(t, int64(1), count(t, s, `SELECT COUNT(*) FROM run_events WHERE run_id = ? AND kind IN ('finished', 'reconciled')`, run.ID))
			require.Zero(t, count(t, s, `SELECT COUNT(*) FROM run_liveness WHERE run_id = ?`, run.ID))
			after, _, err := s.Run(ctx, models.Engine(), run.ID)
			require.NoError(t, err)
			require.Equal(t, count(t, s, `SELECT COUNT(*) FROM run_items WHERE run_id = ?`, run.ID), after.Facts.Counts.Processed)
		}
	})
}

func TestSameTokenAgainIsNoChange(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		run := modelstest.Ended(t, s, w.NewRun(), lifecycle.Succeeded)
		again, err := s.Transition(ctx, run.ID, lifecycle.Change{Kind: lifecycle.Finished, Token: run.Facts.TerminalToken, Outcome: lifecycle.Failed})
		require.ErrorIs(t, err, lifecycle.ErrUnchanged)
		require.Equal(t, run, again)
	})
}

func TestLateResultIsDisclosedOnceAndNotApplied(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		run := modelstest.Reconciled(t, s, w.NewRun())
		require.ErrorIs(t, s.RecordItems(ctx, run.ID, []models.Item{{Key: "x", State: models.ItemSucceeded}}), lifecycle.ErrEnded)
		require.ErrorIs(t, s.RecordItems(ctx, run.ID, []models.Item{{Key: "y", State: models.ItemSucceeded}}), lifecycle.ErrEnded)
		require.ErrorIs(t, s.SaveArtifact(ctx, run.ID, "a", "text/plain", nil), lifecycle.ErrEnded)
		require.ErrorIs(t, s.SavePlan(ctx, run.ID, 9, ""), lifecycle.ErrEnded)
		after, _, err := s.Run(ctx, models.Engine(), run.ID)
		require.NoError(t, err)
		require.Equal(t, lifecycle.Counts{}, after.Facts.Counts)
		require.False(t, after.Facts.Late.At.IsZero())
		require.Contains(t, after.Facts.Late.Summary, `"x"`)
		require.Zero(t, count(t, s, `SELECT COUNT(*) FROM run_items`)+count(t, s, `SELECT COUNT(*) FROM run_artifacts`))
		require.Equal(t, int64(1), count(t, s, `SELECT COUNT(*) FROM run_events WHERE kind = 'late_result'`))
		require.ErrorIs(t, s.RecordItems(ctx, "missing", []models.Item{{Key: "x", State: models.ItemSucceeded}}), models.ErrNotFound)
	})
}

func TestItemsCountOnce(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		run := modelstest.Running(t, s, w.NewRun())
		var items []models.Item
		for i := range 700 {
			items = append(items, models.Item{Key: fmt.Sprintf("k%04d", i), State: models.ItemSucceeded})
		}
		items = append(items, models.Item{Key: "k0000", State: models.ItemFailed})
		errs := together(
			func() error { return s.RecordItems(ctx, run.ID, items) },
			func() error { return s.RecordItems(ctx, run.ID, items) },
		)
		require.Equal(t, []error{nil, nil}, errs)
		after, _, err := s.Run(ctx, models.Engine(), run.ID)
		require.NoError(t, err)
		require.Equal(t, lifecycle.Counts{Total: 700, Processed: 700, Succeeded: 700}, after.Facts.Counts)

		require.NoError(t, s.RecordItems(ctx, run.ID, []models.Item{{Key: "bad", State: models.ItemFailed, Code: "c", Message: "m", Detail: []byte(`{"a":1}`)}}))
		failed, next, err := s.Items(ctx, w.OwnerScope, run.ID, models.ItemFilter{State: models.ItemFailed}, models.Page{})
		require.NoError(t, err)
		require.Empty(t, next)
		require.Len(t, failed, 1)
		require.JSONEq(t, `{"a":1}`, string(failed[0].Detail))
		var keys []string
		page := models.Page{Limit: 300}
		for {
			part, next, err := s.Items(ctx, w.OwnerScope, run.ID, models.ItemFilter{}, page)
			require.NoError(t, err)
			for _, item := range part {
				keys = append(keys, item.Key)
			}
			if next == "" {
				break
			}
			page.Cursor = next
		}
		require.Len(t, keys, 701)
		require.IsIncreasing(t, keys)
	})
}

func TestSupersedingInBothDirections(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		sync := func(n *models.NewRun) { n.Supersedes = true }
		other := func(n *models.NewRun) { n.Supersedes, n.TenantID = true, w.South.ID }
		clock := modelstest.Epoch
		next := func() *models.Store { clock = clock.Add(time.Second); return modelstest.At(s, clock) }

		bad := modelstest.Ended(t, next(), w.NewRun(sync), lifecycle.Failed)
		foreign := modelstest.Ended(t, next(), w.NewRun(other), lifecycle.Failed)
		slow := modelstest.Running(t, next(), w.NewRun(sync))
		good := modelstest.Ended(t, next(), w.NewRun(sync), lifecycle.Succeeded)
		later := modelstest.Ended(t, next(), w.NewRun(sync), lifecycle.Failed)
		slow = modelstest.Finish(t, next(), slow, lifecycle.PartiallySucceeded)

		by := func(run models.Run) string {
			got, now, err := s.Run(ctx, models.Engine(), run.ID)
			require.NoError(t, err)
			require.Equal(t, lifecycle.TerminalFollowUp, got.Truth(now).ProblemClass, "the class stays")
			require.Equal(t, got.Facts.SupersededBy == "", got.Truth(now).Open)
			return got.Facts.SupersededBy
		}
		require.Equal(t, good.ID, by(bad))
		require.Equal(t, good.ID, by(slow), "an earlier run that ends badly after a later good one")
		require.Empty(t, by(foreign))
		require.Empty(t, by(later))
		require.Equal(t, int64(2), count(t, s, `SELECT COUNT(*) FROM run_events WHERE kind = 'superseded'`))

		first := modelstest.Running(t, next(), w.NewRun(func(n *models.NewRun) { n.Supersedes, n.Target = true, "b" }))
		second := modelstest.Ended(t, next(), w.NewRun(func(n *models.NewRun) { n.Supersedes, n.Target = true, "b" }), lifecycle.Failed)
		modelstest.Finish(t, next(), first, lifecycle.Succeeded)
		require.Empty(t, by(second), "an earlier run makes nothing good that was queued after it")

		before := modelstest.Running(t, next(), w.NewRun(func(n *models.NewRun) { n.Supersedes, n.Target = true, "c" }))
		modelstest.Ended(t, next(), w.NewRun(func(n *models.NewRun) { n.Target = "c" }), lifecycle.Succeeded)
		before = modelstest.Finish(t, next(), before, lifecycle.Failed)
		require.Empty(t, by(before), "the later run did not opt in")

		plain := modelstest.Ended(t, next(), w.NewRun(func(n *models.NewRun) { n.Type = "bulk" }), lifecycle.Failed)
		modelstest.Ended(t, next(), w.NewRun(func(n *models.NewRun) { n.Type = "bulk" }), lifecycle.Succeeded)
		require.Empty(t, by(plain), "superseding is opt-in")
	})
}

func TestSupersedingRunsThatEndTogether(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		for i := range 5 {
			sync := func(n *models.NewRun) { n.Supersedes, n.Target = true, fmt.Sprint(i) }
			bad := modelstest.Running(t, modelstest.At(s, modelstest.Epoch), w.NewRun(sync))
			good := modelstest.Running(t, modelstest.At(s, modelstest.Epoch.Add(time.Second)), w.NewRun(sync))
			end := func(run models.Run, o lifecycle.Outcome) func() error {
				return func() error {
					_, err := s.Transition(t.Context(), run.ID, lifecycle.Change{Kind: lifecycle.Finished, Token: run.ID, Outcome: o})
					return err
				}
			}
			require.Equal(t, []error{nil, nil}, together(end(bad, lifecycle.Failed), end(good, lifecycle.Succeeded)))
			after, _, err := s.Run(t.Context(), models.Engine(), bad.ID)
			require.NoError(t, err)
			require.Equal(t, good.ID, after.Facts.SupersededBy)
		}
	})
}

func TestOperatorsActions(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		run := modelstest.Running(t, s, w.NewRun())
		run, err := s.Transition(ctx, run.ID, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Olga"})
		require.NoError(t, err)
		require.Equal(t, "Olga", run.Facts.Cancel.By)
		waiting, _, _, err := s.CancelsWaiting(ctx, "", 10)
		require.NoError(t, err)
		require.Equal(t, []string{run.ID}, ids(waiting))
		_, err = s.Transition(ctx, run.ID, lifecycle.Change{Kind: lifecycle.Acknowledged, Actor: "Olga"})
		require.ErrorIs(t, err, lifecycle.ErrNotAllowed)

		run = modelstest.Finish(t, s, run, lifecycle.Failed)
		run, err = s.Transition(ctx, run.ID, lifecycle.Change{Kind: lifecycle.Acknowledged, Actor: "Olga", Note: "seen"})
		require.NoError(t, err)
		require.False(t, run.Truth(modelstest.Epoch).Open)
		run, err = s.Transition(ctx, run.ID, lifecycle.Change{Kind: lifecycle.Reopened, Actor: "Olga"})
		require.NoError(t, err)
		require.True(t, run.Truth(modelstest.Epoch).Open)
	})
}
