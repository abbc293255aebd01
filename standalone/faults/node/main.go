// Command node is opstruth's web or worker process with the operation types of the fault harness. The harness builds it
// with a time package whose wall clock it can set off, see package harness.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/app"
	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/faults/work"
	"github.com/opstruth/opstruth/standalone/supervise"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "node:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	supervise.ExitWithParent()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := config.Load(os.Environ(), config.DatabaseURL, config.SecretKey)
	if err != nil {
		return err
	}
	offset, err := time.ParseDuration(os.Getenv(work.OffsetEnv))
	if err != nil {
		return fmt.Errorf("read %s: %w", work.OffsetEnv, err)
	}
	doomed, err := time.ParseDuration(os.Getenv(work.CloseDoomedEnv))
	if err != nil {
		return fmt.Errorf("read %s: %w", work.CloseDoomedEnv, err)
	}
	journal, err := os.OpenFile(os.Getenv(work.LogEnv), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	log := work.NewLog(journal, offset)

	logger := app.Logger(c, os.Stderr)
	logger.Info("node starts", "clock", time.Now(), "offset", offset)
	t, err := temporalclient.New(client.Options{HostPort: os.Getenv(work.TemporalEnv), Namespace: work.Namespace}, logger, nil)
	if err != nil {
		return err
	}
	defer t.Close()
	store, err := open(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	a, err := app.New(app.Parts{
		Config: c, Store: store, Temporal: t, Namespace: work.Namespace, Extra: work.Definitions(log, doomed),
		Logger: logger, Metrics: metrics.NewRegistry(),
	})
	if err != nil {
		return err
	}
	switch role := os.Args[len(os.Args)-1]; role {
	case work.RoleWeb:
		return a.Web(ctx)
	case work.RoleWorker:
		go log.Beat(ctx)
		return a.Serve(ctx)
	default:
		return fmt.Errorf("serve as %q: want web or worker", role)
	}
}

// open waits for a database that is away, as a container that is restarted until it starts would.
func open(ctx context.Context, address string) (*models.Store, error) {
	for {
		store, err := models.Open(ctx, address)
		if err == nil {
			return store, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(500 * time.Millisecond):
		}
	}
}
