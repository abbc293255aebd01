package models_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func TestRunGoesFromQueuedToItsEnd(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		run := modelstest.Queued(t, s, w.NewRun(func(n *models.NewRun) { n.Input = json.RawMessage(`{"items":3}`) }))
		require.Equal(t, lifecycle.Queued, run.Facts.Status)
		require.Equal(t, run.Facts.QueuedAt.Add(run.Facts.Policy.QueuedStaleAfter), run.Facts.StaleAt)
		require.Equal(t, "acme", run.WorkspaceSlug)
		require.Equal(t, "North", run.TenantName)
		require.JSONEq(t, `{"items":3}`, string(run.Input))

		require.NoError(t, s.SetDispatched(ctx, run.ID, "first", "ns", "cluster"))
		require.NoError(t, s.SetDispatched(ctx, run.ID, "other", "ns", "cluster"), "dispatching twice is no error")
		run, err := s.Transition(ctx, run.ID, lifecycle.Change{Kind: lifecycle.Started})
		require.NoError(t, err)
		require.Equal(t, "first", run.FirstRunID)
		require.Equal(t, run.Facts.LivenessAt.Add(run.Facts.Policy.StaleAfter), run.Facts.StaleAt)

		require.NoError(t, s.SavePlan(ctx, run.ID, 3, ""))
		require.NoError(t, s.RecordItems(ctx, run.ID, []models.Item{
			{Key: "a", State: models.ItemSucceeded}, {Key: "b", State: models.ItemFailed, Message: "no"},
		}))
		require.NoError(t, s.SaveArtifact(ctx, run.ID, "diff.json", "application/json", []byte("{}")))
		run = modelstest.Finish(t, s, run, lifecycle.PartiallySucceeded)
		require.Equal(t, lifecycle.Completed, run.Facts.Status)
		require.Equal(t, lifecycle.Counts{Total: 3, Processed: 2, Succeeded: 1, Failed: 1}, run.Facts.Counts)
		require.Equal(t, "b", run.Facts.LastItem)
		require.True(t, run.Facts.StaleAt.IsZero(), "an ended run has no deadline")

		again, now, err := s.Run(ctx, w.OwnerScope, run.ID)
		require.NoError(t, err)
		require.Equal(t, run, again)
		require.False(t, now.Before(run.Facts.CompletedAt))
		require.Equal(t, []lifecycle.Kind{
			lifecycle.Finished, lifecycle.Planned, lifecycle.Started, lifecycle.Dispatched, lifecycle.Enqueued,
		}, kinds(t, s, run.ID))
		_, err = s.Transition(ctx, "missing", lifecycle.Change{Kind: lifecycle.Started})
		require.ErrorIs(t, err, models.ErrNotFound)
	})
}

func TestStartingTwice(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		keyed := w.NewRun(func(n *models.NewRun) {
			n.IdempotencyKey, n.Exclusive, n.Input = "k1", true, json.RawMessage(`{"a":1,"b":2}`)
		})
		first := modelstest.Queued(t, s, keyed)

		keyed.Input = json.RawMessage(`{ "b": 2, "a": 1 }`)
		second, created, err := s.CreateRun(ctx, keyed)
		require.NoError(t, err)
		require.False(t, created)
		require.Equal(t, first.ID, second.ID)

		keyed.Input = json.RawMessage(`{"a":2}`)
		_, _, err = s.CreateRun(ctx, keyed)
		require.ErrorIs(t, err, models.ErrIdempotencyConflict)

		keyed.IdempotencyKey = ""
		_, _, err = s.CreateRun(ctx, keyed)
		var active models.ErrAlreadyActive
		require.ErrorAs(t, err, &active)
		require.Equal(t, first.ID, active.RunID)

		modelstest.Finish(t, s, first, lifecycle.Succeeded)
		modelstest.Queued(t, s, keyed)
	})
}

