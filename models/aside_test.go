package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// A child workflow may outlast the execution that started it, and then bears its name.
var child = models.Beat{TemporalRunID: "t0", ActivityID: "wrapped", Attempt: 1, Aside: true}

func TestAChildIsASignOfLifeAndOwnsNothing(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		require.Empty(sc, sc.beat(time.Second, child), "of a run that nobody owns yet, too")
		run, _ := sc.read(time.Second)
		require.Zero(sc, run.Owner)

		parent := models.Beat{TemporalRunID: "t1", ActivityID: "wrapped", Attempt: 1, StartedAge: time.Second}
		require.Empty(sc, sc.beat(2*time.Second, parent))
		before, _ := sc.read(2 * time.Second)
		young := child
		require.Empty(sc, sc.beat(12*time.Second, young), "its activity began later")
		after, _ := sc.read(12 * time.Second)
		require.Equal(sc, before.Owner, after.Owner)
		require.Equal(sc, modelstest.Epoch.Add(12*time.Second), after.Facts.LivenessAt)
		parent.StartedAge = 12 * time.Second
		require.Empty(sc, sc.beat(13*time.Second, parent), "the parent goes on")

		// Both together, whoever is heard last.
		old := parent
		old.Age, old.StartedAge, young.Age = 6*time.Second, 19*time.Second, time.Second
		for _, b := range []*models.Beat{&old, &young} {
			b.RunID = sc.run.ID
		}
		rejected, err := sc.at(20*time.Second).RecordBeats(sc.Context(), worker, []models.Beat{young, old})
		require.NoError(sc, err)
		require.Empty(sc, rejected)
		after, _ = sc.read(20 * time.Second)
		require.Equal(sc, before.Owner, after.Owner)
		require.Equal(sc, modelstest.Epoch.Add(19*time.Second), after.Facts.LivenessAt)

		modelstest.Finish(sc.T, sc.at(21*time.Second), after, lifecycle.Succeeded)
		require.Len(sc, sc.beat(22*time.Second, child), 1, "the run is over for it, too")
	})
}

func TestAChildsActivityEndsNoWaitOfItsParent(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		sc.beat(time.Second, models.Beat{TemporalRunID: "t1", ActivityID: "wrapped", Attempt: 1})
		wait := lifecycle.Wait{ID: "t1-1", Kind: lifecycle.DurableWait, Reason: "an approval", By: "step"}
		require.NoError(sc, sc.at(2*time.Second).DeclareWait(sc.Context(), sc.run.ID, wait, time.Hour))
		sc.beat(10*time.Second, child)
		_, truth := sc.read(10 * time.Second)
		require.Equal(sc, lifecycle.StateWaiting, truth.State)

		held := child
		held.Held = &models.HeldWait{Reason: "rate limit", By: "c", Lasts: 2 * time.Hour}
		sc.beat(11*time.Second, held)
		run, _ := sc.read(11 * time.Second)
		require.Equal(sc, "an approval", run.Facts.Wait.Reason, "nobody would end one of its own")
	})
}
