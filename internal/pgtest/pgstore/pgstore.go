// Package pgstore gives each test a record store in a PostgreSQL database of its own, as modelstest does in SQLite.
package pgstore

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/pgtest"
	"github.com/opstruth/opstruth/models"
)

// New opens an empty, migrated store, which goes with the test.
func New(t testing.TB) *models.Store {
	t.Helper()
	s, err := models.Open(t.Context(), Address(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// Address makes the database alone, empty and migrated, for tests that open it in their own way.
func Address(t testing.TB) string {
	t.Helper()
	return pgtest.New(t, migrate)
}

func migrate(ctx context.Context, dsn string) error {
	s, err := models.Open(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(s.MigrateUp(ctx), s.Close())
}
