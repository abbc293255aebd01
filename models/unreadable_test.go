package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// What one row holds must not hide the others, nor stop a pass.
func TestWhatCannotBeReadGoesForNothing(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		ctx, odd := sc.Context(), sc.run.ID
		other := modelstest.Running(sc.T, sc.at(0), sc.world.NewRun(func(n *models.NewRun) { n.Target = "another" }))
		sc.silent(22*time.Second, lifecycle.NoWorkers)
		_, err := sc.s.RecordBeats(ctx, worker, nil)
		require.NoError(sc, err)
		require.NoError(sc, sc.s.FinishPass(ctx, models.PassReport{
			Cursors: &models.Cursors{Verify: odd}, Audit: &models.Audit{Asked: 3},
			Breakers: map[string]lifecycle.Breaker{"q": {Open: true}},
		}))
		ended := modelstest.Finish(sc.T, sc.at(time.Second), modelstest.Running(sc.T, sc.at(0), sc.world.NewRun()), lifecycle.Failed)
		for _, statement := range []string{
			`UPDATE operation_runs SET policy = '{"StaleAfter": "soon", "CloseNoWorkers": 1}' WHERE id = '` + odd + `'`,
			`UPDATE run_liveness SET silence_evidence = '{"answer": 7}' WHERE run_id = '` + odd + `'`,
			`UPDATE operation_runs SET evidence = 'by hand' WHERE id = '` + ended.ID + `'`,
			`UPDATE reconciler_state SET cursors = '[]', audit = '{"asked": "many"}'`,
			`UPDATE workers SET queues = '{"a": 1}'`,
		} {
			result := sc.s.DB().Exec(statement)
			require.NoError(sc, result.Error)
			require.EqualValues(sc, 1, result.RowsAffected, statement)
		}

		runs, _, err := sc.s.ActiveByID(ctx, []string{odd, other.ID})
		require.NoError(sc, err)
		require.Len(sc, runs, 2)
		run, truth := sc.read(30 * time.Second)
		require.Equal(sc, lifecycle.CautiousPolicy(), run.Facts.Policy)
		require.Zero(sc, run.Facts.Silence, "it is verified anew")
		require.Equal(sc, lifecycle.LikelyStale, truth.Freshness)
		for _, e := range []lifecycle.Evidence{{Answer: lifecycle.NotFound, Retained: true}, unservedFor(time.Hour)} {
			f := run.Facts
			for range 9 {
				now := f.StaleAt.Add(time.Duration(f.Silence.Times) * 24 * time.Hour)
				v := lifecycle.Judge(f, e, 24*time.Hour, now)
				require.Equal(sc, lifecycle.Silent, v.Action, "who knows how patient it is to be")
				f.Silence = v.Silence
			}
		}

		got, _, err := sc.s.Run(ctx, models.Engine(), ended.ID)
		require.NoError(sc, err)
		require.Equal(sc, lifecycle.NoEvidence(lifecycle.NotAsked), got.Facts.Reconciliation.Evidence)

		state, _, err := sc.s.ReconcilerState(ctx)
		require.NoError(sc, err)
		require.Zero(sc, state.Cursors)
		require.Zero(sc, state.Audit)
		require.True(sc, state.Breakers["q"].Open)
		workers, _, err := sc.s.Workers(ctx)
		require.NoError(sc, err)
		require.Len(sc, workers, 1)
		require.Empty(sc, workers[0].Queues)
	})
}

// What a newer version wrote, or a person, outlives what happens to its run here.
func TestWhatCannotBeReadOfAnEndStays(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		stored := func(id string) (text string) {
			require.NoError(sc, sc.s.DB().Raw(`SELECT evidence FROM operation_runs WHERE id = ?`, id).Row().Scan(&text))
			return text
		}
		ended := modelstest.Reconciled(sc.T, sc.at(0), sc.world.NewRun())
		require.NotEqual(sc, "{}", stored(ended.ID), "an end is recorded with its evidence")
		for _, odd := range []string{`by hand`, `{"answer": "answered", "weather": "fine"}`} {
			require.NoError(sc, sc.s.DB().Exec(`UPDATE operation_runs SET evidence = ? WHERE id = ?`, odd, ended.ID).Error)
			for _, c := range []lifecycle.Change{{Kind: lifecycle.Acknowledged, Note: "known"}, {Kind: lifecycle.Reopened}} {
				c.Actor = "Olga"
				_, err := sc.s.Transition(sc.Context(), ended.ID, c)
				require.NoError(sc, err)
				require.Equal(sc, odd, stored(ended.ID), c.Kind)
			}
		}
	})
}

func unservedFor(d time.Duration) lifecycle.Evidence {
	e := lifecycle.NoEvidence(lifecycle.Answered)
	e.Execution, e.WorkersSeen, e.PollerAge = lifecycle.ExecRunning, d, d
	return e
}
