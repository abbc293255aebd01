// Package temporalclient makes the one kind of Temporal client that this program uses: configured by
// Temporal's official environment settings, lazy, logging to slog and measured in Prometheus.
//
// Lazy, because the console must come up while Temporal is down. The client itself never waits longer
// than its calls' contexts say, so give every call a deadline.
package temporalclient

import (
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"
)

// handshakeLimit bounds what the first call on a connection asks the server about itself.
const handshakeLimit = 5 * time.Second

// Settings reads address, namespace, TLS and API key from TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE,
// TEMPORAL_API_KEY, TEMPORAL_TLS_* and the profile file that TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE
// name. A nil lookup means the environment of this process.
func Settings(lookup envconfig.EnvLookup) (client.Options, error) {
	options, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: lookup})
	if err != nil {
		return client.Options{}, fmt.Errorf("read Temporal's settings (correct the TEMPORAL_ variables or the profile file): %w", err)
	}
	if options.HostPort == "" {
		options.HostPort = client.DefaultHostPort
	}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	return options, nil
}

// New makes a client that connects at its first call. The metrics handler may be nil.
func New(settings client.Options, logger *slog.Logger, metrics client.MetricsHandler) (client.Client, error) {
	settings.Logger = log.NewStructuredLogger(logger)
	settings.MetricsHandler = metrics
	settings.ConnectionOptions.GetSystemInfoTimeout = handshakeLimit
	c, err := client.NewLazyClient(settings)
	if err != nil {
		return nil, fmt.Errorf("make a Temporal client for %s: %w", settings.HostPort, err)
	}
	return c, nil
}
