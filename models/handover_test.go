package models_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/opstruth/opstruth/internal/dbfault"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// crew stores so many running runs, and the worker that has them.
func (sc *scene) crew(n int) []string {
	sc.Helper()
	var runs []string
	var beats []models.Beat
	for range n {
		run := modelstest.Running(sc.T, sc.at(0), sc.world.NewRun())
		runs = append(runs, run.ID)
		beats = append(beats, models.Beat{RunID: run.ID, TemporalRunID: "t", ActivityID: "1", Attempt: 1})
	}
	rejected, err := sc.at(time.Second).RecordBeats(sc.Context(), worker, beats)
	require.NoError(sc, err)
	require.Empty(sc, rejected)
	return runs
}

func (sc *scene) waiting(at time.Duration, ids []string) (waiting, active int) {
	sc.Helper()
	for _, id := range ids {
		run, now, err := sc.at(at).Run(sc.Context(), models.Engine(), id)
		require.NoError(sc, err)
		if run.Facts.Status.Active() {
			active++
		}
		if run.Truth(now).State == lifecycle.StateWaiting {
			require.Equal(sc, lifecycle.HandoverWait, run.Facts.Wait.ID)
			require.Equal(sc, worker.ID, run.Facts.Wait.By)
			require.Equal(sc, lifecycle.WaitDeclared, kinds(sc.T, sc.s, id)[0])
			waiting++
		}
	}
	return waiting, active
}

// Handing over takes few statements, however many runs there are, and ends where others' rows are in the way.
func TestHandOverOfManyRuns(t *testing.T) {
	t.Parallel()
	dbfault.ForEachStore(t, func(t *testing.T, s *models.Store) {
		t.Helper()
		sc := &scene{T: t, s: s, world: modelstest.Seed(t, s)}
		runs := sc.crew(150)
		modelstest.Finish(t, sc.at(time.Second), models.Run{ID: runs[7]}, lifecycle.Succeeded)
		statements := 0
		counted := dbfault.Watch(t.Context(), dbfault.Count(&statements))
		require.NoError(t, sc.at(2*time.Second).HandOver(counted, worker.ID, append(runs, runs...), time.Minute))
		waiting, active := sc.waiting(30*time.Second, runs)
		require.Equal(t, 149, active)
		require.Equal(t, 149, waiting)
		require.Less(t, statements, 100)
		require.Zero(t, count(t, s, `SELECT COUNT(*) FROM workers`))
		run, _, err := s.Run(t.Context(), models.Engine(), runs[0])
		require.NoError(t, err)
		require.Equal(t, modelstest.Epoch.Add(72*time.Second), run.Facts.StaleAt, "the wait and its slack")
	})
}

func TestHandOverPassesOverARunThatIsHeld(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		if s.Dialect() == "sqlite" {
			t.Skip("its transactions take turns")
		}
		sc := &scene{T: t, s: s, world: modelstest.Seed(t, s)}
		runs := sc.crew(20)
		held, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			done <- s.Write(context.WithoutCancel(t.Context()), func(tx *gorm.DB) error {
				err := tx.Exec(`SELECT 1 FROM run_liveness WHERE run_id = ? FOR UPDATE`, runs[3]).Error
				close(held)
				<-release
				return err
			})
		}()
		<-held
		err := sc.at(2*time.Second).HandOver(t.Context(), worker.ID, runs, time.Minute)
		close(release)
		require.NoError(t, <-done)
		require.ErrorContains(t, err, runs[3])
		require.NotContains(t, err.Error(), runs[4])
		waiting, _ := sc.waiting(15*time.Second, runs)
		require.Equal(t, 19, waiting)
		require.Zero(t, count(t, s, `SELECT COUNT(*) FROM workers`), "the worker has said goodbye")
	})
}

// Its time may be over before all runs are handed over.
func TestAWorkerLeavesAlthoughNoRunCouldBeHandedOver(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		runs := sc.crew(3)
		over, cancel := context.WithDeadline(sc.Context(), time.Now().Add(-time.Second))
		defer cancel()
		require.ErrorIs(sc, sc.at(2*time.Second).HandOver(over, worker.ID, runs, time.Minute), context.DeadlineExceeded)
		require.Zero(sc, count(sc.T, sc.s, `SELECT COUNT(*) FROM workers`))
		waiting, _ := sc.waiting(10*time.Second, runs)
		require.Zero(sc, waiting)
	})
}
