package models_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/pgtest/pgstore"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// forEachStore runs a test on every supported database, each time on an empty one.
func forEachStore(t *testing.T, test func(t *testing.T, s *models.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, modelstest.New(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, pgstore.New(t))
	})
}

func TestMigrationsGoUpAndDown(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		status, err := s.MigrationStatus(ctx)
		require.NoError(t, err)
		require.NotEmpty(t, status)
		for _, m := range status {
			require.False(t, m.AppliedAt.IsZero(), m.Name)
		}
		require.NoError(t, s.CheckSchema(ctx))
		for range status {
			require.NoError(t, s.MigrateDown(ctx))
			require.ErrorContains(t, s.CheckSchema(ctx), "opstruth migrate up")
		}
		_, _, err = s.Workers(ctx)
		require.Error(t, err)
		require.NoError(t, s.MigrateUp(ctx))
		require.NoError(t, s.MigrateUp(ctx))
		_, _, err = s.Workers(ctx)
		require.NoError(t, err)
	})
}
