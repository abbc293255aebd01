package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/pgtest/pgstore"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// tells is the next reading.
func tells(t *testing.T, r *models.ChangeReader) []models.Changed {
	t.Helper()
	changed, complete, err := r.Next(t.Context())
	require.NoError(t, err)
	require.True(t, complete)
	return changed
}

func of(runs ...models.Run) []models.Changed {
	var all []models.Changed
	for _, r := range runs {
		all = append(all, models.Changed{RunID: r.ID, WorkspaceID: r.WorkspaceID, TenantID: r.TenantID})
	}
	return all
}

func TestChangesAreToldOnce(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s).Patient()
		old := modelstest.Running(t, s, w.NewRun())
		r := s.NewChangeReader()
		require.Empty(t, tells(t, r), "what was there before is no news")
		require.Empty(t, tells(t, r))

		one := modelstest.Queued(t, s, w.NewRun())
		two := modelstest.Queued(t, s, w.NewRun(func(n *models.NewRun) { n.TenantID = "" }))
		require.ElementsMatch(t, of(one, two), tells(t, r))
		require.Empty(t, tells(t, r))

		_, err := s.Transition(t.Context(), old.ID, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Olga"})
		require.NoError(t, err)
		require.Equal(t, of(old), tells(t, r))
		modelstest.Finish(t, s, old, lifecycle.Cancelled)
		require.Equal(t, of(old), tells(t, r))
		require.Empty(t, tells(t, r))
	})
}

func TestChangesAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	s := modelstest.New(t)
	w := modelstest.Seed(t, s).Patient()
	run := modelstest.Running(t, s, w.NewRun())
	r := s.NewChangeReader()
	require.Empty(t, tells(t, r))
	last := modelstest.Queued(t, s, w.NewRun())
	many := `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
		INSERT INTO run_events (run_id, at, kind) SELECT ?, 1, 'planned' FROM n`
	require.NoError(t, s.DB().Exec(many, run.ID).Error)
	require.NoError(t, s.DB().Exec(`INSERT INTO run_events (run_id, at, kind) VALUES (?, 1, 'planned')`, last.ID).Error)
	require.ElementsMatch(t, of(run, last), tells(t, r))
	require.Empty(t, tells(t, r))
}

// A deadline that passes and counts that move leave no event.
func TestChangesWithoutAnEventAreTold(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		run := modelstest.Running(t, modelstest.At(s, modelstest.Epoch), w.NewRun())
		reader := func(after time.Duration) *models.Store { return modelstest.At(s, modelstest.Epoch.Add(after)) }

		r := reader(time.Second).NewChangeReader()
		require.Empty(t, tells(t, r))
		stale := run.Facts.Policy.StaleAfter
		r.WithStore(reader(stale - time.Microsecond))
		require.Empty(t, tells(t, r))
		r.WithStore(reader(stale))
		require.Equal(t, of(run), tells(t, r), "its deadline has passed")
		r.WithStore(reader(stale + time.Second))
		require.Empty(t, tells(t, r))

		later := reader(stale + 2*time.Second)
		require.NoError(t, later.RecordItems(t.Context(), run.ID, []models.Item{{Key: "a", State: models.ItemSucceeded}}))
		r.WithStore(reader(stale + 3*time.Second))
		require.Equal(t, of(run), tells(t, r))
		require.NoError(t, reader(stale+4*time.Second).RecordItems(t.Context(), run.ID, []models.Item{{Key: "b", State: models.ItemSucceeded}}))
		r.WithStore(reader(stale + 5*time.Second))
		require.Equal(t, of(run), tells(t, r), "the counts moved, and nothing else did")
		r.WithStore(reader(stale + 6*time.Second))
		require.Empty(t, tells(t, r))
	})
}

