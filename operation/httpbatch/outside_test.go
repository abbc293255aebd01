package httpbatch

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/outbound"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
)

// only127001 reaches this machine by one address alone.
func only127001(t *testing.T) *http.Client {
	t.Helper()
	c := outbound.Client([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")})
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// forbidden is a server at an address that nobody may call; it counts who connects all the same.
func forbidden(t *testing.T) (address string, connections *atomic.Int64) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.2:0")
	require.NoError(t, err)
	connections = &atomic.Int64{}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Listener = listener
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.URL, connections
}

func TestARedirectToAPrivateAddressFailsTheLineAndSendsNothing(t *testing.T) {
	t.Parallel()
	private, connections := forbidden(t)
	to := ""
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/u2" {
			http.Redirect(w, r, to, http.StatusFound)
		}
	}))
	t.Cleanup(api.Close)
	_, port, err := net.SplitHostPort(private[len("http://"):])
	require.NoError(t, err)
	for _, target := range []string{private + "/secret", "http://[::ffff:127.0.0.2]:" + port + "/secret", "http://[::1]:" + port + "/secret"} {
		to = target
		b := newBench(t, people(3), Input{URL: api.URL + "/{id}", Method: "GET", Rate: 1000})
		b.batch.http = only127001(t)
		_, err := b.all(t.Context())
		require.NoError(t, err)
		failed := b.item(3)
		require.Equal(t, "refused_address", failed.Code)
		require.Contains(t, failed.Message, "it redirects to http://")
		require.Contains(t, failed.Message, "is private or internal and not allowed")
		require.Len(t, b.keys(operation.ItemSucceeded), 2)
	}
	b := newBench(t, people(1), Input{URL: private + "/{id}", Rate: 1000})
	b.batch.http = only127001(t)
	_, err = b.all(t.Context())
	require.NoError(t, err)
	require.Equal(t, "refused_address", b.item(2).Code, "nor without a redirect")
	require.Zero(t, connections.Load())
}

func TestRedirectsTakeNothingAlong(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got []*http.Request
	note := func(r *http.Request) { mu.Lock(); defer mu.Unlock(); got = append(got, r) }
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { note(r) }))
	t.Cleanup(other.Close)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note(r)
		switch r.URL.Path {
		case "/v1/u1":
			http.Redirect(w, r, "/v1/moved", http.StatusFound)
		case "/v1/u2":
			http.Redirect(w, r, other.URL+"/there", http.StatusTemporaryRedirect)
		case "/v1/u3":
			http.Redirect(w, r, "/v1/u3", http.StatusFound)
		}
	}))
	t.Cleanup(api.Close)
	b := newBench(t, people(3), Input{URL: "/{id}", Method: "GET", Headers: "X-Secret: {name}", Connection: "c", Rate: 1000, Concurrency: 1})
	b.store.connections["c"] = models.Connection{ID: "c", TenantID: tenant, BaseURL: api.URL + "/v1", Auth: models.AuthBearer, SecretSealed: []byte("token")}
	b.batch.http = only127001(t)
	_, err := b.all(t.Context())
	require.NoError(t, err)

	require.Equal(t, "/v1/moved", got[1].URL.Path)
	require.Equal(t, "Bearer token", got[1].Header.Get("Authorization"), "the same origin")
	require.Equal(t, "Person 1", got[1].Header.Get("X-Secret"))
	require.Equal(t, "Bearer token", got[2].Header.Get("Authorization"))
	require.Equal(t, "/there", got[3].URL.Path)
	for _, name := range []string{"Authorization", "X-Secret", "Idempotency-Key"} {
		require.Empty(t, got[3].Header.Get(name), "%s went to another origin", name)
	}
	require.Equal(t, "redirected", b.item(4).Code)
	require.Contains(t, b.item(4).Message, "one redirect too many")

	got = nil
	b = newBench(t, people(2), Input{URL: api.URL + "/v1/{id}", Body: `{"a": "{name}"}`, Rate: 1000})
	b.batch.http = only127001(t)
	_, err = b.all(t.Context())
	require.NoError(t, err)
	require.Len(t, got, 2, "a POST is not sent on, whatever the redirect")
	require.Equal(t, "redirected", b.item(3).Code)
	require.Contains(t, b.item(3).Message, other.URL+"/there; a POST is not sent on; correct the URL")
}

func TestARefusedCredentialStopsTheRunBeforeAnyLine(t *testing.T) {
	t.Parallel()
	var asked, sent atomic.Int64
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			sent.Add(1)
			return
		}
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error": "invalid_client"}`))
	}))
	t.Cleanup(api.Close)
	b := newBench(t, people(3), Input{URL: "/{id}", Connection: "c"})
	b.store.connections["c"] = models.Connection{
		ID: "c", TenantID: tenant, Name: "directory", BaseURL: api.URL, Auth: models.AuthClientCredentials, TokenURL: api.URL + "/token",
		ClientID: "x", SecretSealed: []byte("y"),
	}
	b.batch.http = only127001(t)
	_, err := b.all(t.Context())
	var blocked *operation.BlockedError
	require.ErrorAs(t, err, &blocked)
	require.Contains(t, blocked.Message, "invalid_client")
	require.Positive(t, asked.Load())
	require.Zero(t, sent.Load())
}

func TestValuesThatDoNotFitAreNotSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, "id,seats,verb\na,3,PUT\nb,many,PUT\n,4,PUT\nd,5,BREW\n", Input{
		URL: "http://api.test/{id}", Body: `{"seats": {seats}}`, Method: "{verb}", Rate: 1000, KeyColumn: "id",
	})
	_, err := b.all(t.Context())
	require.NoError(t, err)
	require.Len(t, b.side.received, 1)
	require.Equal(t, "PUT", b.side.received[0].method)
	require.Equal(t, "application/json", b.side.received[0].header.Get("Content-Type"))
	require.Equal(t, []string{"00000003 b", "00000004", "00000005 d"}, b.keys(operation.ItemFailed))
	for _, key := range b.keys(operation.ItemFailed) {
		require.Equal(t, "bad_value", b.store.items[b.run.ID][key].Code)
	}
}
