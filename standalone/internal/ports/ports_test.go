package ports

import (
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFreePortsAreDistinctAndNoneOfOutgoingConnections(t *testing.T) {
	t.Parallel()
	found, err := Reserve(t.Context(), make([]int, 50)...)
	require.NoError(t, err)
	seen := map[int]bool{}
	for _, port := range found {
		require.False(t, seen[port])
		require.GreaterOrEqual(t, port, lowest)
		require.Less(t, port, beyond)
		seen[port] = true
	}
	require.Len(t, seen, 50)
}

func TestTakenPortIsAnErrorThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(host, "0"))
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	taken := l.Addr().(*net.TCPAddr).Port
	_, err = Reserve(t.Context(), 0, taken)
	require.ErrorContains(t, err, strconv.Itoa(taken))
	require.ErrorContains(t, err, "choose another port")
}