// Ids are given out before their transactions commit.
func TestAnEventThatCommitsLateIsTold(t *testing.T) {
	t.Parallel()
	s := pgstore.New(t)
	w := modelstest.Seed(t, s).Patient()
	early, late, never := modelstest.Queued(t, s, w.NewRun()), modelstest.Queued(t, s, w.NewRun()), modelstest.Queued(t, s, w.NewRun())
	insert := `INSERT INTO run_events (run_id, at, kind) VALUES (?, 1, 'planned')`

	open := s.DB().Begin()
	require.NoError(t, open.Exec(insert, early.ID).Error)
	modelstest.Queued(t, s, w.NewRun())
	r := s.NewChangeReader()
	require.Empty(t, tells(t, r), "it begins while one is open")
	require.NoError(t, open.Commit().Error)
	require.Equal(t, of(early), tells(t, r))

	open = s.DB().Begin()
	require.NoError(t, open.Exec(insert, late.ID).Error)
	back := s.DB().Begin()
	require.NoError(t, back.Exec(insert, never.ID).Error)
	quick := modelstest.Queued(t, s, w.NewRun())
	require.Equal(t, of(quick), tells(t, r))
	require.Empty(t, tells(t, r))
	require.NoError(t, back.Rollback().Error)
	require.NoError(t, open.Commit().Error)
	require.Equal(t, of(late), tells(t, r))
	require.Empty(t, tells(t, r))
	require.Equal(t, 1, r.Unseen(), "the one that never came is looked for a while")
	r.WithStore(s.WithClock(s.ClockSQL() + ` + 31000000`))
	require.Empty(t, tells(t, r))
	require.Zero(t, r.Unseen())
}

func TestAReadingThatLeavesTooMuchOutSaysSo(t *testing.T) {
	t.Parallel()
	s := modelstest.New(t)
	w := modelstest.Seed(t, s).Patient()
	run := modelstest.Queued(t, s, w.NewRun())
	r := s.NewChangeReader()
	require.Empty(t, tells(t, r))
	require.NoError(t, s.DB().Exec(`INSERT INTO run_events (id, run_id, at, kind) VALUES (1000000, ?, 1, 'planned')`, run.ID).Error)
	_, complete, err := r.Next(t.Context())
	require.NoError(t, err)
	require.False(t, complete)
	require.Empty(t, tells(t, r), "and goes on from there")
}

func TestSeesIsTheScopesCondition(t *testing.T) {
	t.Parallel()
	s := modelstest.New(t)
	w := modelstest.Seed(t, s).Patient()
	for _, run := range []models.Run{
		modelstest.Queued(t, s, w.NewRun()),
		modelstest.Queued(t, s, w.NewRun(func(n *models.NewRun) { n.TenantID = w.South.ID })),
		modelstest.Queued(t, s, w.NewRun(func(n *models.NewRun) { n.TenantID = "" })),
		modelstest.Queued(t, s, w.NewRun(func(n *models.NewRun) { n.WorkspaceID, n.TenantID = w.Globex.ID, w.West.ID })),
	} {
		for _, scope := range []models.Scope{
			w.OwnerScope, w.ViewerScope, w.StrangerScope, models.Platform(), models.Engine(), models.Member(),
			models.Member(models.Grant{WorkspaceID: w.Acme.ID}),
		} {
			_, _, err := s.Run(t.Context(), scope, run.ID)
			require.Equal(t, err == nil, scope.Sees(run.WorkspaceID, run.TenantID), "%v %v", scope, run.ID)
		}
		require.False(t, models.Scope{}.Sees(run.WorkspaceID, run.TenantID))
	}
}

// What one of its queries has found must not be lost because the next one fails.
func TestAReadingThatFailsHalfWayIsMadeUpFor(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s).Patient()
		run := modelstest.Ended(t, s, w.NewRun(), lifecycle.Failed)
		r := s.NewChangeReader()
		require.Empty(t, tells(t, r))
		_, err := s.Transition(t.Context(), run.ID, lifecycle.Change{Kind: lifecycle.Acknowledged, Note: "known"})
		require.NoError(t, err)
		require.NoError(t, s.DB().Exec(`ALTER TABLE run_liveness RENAME TO away`).Error)
		_, _, err = r.Next(t.Context())
		require.Error(t, err)
		require.NoError(t, s.DB().Exec(`ALTER TABLE away RENAME TO run_liveness`).Error)
		require.Equal(t, of(run), tells(t, r))
		require.Empty(t, tells(t, r))
	})
}
