package models_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// Everybody writes to the same few runs at once: workers, run workflows, operators and overlapping passes. Nobody may be
// locked out, and whatever the order, each run ends once and its counts are those of its items.
func TestEverybodyWritesAtOnce(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		runs := make([]models.Run, 6)
		for i := range runs {
			runs[i] = modelstest.Running(t, s, w.NewRun(func(n *models.NewRun) { n.Supersedes, n.Target = true, "one" }))
		}
		expected := []error{lifecycle.ErrEnded, lifecycle.ErrUnchanged, lifecycle.ErrOvertaken, lifecycle.ErrNotAllowed}
		var mu sync.Mutex
		var unexpected []error
		check := func(what string, err error) {
			for _, e := range expected {
				if errors.Is(err, e) {
					return
				}
			}
			if err != nil {
				mu.Lock()
				unexpected = append(unexpected, fmt.Errorf("%s: %w", what, err))
				mu.Unlock()
			}
		}
		transition := func(run models.Run, c lifecycle.Change) {
			_, err := s.Transition(ctx, run.ID, c)
			check(string(c.Kind), err)
		}
		kinds := []func(r *rand.Rand, round int){
			func(r *rand.Rand, round int) { // a worker's batch, in no order
				var beats []models.Beat
				for _, i := range r.Perm(len(runs)) {
					b := models.Beat{RunID: runs[i].ID, TemporalRunID: "t", ActivityID: "1", Attempt: 1 + round/8}
					if r.IntN(2) == 0 {
						b.Held = &models.HeldWait{Reason: "rate limit", Lasts: time.Second}
					}
					beats = append(beats, b)
				}
				_, err := s.RecordBeats(ctx, worker, beats)
				check("beats", err)
			},
			func(r *rand.Rand, round int) {
				run := runs[r.IntN(len(runs))]
				check("items", s.RecordItems(ctx, run.ID, []models.Item{
					{Key: fmt.Sprint(round), State: models.ItemSucceeded}, {Key: fmt.Sprint(round / 2), State: models.ItemFailed},
				}))
			},
			func(r *rand.Rand, _ int) {
				ids := []string{}
				for _, i := range r.Perm(len(runs)) {
					ids = append(ids, runs[i].ID)
				}
				check("hand over", s.HandOver(ctx, "w2", ids, time.Second))
			},
			func(r *rand.Rand, round int) {
				run, _, err := s.Run(ctx, models.Engine(), runs[r.IntN(len(runs))].ID)
				check("read", err)
				v := lifecycle.Verdict{Action: lifecycle.Silent, Cause: lifecycle.NoWorkers, Silence: lifecycle.Silence{
					Cause: lifecycle.NoWorkers, At: run.Facts.LivenessAt.Add(time.Second), Times: 1}}
				check("verdict", s.RecordVerdict(ctx, run, v))
				transition(run, lifecycle.Change{Kind: lifecycle.CloseClaimed, Version: run.Facts.Version,
					LivenessAt: run.Facts.LivenessAt, Closing: lifecycle.Closing{ID: fmt.Sprint("c", round), Cause: lifecycle.NoWorkers}})
				if round > 12 {
					run, _, err = s.Run(ctx, models.Engine(), run.ID)
					check("read", err)
					transition(run, lifecycle.Change{Kind: lifecycle.Reconciled, Closing: run.Facts.Closing})
				}
			},
			func(r *rand.Rand, round int) {
				run := runs[r.IntN(len(runs))]
				transition(run, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Olga"})
				check("wait", s.DeclareWait(ctx, run.ID, lifecycle.Wait{ID: fmt.Sprint(round), Kind: lifecycle.DurableWait}, time.Second))
				check("end wait", s.EndWait(ctx, run.ID, fmt.Sprint(round)))
				if round > 12 {
					outcome := []lifecycle.Outcome{lifecycle.Succeeded, lifecycle.Failed}[r.IntN(2)]
					transition(run, lifecycle.Change{Kind: lifecycle.Finished, Token: fmt.Sprint(round), Outcome: outcome})
				}
			},
			func(_ *rand.Rand, round int) {
				check("pass", s.FinishPass(ctx, models.PassReport{Every: time.Second, TemporalAnswered: true,
					Breakers: map[string]lifecycle.Breaker{"": {Open: round%2 == 0}, "default": {Open: round%3 == 0}}}))
			},
		}
		var all sync.WaitGroup
		for i, kind := range append(kinds, kinds...) {
			all.Go(func() {
				r := rand.New(rand.NewPCG(7, uint64(i)))
				for round := range 24 {
					kind(r, round)
				}
			})
		}
		all.Wait()
		require.NoError(t, errors.Join(unexpected...))

		for _, run := range runs {
			_, err := s.Transition(ctx, run.ID, lifecycle.Change{Kind: lifecycle.Finished, Token: "last", Outcome: lifecycle.Failed})
			if err != nil {
				require.ErrorIs(t, err, lifecycle.ErrEnded)
			}
			id := run.ID
			run, _, err := s.Run(ctx, models.Engine(), id)
			require.NoError(t, err)
			require.Equal(t, lifecycle.Completed, run.Facts.Status)
			require.Equal(t, int64(1), count(t, s, `SELECT COUNT(*) FROM notifications WHERE run_id = ?`, id))
			require.Equal(t, int64(1), count(t, s, `SELECT COUNT(*) FROM run_events WHERE run_id = ? AND kind IN ('finished', 'reconciled', 'adopted', 'cancel_forced')`, id))
			require.LessOrEqual(t, count(t, s, `SELECT COUNT(*) FROM run_events WHERE run_id = ? AND kind = 'late_result'`, id), int64(1))
			require.Equal(t, run.Facts.Counts.Processed, count(t, s, `SELECT COUNT(*) FROM run_items WHERE run_id = ?`, id))
			require.Equal(t, run.Facts.Counts.Failed, count(t, s, `SELECT COUNT(*) FROM run_items WHERE run_id = ? AND state = 'failed'`, id))
			require.Zero(t, count(t, s, `SELECT COUNT(*) FROM run_liveness WHERE run_id = ?`, id))
			require.Zero(t, count(t, s, `SELECT COUNT(*) FROM run_waits WHERE run_id = ?`, id))
		}
		// A run that needs follow-up is superseded exactly when a later one of its kind succeeded.
		require.Zero(t, count(t, s, `SELECT COUNT(*) FROM operation_runs a WHERE a.outcome = 'failed' AND (a.superseded_by <> '') <>
			EXISTS (SELECT 1 FROM operation_runs b WHERE b.fingerprint = a.fingerprint AND b.outcome = 'succeeded'
				AND (b.queued_at, b.id) > (a.queued_at, a.id))`))
	})
}
