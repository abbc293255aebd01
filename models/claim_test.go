package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// whoDid are a run's events of these kinds with their actors, the oldest first.
func whoDid(t *testing.T, s *models.Store, id string, of ...lifecycle.Kind) []string {
	t.Helper()
	events, _, err := s.Timeline(t.Context(), models.Engine(), id, models.Page{Limit: 100})
	require.NoError(t, err)
	var all []string
	for i := len(events) - 1; i >= 0; i-- {
		for _, k := range of {
			if events[i].Kind == k {
				all = append(all, string(k)+" "+events[i].Actor)
			}
		}
	}
	return all
}

func TestSomebodyIsOnAStuckRun(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		at := modelstest.At(s, modelstest.Epoch)
		run := modelstest.Running(t, at, w.NewRun())
		claim := func(s *models.Store, who string) (models.Run, error) {
			return s.Transition(t.Context(), run.ID, lifecycle.Change{Kind: lifecycle.Claimed, Actor: who, ActorID: "id of " + who})
		}
		_, err := claim(at, "Olga")
		require.ErrorIs(t, err, lifecycle.ErrNotAllowed, "nothing is wrong with it")

		late := modelstest.At(s, modelstest.Epoch.Add(time.Hour))
		got, err := claim(late, "Olga")
		require.NoError(t, err)
		require.Equal(t, lifecycle.Claim{At: modelstest.Epoch.Add(time.Hour), By: "Olga", ByID: "id of Olga"}, got.Facts.Claim)
		stuck, err := late.Summary(t.Context(), w.OwnerScope, models.Filter{})
		require.NoError(t, err)
		require.EqualValues(t, 1, stuck.LikelyStuck, "it still counts")

		got, err = claim(late, "Oscar")
		require.NoError(t, err)
		require.Equal(t, "Oscar", got.Facts.Claim.By)
		_, err = late.Transition(t.Context(), run.ID, lifecycle.Change{Kind: lifecycle.Released, Actor: "Oscar"})
		require.NoError(t, err)
		_, err = claim(late, "Olga")
		require.NoError(t, err)
		require.Equal(t, []string{"claimed Olga", "claimed Oscar", "released Oscar", "claimed Olga"}, whoDid(t, s, run.ID, lifecycle.Claimed, lifecycle.Released))

		ended := modelstest.Finish(t, late, got, lifecycle.Failed)
		require.Equal(t, lifecycle.Claim{}, ended.Facts.Claim, "its end releases it")
		got, err = claim(late, "Oscar")
		require.NoError(t, err, "an open follow-up can be taken on as well")
		require.Equal(t, "Oscar", got.Facts.Claim.By)
		require.True(t, got.Truth(modelstest.Epoch.Add(time.Hour)).Open)
	})
}

func TestARunKnowsItsRetry(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		run := func(change ...func(*models.NewRun)) models.NewRun {
			return w.NewRun(append(change, func(n *models.NewRun) { n.Supersedes = true })...)
		}
		of := func(id string) func(*models.NewRun) { return func(n *models.NewRun) { n.RetryOf = id } }
		load := func(id string) models.Run {
			r, _, err := s.Run(t.Context(), models.Engine(), id)
			require.NoError(t, err)
			return r
		}
		first := modelstest.Running(t, s, run())
		_, _, err := s.CreateRun(t.Context(), run(of(first.ID)))
		require.ErrorIs(t, err, lifecycle.ErrNotAllowed, "it may still do its work")
		first = modelstest.Finish(t, s, first, lifecycle.Failed)

		second := modelstest.Ended(t, s, run(of(first.ID), func(n *models.NewRun) { n.IdempotencyKey = "k" }), lifecycle.Failed)
		require.Equal(t, second.ID, load(first.ID).Facts.RetriedBy)
		again, created, err := s.CreateRun(t.Context(), run(of(first.ID), func(n *models.NewRun) { n.IdempotencyKey = "k" }))
		require.NoError(t, err)
		require.False(t, created)
		require.Equal(t, second.ID, again.ID)
		require.Equal(t, []string{"retried Olga"}, whoDid(t, s, first.ID, lifecycle.Retried), "the same wish again is no second retry")

		third := modelstest.Ended(t, s, run(of(second.ID)), lifecycle.Succeeded)
		require.Empty(t, load(third.ID).Facts.RetriedBy)
		outside := modelstest.Ended(t, s, run(func(n *models.NewRun) { n.TenantID = w.South.ID }, of(third.ID)), lifecycle.Succeeded)

		l, err := s.Lineage(t.Context(), w.OwnerScope, load(second.ID), 5)
		require.NoError(t, err)
		require.Equal(t, first.ID, l.RetryOf.ID)
		require.Equal(t, []string{third.ID}, ids(l.Retries))
		require.Equal(t, third.ID, l.SupersededBy.ID)
		require.Empty(t, l.Superseded)

		l, err = s.Lineage(t.Context(), w.ViewerScope, load(third.ID), 1)
		require.NoError(t, err)
		require.Equal(t, second.ID, l.RetryOf.ID)
		require.Empty(t, l.Retries, "the viewer may not see %s", outside.ID)
		require.Equal(t, []string{second.ID}, ids(l.Superseded), "one of the two, the newest")
		require.Nil(t, l.SupersededBy)
	})
}
