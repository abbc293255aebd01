package pgtest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConnectDropsOnlyWhatDeadProcessesLeft(t *testing.T) {
	t.Parallel()

	_ = New(t, nil) // skips where there is no server
	here, err := theHost()
	require.NoError(t, err)
	join := func() *host {
		h, err := connect(here.address.String())
		require.NoError(t, err)
		return h
	}
	dead, alive := join(), join()
	left, err := dead.create(t.Context(), "template0")
	require.NoError(t, err)
	kept, err := alive.create(t.Context(), "template0")
	require.NoError(t, err)
	// The server ends a session, and with it the lock, a moment after the connection closes.
	require.NoError(t, dead.conn.Close(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), dropTimeout)
	defer cancel()
	for exists(t, alive, left) {
		require.NoError(t, ctx.Err())
		require.NoError(t, join().conn.Close(t.Context()))
	}

	require.True(t, exists(t, alive, kept))
	require.NoError(t, alive.drop(t.Context(), kept))
	require.NoError(t, alive.conn.Close(t.Context()))
}

func exists(t *testing.T, h *host, name string) bool {
	t.Helper()

	var found bool
	query := "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)"
	require.NoError(t, h.conn.QueryRow(t.Context(), query, name).Scan(&found))
	return found
}

func TestConnectRefusesAnAddressThatIsNoURL(t *testing.T) {
	t.Parallel()

	_, err := connect("host=localhost")
	require.ErrorContains(t, err, "read "+URLVariable)
}

func TestVersionIsReadFromTheDirectory(t *testing.T) {
	t.Parallel()

	require.Equal(t, 15, version("/usr/lib/postgresql/15/bin"))
	require.Equal(t, 17, version("/opt/homebrew/opt/postgresql@17/bin"))
	require.Equal(t, 16, version("/usr/pgsql-16/bin"))
	require.Zero(t, version("/somewhere/bin"))
}
