package outbound_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/opstruth/opstruth/internal/outbound"
)

func get(t *testing.T, c *http.Client, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	res, err := c.Do(req)
	if err == nil {
		require.NoError(t, res.Body.Close())
	}
	return res, err
}

func TestInternalAddressesAreRefused(t *testing.T) {
	t.Parallel()
	client := outbound.Client(nil)
	for _, host := range []string{
		"127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.100.100.200",
		"224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.0.192",
		"[::1]", "[::]", "[fe80::1]", "[fd00:ec2::254]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::7f00:1]",
		"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001::1]", "[fec0::1]",
		"localhost",
	} {
		_, err := get(t, client, "http://"+host+":9/")
		var refused *outbound.RefusedError
		require.ErrorAs(t, err, &refused, host)
		require.ErrorContains(t, err, "OPSTRUTH_OUTBOUND_ALLOW")
	}
}

func TestAllowedNetworkIsCalled(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	t.Cleanup(server.Close)

	client := outbound.Client([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	t.Cleanup(client.CloseIdleConnections)
	res, err := get(t, client, server.URL)
	require.NoError(t, err)
	require.Equal(t, http.StatusTeapot, res.StatusCode)

	_, err = get(t, client, "http://10.0.0.1:9/")
	require.ErrorContains(t, err, "10.0.0.1 is private", "only that network")
	_, err = get(t, outbound.Client([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}), server.URL)
	require.ErrorContains(t, err, "127.0.0.1 is private")
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	t.Cleanup(server.Close)
	client := outbound.Client([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	t.Cleanup(client.CloseIdleConnections)
	res, err := get(t, client, server.URL)
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, res.StatusCode)
	require.Equal(t, 1, calls)
}

// A run's own concurrency bounds what it sends. If runs also queued for connections here, their wait would count as the
// other side's silence.
func TestCallsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	const calls = 40
	var arrived atomic.Int64
	all := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if arrived.Add(1) == calls {
			close(all)
		}
		select {
		case <-all:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	client := outbound.Client([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	t.Cleanup(client.CloseIdleConnections)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	group, ctx := errgroup.WithContext(ctx)
	for range calls {
		group.Go(func() error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
			if err != nil {
				return err
			}
			res, err := client.Do(req)
			if err != nil {
				return err
			}
			return res.Body.Close()
		})
	}
	require.NoError(t, group.Wait())
}
