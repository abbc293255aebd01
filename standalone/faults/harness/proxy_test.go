package harness

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// echo starts a server that says everything again.
func echo(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

func TestAPausedProxyHoldsUpAndLosesNothing(t *testing.T) {
	t.Parallel()

	server := echo(t)
	p, err := startProxy(func(ctx context.Context) (net.Conn, error) { return (&net.Dialer{}).DialContext(ctx, "tcp", server) })
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.stop()) })
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.address())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	lines := bufio.NewReader(c)
	say := func(text string) {
		_, err := c.Write([]byte(text))
		require.NoError(t, err)
	}
	hear := func() string {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		return line
	}
	say("one\n")
	require.Equal(t, "one\n", hear())

	p.pause(true)
	p.pause(true) // a second time changes nothing
	say("two\n")
	require.NoError(t, c.SetReadDeadline(time.Now().Add(200*time.Millisecond)))
	_, err = lines.ReadByte()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)

	require.NoError(t, c.SetReadDeadline(time.Time{}))
	p.pause(false)
	require.Equal(t, "two\n", hear())
}
