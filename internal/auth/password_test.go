package auth_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/auth"
)

func TestPasswordHashKnowsItsPassword(t *testing.T) {
	t.Parallel()

	hash, err := auth.HashPassword("correct horse battery")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$"), hash)
	again, err := auth.HashPassword("correct horse battery")
	require.NoError(t, err)
	require.NotEqual(t, hash, again, "salted")

	ok, err := auth.CheckPassword(t.Context(), hash, "correct horse battery")
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = auth.CheckPassword(t.Context(), hash, "correct horse batterz")
	require.NoError(t, err)
	require.False(t, ok)
}

func TestShortAndEndlessPasswordsAreRefused(t *testing.T) {
	t.Parallel()

	for _, p := range []string{"", "elevenchars", strings.Repeat("x", 1025)} {
		_, err := auth.HashPassword(p)
		require.ErrorIs(t, err, auth.ErrWeakPassword)
	}
	hash, err := auth.HashPassword("correct horse battery")
	require.NoError(t, err)
	ok, err := auth.CheckPassword(t.Context(), hash, strings.Repeat("x", 1<<20))
	require.NoError(t, err)
	require.False(t, ok)
}

func TestADamagedHashIsAnErrorAndCostsNothing(t *testing.T) {
	t.Parallel()

	for _, hash := range []string{
		"", "plain", "$2a$10$abc", "$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=99999999,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=19456,t=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=19456,t=2,p=1$!!$AAAAAAAAAAAAAAAAAAAAAA",
	} {
		_, err := auth.CheckPassword(t.Context(), hash, "correct horse battery")
		require.Error(t, err, hash)
	}
}

func TestCheckingEndsWithItsContext(t *testing.T) {
	t.Parallel()

	hash, err := auth.HashPassword("correct horse battery")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // the choice between a free turn and an ended context is random, an answer is not
		ok, err := auth.CheckPassword(ctx, hash, "wrong horse battery")
		require.False(t, ok)
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			return
		}
	}
}
