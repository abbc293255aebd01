package models_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// Runs and items of before retries and reasons were stored have them after an upgrade.
func TestAnUpgradeFindsRetriesAndReasons(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		run := modelstest.Running(t, s, w.NewRun())
		require.NoError(t, s.RecordItems(t.Context(), run.ID, []models.Item{
			{Key: "a", State: models.ItemFailed, Code: "x", Message: "line 12345678 of 2026 is bad"},
			{Key: "b", State: models.ItemFailed, Message: "line 7 of 99 is bad"},
			{Key: "c", State: models.ItemFailed, Code: "http_500"},
			{Key: "d", State: models.ItemSucceeded, Message: "17 bytes"},
		}))
		old := failing(t, s, run, lifecycle.PartiallySucceeded, "items_failed", "3 of 4 items failed")
		failing(t, s, modelstest.Running(t, s, w.NewRun()), lifecycle.Blocked, "denied", "disk 12345678 of 2026 is full")
		failing(t, s, modelstest.Running(t, s, w.NewRun()), lifecycle.Cancelled, "quota_7", "")
		retry := func(n *models.NewRun) { n.RetryOf = old.ID }
		modelstest.Queued(t, s, w.NewRun(retry))
		newest := modelstest.Queued(t, s, w.NewRun(retry))

		const before = 2 // the last migration that knew of neither
		for {
			all, err := s.MigrationStatus(t.Context())
			require.NoError(t, err)
			applied := int64(0)
			for _, m := range all {
				if !m.AppliedAt.IsZero() {
					applied = max(applied, m.Version)
				}
			}
			if applied <= before {
				break
			}
			require.NoError(t, s.MigrateDown(t.Context()))
		}
		require.NoError(t, s.MigrateUp(t.Context()))

		got, _, err := s.Run(t.Context(), models.Engine(), old.ID)
		require.NoError(t, err)
		require.Equal(t, newest.ID, got.Facts.RetriedBy)
		require.Equal(t, lifecycle.Reasons{Count: 2, Top: "line # of # is bad"}, got.Facts.Reasons)
		alike, err := s.FailureGroups(t.Context(), models.Platform(), models.Filter{Outcome: lifecycle.PartiallySucceeded})
		require.NoError(t, err)
		require.Equal(t, models.FailureKey("line # of # is bad"), alike[0].Key)
		alike, err = s.FailureGroups(t.Context(), models.Platform(), models.Filter{Outcome: lifecycle.Blocked})
		require.NoError(t, err)
		require.Equal(t, models.FailureKey("disk # of # is full"), alike[0].Key)
		alike, err = s.FailureGroups(t.Context(), models.Platform(), models.Filter{Outcome: lifecycle.Cancelled})
		require.NoError(t, err)
		require.Equal(t, models.FailureKey("quota_7"), alike[0].Key)
		groups, _, err := s.Reasons(t.Context(), models.Engine(), old.ID, 9)
		require.NoError(t, err)
		require.Equal(t, "line # of # is bad", groups[0].Reason)
		require.EqualValues(t, 2, groups[0].Items)
		require.Equal(t, "http_500", groups[1].Reason)
		none, _, err := s.Run(t.Context(), models.Engine(), newest.ID)
		require.NoError(t, err)
		require.Empty(t, none.Facts.RetriedBy)
	})
}

func failing(t *testing.T, s *models.Store, run models.Run, o lifecycle.Outcome, code, message string) models.Run {
	t.Helper()
	run, err := s.Transition(t.Context(), run.ID, lifecycle.Change{
		Kind: lifecycle.Finished, Token: "t", Outcome: o, Failure: lifecycle.Failure{Code: code, Message: message},
	})
	require.NoError(t, err)
	return run
}
