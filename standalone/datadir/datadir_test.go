package datadir

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/config"
)

func setup(t *testing.T) *Dir {
	t.Helper()
	t.Parallel()
	d, err := Open(filepath.Join(t.TempDir(), "new", "data"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func TestOnlyOneMayHoldADirectory(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	first, err := Open(path)
	require.NoError(t, err)
	_, err = Open(path)
	require.ErrorIs(t, err, ErrInUse)
	require.ErrorContains(t, err, path)
	require.NoError(t, first.Close())
	second, err := Open(path)
	require.NoError(t, err)
	require.NoError(t, second.Close())
}

func TestTheKeyIsMadeOnce(t *testing.T) {
	d := setup(t)
	path, err := d.KeyFile()
	require.NoError(t, err)
	first, err := config.Load([]string{"OPSTRUTH_SECRET_KEY_FILE=" + path}, config.SecretKey)
	require.NoError(t, err)
	again, err := d.KeyFile()
	require.NoError(t, err)
	require.Equal(t, path, again)
	second, err := config.Load([]string{"OPSTRUTH_SECRET_KEY_FILE=" + again}, config.SecretKey)
	require.NoError(t, err)
	require.Equal(t, first.SecretKey.Bytes(), second.SecretKey.Bytes())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
}

func TestFilesAreReplacedWhole(t *testing.T) {
	d := setup(t)
	value := map[string]string{"kept": "yes"}
	require.NoError(t, d.Read("demo.json", &value))
	require.Equal(t, map[string]string{"kept": "yes"}, value)

	require.NoError(t, d.Write("demo.json", map[string]int{"n": 1}))
	require.NoError(t, d.Write("demo.json", map[string]int{"n": 2}))
	var read map[string]int
	require.NoError(t, d.Read("demo.json", &read))
	require.Equal(t, map[string]int{"n": 2}, read)
	info, err := os.Stat(d.Path("demo.json"))
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	entries, err := os.ReadDir(d.Path())
	require.NoError(t, err)
	require.Len(t, entries, 2, "the file and the lock, nothing left over")

	require.NoError(t, os.WriteFile(d.Path("demo.json"), []byte("{"), 0o600))
	require.ErrorContains(t, d.Read("demo.json", &read), "delete it")
}

func TestTheDefaultLiesInTheStateDirectory(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", "/var/state")
	path, err := Default()
	require.NoError(t, err)
	require.Equal(t, "/var/state/opstruth", path)

	t.Setenv("XDG_STATE_HOME", "relative")
	t.Setenv("HOME", "/home/me")
	path, err = Default()
	require.NoError(t, err)
	require.Equal(t, "/home/me/.local/state/opstruth", path)
}
