package secrets_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/secrets"
)

func box(t *testing.T, fill byte) *secrets.Box {
	t.Helper()
	b, err := secrets.NewBox(bytes.Repeat([]byte{fill}, 32))
	require.NoError(t, err)
	return b
}

func TestSealedSecretOpensForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	b := box(t, 1)
	sealed, err := b.Seal("c1", []byte("hunter2"))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "hunter2")
	secret, err := b.Open("c1", sealed)
	require.NoError(t, err)
	require.Equal(t, "hunter2", string(secret))

	again, err := b.Seal("c1", []byte("hunter2"))
	require.NoError(t, err)
	require.NotEqual(t, sealed, again, "equal secrets do not look equal")

	_, err = b.Open("c2", sealed)
	require.ErrorContains(t, err, "another owner")
	_, err = box(t, 2).Open("c1", sealed)
	require.ErrorContains(t, err, "another key")
}

func TestDamagedSecretsAreRefused(t *testing.T) {
	t.Parallel()
	b := box(t, 1)
	sealed, err := b.Seal("c1", []byte("hunter2"))
	require.NoError(t, err)
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 1
		_, err := b.Open("c1", damaged)
		require.Error(t, err, "byte %d", i)
	}
	for n := range sealed {
		_, err := b.Open("c1", sealed[:n])
		require.Error(t, err, "%d bytes", n)
	}
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	_, err := secrets.NewBox([]byte("short"))
	require.ErrorContains(t, err, "want 32")
	_, err = box(t, 1).Seal("", []byte("x"))
	require.ErrorContains(t, err, "owner")
}
