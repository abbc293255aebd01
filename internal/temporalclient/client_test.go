package temporalclient_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/opstruth/opstruth/internal/temporalclient"
)

type environment map[string]string

func (e environment) Environ() []string {
	var all []string
	for name, value := range e {
		all = append(all, name+"="+value)
	}
	return all
}

func (e environment) LookupEnv(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

func TestSettings(t *testing.T) {
	t.Parallel()

	got, err := temporalclient.Settings(environment{"TEMPORAL_CONFIG_FILE": t.TempDir() + "/none.toml"})
	require.NoError(t, err)
	require.Equal(t, "localhost:7233", got.HostPort)
	require.Equal(t, "default", got.Namespace)
	require.Nil(t, got.ConnectionOptions.TLS)

	got, err = temporalclient.Settings(environment{
		"TEMPORAL_CONFIG_FILE": t.TempDir() + "/none.toml",
		"TEMPORAL_ADDRESS":     "temporal.example.com:7233", "TEMPORAL_NAMESPACE": "ops", "TEMPORAL_API_KEY": "k",
	})
	require.NoError(t, err)
	require.Equal(t, "temporal.example.com:7233", got.HostPort)
	require.Equal(t, "ops", got.Namespace)
	require.NotNil(t, got.ConnectionOptions.TLS, "an API key travels by TLS only")
	require.NotNil(t, got.Credentials)

	_, err = temporalclient.Settings(environment{
		"TEMPORAL_CONFIG_FILE": t.TempDir() + "/none.toml", "TEMPORAL_TLS_CLIENT_CERT_PATH": "/none/such",
	})
	require.ErrorContains(t, err, "correct the TEMPORAL_ variables")
}

func TestTheClientComesUpWithoutTemporalAndMeasuresItsCalls(t *testing.T) {
	t.Parallel()

	registry := prometheus.NewPedanticRegistry()
	metrics, err := temporalclient.Metrics(registry, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	c, err := temporalclient.New(client.Options{HostPort: "127.0.0.1:1"}, slog.New(slog.DiscardHandler), metrics)
	require.NoError(t, err)
	defer c.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = c.CheckHealth(ctx, &client.CheckHealthRequest{})
	require.Error(t, err)

	metrics.Counter("temporal_check").Inc(2)
	metrics.Timer("temporal_wait").Record(20 * time.Millisecond)
	families, err := registry.Gather()
	require.NoError(t, err)
	types := map[string]dto.MetricType{}
	for _, family := range families {
		types[family.GetName()] = family.GetType()
	}
	require.Equal(t, dto.MetricType_COUNTER, types["temporal_check_total"], "%v", types)
	require.Equal(t, dto.MetricType_HISTOGRAM, types["temporal_wait_seconds"], "%v", types)
}
