package models_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/opstruth/opstruth/internal/dbfault"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// A batch may stand in line behind other writers. Its ages are those of the moment at which it was handed in: a sign
// must not look newer than it is, nor a step later than the one that follows it.
func TestABatchThatHasToWaitDoesNotGrowYounger(t *testing.T) {
	t.Parallel()
	dbfault.ForEachStore(t, func(t *testing.T, s *models.Store) {
		t.Helper()
		run := modelstest.Running(t, s, modelstest.Seed(t, s).Patient().NewRun())
		locked, release, holder := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			holder <- s.Write(t.Context(), func(tx *gorm.DB) error {
				err := tx.Exec(`UPDATE run_liveness SET version = version WHERE run_id = ?`, run.ID).Error
				close(locked)
				<-release
				return err
			})
		}()
		<-locked
		handed, written := make(chan struct{}), make(chan error, 1)
		clockWasRead := sync.OnceFunc(func() { close(handed) })
		waits := dbfault.Watch(t.Context(), func(p dbfault.Point) error {
			if p.After {
				clockWasRead() // with the first of its statements
			}
			return nil
		})
		go func() {
			_, err := s.RecordBeats(waits, worker, []models.Beat{{RunID: run.ID, TemporalRunID: "t", ActivityID: "1", Attempt: 1}})
			written <- err
		}()
		<-handed
		before, err := s.Now(t.Context())
		require.NoError(t, err)
		for now := before; now.Sub(before) < 10*time.Millisecond; { // any time that is not none
			now, err = s.Now(t.Context())
			require.NoError(t, err)
		}
		close(release)
		require.NoError(t, <-holder)
		require.NoError(t, <-written)
		after, _, err := s.Run(t.Context(), models.Engine(), run.ID)
		require.NoError(t, err)
		require.Equal(t, 1, after.Owner.Attempt)
		require.False(t, after.Facts.LivenessAt.After(before), "the beat is as old as when it was handed in")
		require.False(t, after.Owner.StartedAt.After(before), "and so is its attempt")
	})
}

func TestAHandoverEndsWithTheNextBeatWhoeverMakesIt(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		// The step before was of the worker that stops; the next one is at work elsewhere.
		theirs := models.Beat{TemporalRunID: "t", ActivityID: "2", Attempt: 1}
		sc.beat(time.Second, theirs)
		require.NoError(sc, sc.at(2*time.Second).HandOver(sc.Context(), worker.ID, []string{sc.run.ID}, time.Minute))
		sc.beat(5*time.Second, theirs)
		run, truth := sc.read(6 * time.Second)
		require.Equal(sc, lifecycle.StateRunning, truth.State)
		require.Equal(sc, modelstest.Epoch.Add(25*time.Second), run.Facts.StaleAt, "its own worker's death is noticed in time")
	})
}

func TestBeatsThatCouldNotBeWrittenAreNoSilence(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		b := models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1}
		sc.beat(0, b)
		// The record was away from 5 s on; the attempt beat all the time.
		b.MissedAge = 55 * time.Second
		require.Empty(sc, sc.beat(time.Minute, b))
		run, truth := sc.read(time.Minute)
		require.Equal(sc, lifecycle.FreshActive, truth.Freshness)
		require.False(sc, truth.StaleLineage, "it was not the run that was silent")
		require.Equal(sc, 1, run.GapEpisodes)
		require.True(sc, run.Facts.FirstStaleAt.IsZero())

		// Missed beats that began after the deadline explain nothing.
		b.MissedAge = 5 * time.Second
		require.Empty(sc, sc.beat(2*time.Minute, b))
		run, truth = sc.read(2 * time.Minute)
		require.True(sc, truth.StaleLineage)
		require.Equal(sc, 1, run.Facts.StaleEpisodes)
		require.Equal(sc, 1, run.GapEpisodes)
	})
}

// A step that cannot write its items fails, and the next attempt begins once the record is back.
func TestBeatsThatAnEndedStepCouldNotWriteAreNoSilence(t *testing.T) {
	t.Parallel()
	first := models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1, StartedAge: 60 * time.Second, Age: 45 * time.Second, MissedAge: 55 * time.Second}
	second := models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 2}
	for name, batches := range map[string][][]models.Beat{
		"told before the next attempt": {{first}, {second}},
		"told together with it":        {{first, second}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEachScene(t, nil, func(sc *scene) {
				sc.beat(0, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1})
				for _, beats := range batches {
					beats = slices.Clone(beats)
					for i := range beats {
						beats[i].RunID = sc.run.ID
					}
					_, err := sc.at(time.Minute).RecordBeats(sc.Context(), worker, beats)
					require.NoError(sc, err)
				}
				run, truth := sc.read(time.Minute)
				require.Equal(sc, lifecycle.FreshActive, truth.Freshness)
				require.Equal(sc, 2, run.Owner.Attempt)
				require.False(sc, truth.StaleLineage, "it was not the run that was silent")
				require.Equal(sc, 1, run.GapEpisodes)
			})
		})
	}
}

