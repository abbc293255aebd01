package pgtest_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opstruth/opstruth/internal/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var migrations atomic.Int32

func migrate(ctx context.Context, dsn string) error {
	migrations.Add(1)
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "CREATE TABLE notes (body text)"); err != nil {
		return err
	}
	return conn.Close(ctx)
}

func open(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()

	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func TestNewGivesEachTestItsOwnMigratedDatabase(t *testing.T) {
	t.Parallel()

	one, two := open(t, pgtest.New(t, migrate)), open(t, pgtest.New(t, migrate))
	_, err := one.Exec(t.Context(), "INSERT INTO notes VALUES ('only in one')")
	require.NoError(t, err)

	var rows int
	require.NoError(t, two.QueryRow(t.Context(), "SELECT count(*) FROM notes").Scan(&rows))
	require.Zero(t, rows)
	require.EqualValues(t, 1, migrations.Load())
}

func TestTheServerOutlivesAGarbageCollection(t *testing.T) {
	t.Parallel()

	conn := open(t, pgtest.New(t, nil))
	runtime.GC()
	runtime.GC() // the first one queues finalizers
	for range 20 {
		require.NoError(t, conn.Ping(t.Context()))
	}
	_ = pgtest.New(t, nil)
}

func TestNewDropsTheDatabaseWhenTheTestEnds(t *testing.T) { //nolint:tparallel // the outer test looks at what the inner one left
	t.Parallel()

	var dsn string
	t.Run("a test that leaves its connection open", func(t *testing.T) {
		dsn = pgtest.New(t, nil)
		conn, err := pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
		require.NoError(t, conn.Ping(t.Context()))
	})
	_, err := pgx.Connect(t.Context(), dsn)
	require.ErrorContains(t, err, "does not exist")
}

func TestARestartKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()

	server, err := pgtest.Start()
	if err != nil {
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	before := open(t, server.URL)
	_, err = before.Exec(t.Context(), "SET synchronous_commit = on; CREATE TABLE kept (n int)")
	require.NoError(t, err)

	require.NoError(t, server.Restart(t.Context()))
	require.Error(t, before.Ping(t.Context()), "the old server's sessions ended with it")
	_, err = open(t, server.URL).Exec(t.Context(), "INSERT INTO kept VALUES (1)")
	require.NoError(t, err)
}
