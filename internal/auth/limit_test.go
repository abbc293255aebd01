package auth_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/auth"
)

func TestLimiterAllowsABurstAndThenASteadyRate(t *testing.T) {
	t.Parallel()

	l := auth.NewLimiter(time.Minute, 3, 10)
	at := time.Now()
	for range 3 {
		_, ok := l.Allow("a", at)
		require.True(t, ok)
	}
	wait, ok := l.Allow("a", at)
	require.False(t, ok)
	require.InDelta(t, time.Minute, wait, float64(time.Second))
	_, ok = l.Allow("b", at)
	require.True(t, ok, "keys do not share")

	_, ok = l.Allow("a", at.Add(61*time.Second))
	require.True(t, ok, "a refused attempt costs nothing")
	l.Forgive("a")
	_, ok = l.Allow("a", at.Add(61*time.Second))
	require.True(t, ok)
}

func TestLimiterRemembersRecentKeysThroughAFlood(t *testing.T) {
	t.Parallel()

	l := auth.NewLimiter(time.Hour, 1, 4)
	at := time.Now()
	_, ok := l.Allow("victim", at)
	require.True(t, ok)
	for i := range 3 {
		l.Allow(strconv.Itoa(i), at)
	}
	_, ok = l.Allow("victim", at)
	require.False(t, ok)
}
