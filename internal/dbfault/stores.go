package dbfault

import (
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/pgtest/pgstore"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/models/sqlite"
)

// ForEachStore runs a test on every supported database, each time on an empty one whose statements can be watched.
func ForEachStore(t *testing.T, test func(t *testing.T, s *models.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		driver, err := sql.Open("sqlite", "")
		require.NoError(t, err)
		require.NoError(t, driver.Close())
		run(t, open(named{driver.Driver(), sqlite.Address(modelstest.File(t))}), sqlite.Dialect, test)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		config, err := pgx.ParseConfig(pgstore.Address(t))
		require.NoError(t, err)
		run(t, open(stdlib.GetConnector(*config)), models.Postgres, test)
	})
}

func run(t *testing.T, pool *sql.DB, d models.Dialect, test func(t *testing.T, s *models.Store)) {
	t.Helper()
	const conns = 8
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	s, err := models.New(pool, d)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	test(t, s)
}