func TestTenantlessRunNeedsAllTenants(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		run := modelstest.Queued(t, s, w.NewRun(func(n *models.NewRun) { n.TenantID = "" }))
		_, _, err := s.Run(ctx, w.OwnerScope, run.ID)
		require.NoError(t, err)
		_, _, err = s.Run(ctx, w.ViewerScope, run.ID)
		require.ErrorIs(t, err, models.ErrNotFound)
	})
}

func TestScopeIsolation(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		run := modelstest.Ended(t, s, w.NewRun(func(n *models.NewRun) { n.TenantID = w.South.ID }), lifecycle.Failed)
		for name, c := range map[string]struct {
			scope models.Scope
			want  error
		}{
			"none":          {models.Scope{}, models.ErrNoScope},
			"nothing":       {models.Member(), models.ErrNotFound},
			"other tenant":  {w.ViewerScope, models.ErrNotFound},
			"stranger":      {w.StrangerScope, models.ErrNotFound},
			"member":        {w.OwnerScope, nil},
			"platform":      {models.Platform(), nil},
			"engine":        {models.Engine(), nil},
			"forged tenant": {models.Member(models.Grant{WorkspaceID: w.Globex.ID, TenantIDs: []string{w.South.ID}}), models.ErrNotFound},
		} {
			_, _, err := s.Run(ctx, c.scope, run.ID)
			require.ErrorIs(t, err, c.want, name)
			_, _, err = s.Timeline(ctx, c.scope, run.ID, models.Page{})
			require.ErrorIs(t, err, c.want, name)
			_, _, err = s.Items(ctx, c.scope, run.ID, models.ItemFilter{}, models.Page{})
			require.ErrorIs(t, err, c.want, name)
			_, err = s.Artifacts(ctx, c.scope, run.ID)
			require.ErrorIs(t, err, c.want, name)
			page, err := s.ListRuns(ctx, c.scope, models.Filter{}, models.Page{})
			sum, sumErr := s.Summary(ctx, c.scope, models.Filter{})
			if errors.Is(c.want, models.ErrNoScope) {
				require.ErrorIs(t, err, c.want)
				require.ErrorIs(t, sumErr, c.want)
				continue
			}
			require.NoError(t, err)
			require.NoError(t, sumErr)
			require.Equal(t, c.want == nil, len(page.Runs) == 1, name)
			require.Equal(t, c.want == nil, sum.FollowUpRecent == 1, name)
		}
	})
}

// kinds lists the kinds of a run's events, the newest first.
func kinds(t *testing.T, s *models.Store, runID string) []lifecycle.Kind {
	t.Helper()
	events, next, err := s.Timeline(t.Context(), models.Engine(), runID, models.Page{Limit: 500})
	require.NoError(t, err)
	require.Empty(t, next)
	var all []lifecycle.Kind
	for _, e := range events {
		all = append(all, e.Kind)
	}
	return all
}

func TestRunStaysInTheTenantsWorkspace(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		_, _, err := s.CreateRun(t.Context(), w.NewRun(func(n *models.NewRun) { n.TenantID = w.West.ID }))
		require.Error(t, err)
		require.Zero(t, count(t, s, `SELECT COUNT(*) FROM operation_runs`))
	})
}

func TestAnExclusiveStartIsNeverRefusedForNothing(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		wish := w.NewRun(func(n *models.NewRun) { n.Exclusive = true })
		start := func() error {
			for range 30 {
				run, _, err := s.CreateRun(t.Context(), wish)
				var active models.ErrAlreadyActive
				if errors.As(err, &active) {
					continue
				}
				if err != nil {
					return err
				}
				_, err = s.Transition(t.Context(), run.ID, lifecycle.Change{Kind: lifecycle.Finished, Token: "t", Outcome: lifecycle.Succeeded})
				if err != nil {
					return err
				}
			}
			return nil
		}
		require.Equal(t, []error{nil, nil, nil, nil}, together(start, start, start, start))
	})
}
