package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.uber.org/goleak"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The session library begins every manager with a store in memory, whose
		// cleaner cannot be stopped without a race; ours takes its place.
		goleak.IgnoreTopFunction("github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup"),
	)
}

// setup wires an app over a record store of its own and a Temporal that is away.
func setup(t *testing.T, change ...func(*config.Config)) (*App, error) {
	t.Helper()
	c, err := config.Load(nil)
	require.NoError(t, err)
	key, err := config.NewKey(make([]byte, config.KeyBytes))
	require.NoError(t, err)
	c.SecretKey, c.Listen, c.MetricsListen = key, "127.0.0.1:0", "127.0.0.1:0"
	for _, f := range change {
		f(&c)
	}
	logger := slog.New(slog.DiscardHandler)
	temporal, err := temporalclient.New(client.Options{HostPort: "127.0.0.1:1"}, logger, nil)
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	return New(Parts{
		Config: c, Store: modelstest.New(t), Temporal: temporal, Namespace: "default", Logger: logger, Metrics: metrics.NewRegistry(),
	})
}

func TestThePolicyIsConfigured(t *testing.T) {
	t.Parallel()
	a, err := setup(t, func(c *config.Config) {
		c.StaleAfter, c.QueuedStaleAfter, c.ReconcileAfter = 30*time.Second, 2*time.Minute, time.Hour
		c.HeartbeatEvery, c.ReconcileEvery = 2*time.Second, 4*time.Second
	})
	require.NoError(t, err)
	d, ok := a.Types.Lookup("inventory.sync")
	require.True(t, ok)
	require.Equal(t, 30*time.Second, d.Policy.StaleAfter)
	require.Equal(t, 2*time.Minute, d.Policy.QueuedStaleAfter)
	require.Equal(t, time.Hour, d.Policy.CloseNoWorkers)
	require.Equal(t, time.Hour, d.Policy.CloseWorkerLost)
	require.Equal(t, 2*time.Second, a.Timing.HeartbeatEvery)
	require.Equal(t, 4*time.Second, a.Timing.PassEvery)
}

func TestWhatCannotWorkIsRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	_, err := setup(t, func(c *config.Config) { c.StaleAfter = 3 * time.Second })
	require.ErrorContains(t, err, "stale_after 3s is too short")
	require.ErrorContains(t, err, "stale_after is OPSTRUTH_STALE_AFTER")
	_, err = setup(t, func(c *config.Config) { c.SecretKey = config.Key{} })
	require.ErrorContains(t, err, "OPSTRUTH_SECRET_KEY")
}

func TestTheConsoleIsServedWhileTemporalIsAway(t *testing.T) {
	t.Parallel()
	a, err := setup(t)
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- together(ctx, a.Reconcile, func(ctx context.Context) error { return a.WebOn(ctx, listener) })
	}()

	for path, want := range map[string]string{"/healthz": "", "/readyz": "", "/metrics": "opstruth_db_up 1"} {
		require.Contains(t, get(t, "http://"+listener.Addr().String()+path), want, path)
	}
	cancel()
	require.NoError(t, <-ended, "told to stop is no failure")
}

func TestAWorkerWaitsForTemporal(t *testing.T) {
	t.Parallel()
	a, err := setup(t)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Worker(ctx) }()
	cancel()
	require.NoError(t, <-ended)
}

func TestAnAddressInUseIsNamed(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	a, err := setup(t, func(c *config.Config) { c.Listen = listener.Addr().String() })
	require.NoError(t, err)
	require.ErrorContains(t, a.Web(t.Context()), "OPSTRUTH_LISTEN")
}

func TestPartsEndTogether(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	err := together(t.Context(),
		func(ctx context.Context) error { <-ctx.Done(); return nil },
		func(context.Context) error { return broken },
	)
	require.ErrorIs(t, err, broken)
}

func TestADispatchNeedsTemporal(t *testing.T) {
	t.Parallel()
	a, err := setup(t)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	require.Error(t, a.dispatcher.Dispatch(ctx, models.Run{ID: "r1"}))
}

func get(t *testing.T, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	one := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := one.Do(request)
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode, string(body))
	return string(body)
}
