package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/standalone/datadir"
)

func TestTheUIStaysOnLoopback(t *testing.T) {
	t.Parallel()
	port, off, err := uiPort("127.0.0.1:8233")
	require.NoError(t, err)
	require.False(t, off)
	require.Equal(t, 8233, port)
	_, off, err = uiPort(NoUI)
	require.NoError(t, err)
	require.True(t, off)
	for _, wrong := range []string{"", "8233", "0.0.0.0:8233", "127.0.0.1:none", "127.0.0.1:70000", "example.com:80"} {
		_, _, err := uiPort(wrong)
		require.ErrorContains(t, err, "--temporal-ui", wrong)
	}
}

func TestTheEnvironmentGoesBeforeTheProgramsOwnDefaults(t *testing.T) {
	t.Parallel()
	dir, err := datadir.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dir.Close()) })
	c, err := settings(nil, dir)
	require.NoError(t, err)
	require.Equal(t, 10*time.Second, c.StaleAfter)
	require.NotEmpty(t, c.SecretKey.Bytes())

	key := c.SecretKey.Bytes()
	c, err = settings([]string{
		"OPSTRUTH_STALE_AFTER=30s", "OPSTRUTH_DATABASE_URL=postgres://elsewhere/db", "OPSTRUTH_SECRET_KEY=of another installation",
	}, dir)
	require.NoError(t, err)
	require.Equal(t, 30*time.Second, c.StaleAfter)
	require.Empty(t, c.DatabaseURL, "the records are in the directory")
	require.Equal(t, key, c.SecretKey.Bytes())

	_, err = settings([]string{"OPSTRUTH_STALE_AFTER=soon"}, dir)
	require.ErrorContains(t, err, "OPSTRUTH_STALE_AFTER")
}
