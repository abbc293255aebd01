package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

func TestCensusCountsWhatDeriveSays(t *testing.T) {
	t.Parallel()

	forEachStore(t, func(t *testing.T, s *models.Store) {
		store := s.WithClock("1000000000")
		require.NoError(t, store.DB().Exec("INSERT INTO workspaces (id, slug, name) VALUES ('w', 'w', 'W')").Error)
		policy := lifecycle.DefaultPolicy()
		for _, operation := range []string{"a", "a", "b"} {
			_, _, err := store.CreateRun(t.Context(), models.NewRun{WorkspaceID: "w", Type: operation, Queue: "q", Policy: policy})
			require.NoError(t, err)
		}
		fresh, err := store.Census(t.Context())
		require.NoError(t, err)
		require.Empty(t, fresh.Stuck)
		require.ElementsMatch(t, []models.CensusCount{
			{Type: "a", Status: lifecycle.Queued, Class: lifecycle.NoProblem, N: 2},
			{Type: "b", Status: lifecycle.Queued, Class: lifecycle.NoProblem, N: 1},
		}, fresh.Counts)

		later := store.WithClock("1070000000") // ten seconds past the queued limit
		late, err := later.Census(t.Context())
		require.NoError(t, err)
		require.Len(t, late.Stuck, 3)
		for _, run := range late.Stuck {
			require.Equal(t, "q", run.Queue)
			require.Equal(t, 10*time.Second, run.Late)
		}
		require.ElementsMatch(t, []models.CensusCount{
			{Type: "a", Status: lifecycle.Queued, Class: lifecycle.ActiveStaleAttention, N: 2},
			{Type: "b", Status: lifecycle.Queued, Class: lifecycle.ActiveStaleAttention, N: 1},
		}, late.Counts)
	})
}

func TestCensusCountsOfEndedRunsTheOpenFollowUps(t *testing.T) {
	t.Parallel()

	forEachStore(t, func(t *testing.T, store *models.Store) {
		require.NoError(t, store.DB().Exec("INSERT INTO workspaces (id, slug, name) VALUES ('w', 'w', 'W')").Error)
		var ids []string
		for range 2 {
			run, _, err := store.CreateRun(t.Context(), models.NewRun{
				WorkspaceID: "w", Type: "a", Queue: "q", Policy: lifecycle.DefaultPolicy(),
			})
			require.NoError(t, err)
			ids = append(ids, run.ID)
		}
		require.NoError(t, store.DB().Exec("DELETE FROM run_liveness").Error)
		require.NoError(t, store.DB().Exec("UPDATE operation_runs SET status = 'completed', outcome = 'failed', completed_at = queued_at").Error)
		require.NoError(t, store.DB().Exec("UPDATE operation_runs SET acknowledged_at = completed_at WHERE id = ?", ids[0]).Error)

		census, err := store.Census(t.Context())
		require.NoError(t, err)
		require.Empty(t, census.Stuck)
		require.ElementsMatch(t, []models.CensusCount{
			{Type: "a", Status: lifecycle.Completed, Class: lifecycle.TerminalFollowUp, Open: true, N: 1},
		}, census.Counts)
	})
}
