package auth_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/auth"
)

func TestTokensAreStoredOnlyAsHashes(t *testing.T) {
	t.Parallel()

	token, hash := auth.NewToken()
	require.Regexp(t, `^opst_[A-Za-z0-9_-]{43}$`, token)
	require.Equal(t, hash, auth.HashSecret(token))
	require.NotContains(t, hash, token)
	other, _ := auth.NewToken()
	require.NotEqual(t, token, other)
}

func TestBearerReadsOnlyItsScheme(t *testing.T) {
	t.Parallel()

	for header, want := range map[string]string{"Bearer abc": "abc", "bearer  abc ": "abc", "Basic abc": "", "Bearer": "", "Bearer ": "", "": ""} {
		token, ok := auth.Bearer(header)
		require.Equal(t, want != "", ok, header)
		if ok {
			require.Equal(t, want, token)
		}
	}
}