// A workflow that is reset from outside leaves its wait behind. The steps of a run never overlap its waits.
func TestAStepThatBeganAfterAWaitEndsIt(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		before := models.Beat{TemporalRunID: "t1", ActivityID: "5", Attempt: 1}
		sc.beat(time.Second, before)
		wait := lifecycle.Wait{ID: "t1-1", Kind: lifecycle.DurableWait, Reason: "approval", By: "step"}
		require.NoError(sc, sc.at(2*time.Second).DeclareWait(sc.Context(), sc.run.ID, wait, 24*time.Hour))
		before.StartedAge = 2 * time.Second
		sc.beat(3*time.Second, before)
		_, truth := sc.read(3 * time.Second)
		require.Equal(sc, lifecycle.StateWaiting, truth.State, "a beat of the step before it says nothing")

		sc.beat(10*time.Second, models.Beat{TemporalRunID: "t2", ActivityID: "5", Attempt: 1, StartedAge: time.Second})
		run, truth := sc.read(11 * time.Second)
		require.Equal(sc, lifecycle.StateRunning, truth.State)
		require.Equal(sc, modelstest.Epoch.Add(30*time.Second), run.Facts.StaleAt, "its worker's death is noticed in time")
		require.NoError(sc, sc.at(12*time.Second).EndWait(sc.Context(), sc.run.ID, "t1-1"), "an ended wait")
	})
}

// A workflow that is reset to its wait declares it again, under the same name. The step that followed the first one is cut
// off, and says so later.
func TestAWaitThatIsDeclaredAgainBeginsAnew(t *testing.T) {
	t.Parallel()
	policy := func(p *lifecycle.Policy) { p.MaxWait = time.Hour }
	forEachScene(t, policy, func(sc *scene) {
		wait := lifecycle.Wait{ID: "t1-1", Kind: lifecycle.DurableWait, Reason: "approval", By: "step"}
		require.NoError(sc, sc.at(2*time.Second).DeclareWait(sc.Context(), sc.run.ID, wait, 24*time.Hour))
		require.NoError(sc, sc.at(12*time.Second).DeclareWait(sc.Context(), sc.run.ID, wait, 24*time.Hour))
		sc.beat(13*time.Second, models.Beat{TemporalRunID: "t1", ActivityID: "5", Attempt: 1, StartedAge: 2 * time.Second})
		run, truth := sc.read(13 * time.Second)
		require.Equal(sc, lifecycle.StateWaiting, truth.State)
		require.Equal(sc, modelstest.Epoch.Add(12*time.Second), run.Facts.Wait.Since)
		require.Equal(sc, modelstest.Epoch.Add(2*time.Second+time.Hour), run.Facts.Wait.Until, "what it has lasted counts")
		require.Equal(sc, 10*time.Second, run.Facts.Waited)
	})
}

// Somebody who resets an activity in Temporal makes its attempts count from one again.
func TestAResetActivityOwnsItsRun(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		fifth := models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 5, StartedAge: time.Second}
		require.Empty(sc, sc.beat(10*time.Second, fifth))
		anew := models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1, StartedAge: time.Second}
		require.Empty(sc, sc.beat(30*time.Second, anew), "what began later owns the run, whatever its number")
		run, _ := sc.read(30 * time.Second)
		require.Equal(sc, 1, run.Owner.Attempt)

		fifth.StartedAge = 22 * time.Second
		require.Len(sc, sc.beat(31*time.Second, fifth), 1, "the one before it is told")
		anew.StartedAge = 3 * time.Second
		require.Empty(sc, sc.beat(32*time.Second, anew))
		first := models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 2, StartedAge: time.Second}
		require.Empty(sc, sc.beat(33*time.Second, first), "its own next attempt follows it")
		anew.StartedAge = 5 * time.Second
		require.Len(sc, sc.beat(34*time.Second, anew), 1)
	})
}

// An attempt that Temporal gave up may work on without looking at its context. What it reports counts, and is no sign of
// life of the run.
func TestItemsOfACutOffStepKeepNoRunFresh(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		sc.beat(time.Second, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1})
		require.NoError(sc, sc.at(15*time.Second).SavePlan(sc.Context(), sc.run.ID, 3, ""))
		require.NoError(sc, sc.at(15*time.Second).RecordItems(sc.Context(), sc.run.ID, []models.Item{{Key: "a", State: models.ItemSucceeded}}))
		run, truth := sc.read(21 * time.Second)
		require.Equal(sc, lifecycle.LikelyStale, truth.Freshness)
		require.Equal(sc, modelstest.Epoch.Add(time.Second), run.Facts.LivenessAt)
		require.Equal(sc, modelstest.Epoch.Add(15*time.Second), run.Facts.ProgressAt)
		require.Equal(sc, int64(1), run.Facts.Counts.Succeeded)
	})
}

// The last step of a run ends while the record is away. Its end is written as soon as it can be, which may be long after
// the run's deadline; the run was never silent.
func TestAnEndThatTheRecordCouldNotTakeIsNoSilence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		waited  time.Duration
		flagged bool
		lineage bool
	}{
		"it ended in time, and waited":        {waited: 50 * time.Second},
		"it ended late, and waited":           {waited: 30 * time.Second, lineage: true},
		"it did not wait":                     {lineage: true},
		"it was flagged: people have seen it": {waited: 50 * time.Second, flagged: true, lineage: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEachScene(t, nil, func(sc *scene) {
				sc.beat(time.Second, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1})
				if c.flagged {
					sc.silent(22*time.Second, lifecycle.NoWorkers)
				}
				run, err := sc.at(time.Minute).Transition(sc.Context(), sc.run.ID, lifecycle.Change{
					Kind: lifecycle.Finished, Token: "own", Outcome: lifecycle.Succeeded, Waited: c.waited,
				})
				require.NoError(sc, err)
				require.Equal(sc, c.lineage, run.Truth(modelstest.Epoch.Add(time.Minute)).StaleLineage)
				require.Equal(sc, c.lineage, run.GapEpisodes == 0)
			})
		})
	}
}
