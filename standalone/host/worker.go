package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"go.temporal.io/sdk/client"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/app"
	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/models/sqlite"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/standalone/simulate"
	"github.com/opstruth/opstruth/standalone/supervise"
)

// recordsFile is the record database.
const recordsFile = "records.db"

// extraTypes are the operation types that only this program has.
func extraTypes() []operation.Definition {
	return []operation.Definition{simulate.Definition(), simulate.Unattended()}
}

// WorkerCommand is the subcommand by which the program is one of its own sample workers.
const WorkerCommand = "sample-worker"

// WorkerOptions are what a sample worker is told on its command line.
type WorkerOptions struct {
	Data     string
	Temporal string // host:port
	Queue    string
	Types    []operation.Definition // of its parent's Options
}

// args are those that make the program a worker with these options.
func (o WorkerOptions) args() []string {
	return []string{WorkerCommand, "--data", o.Data, "--temporal", o.Temporal, "--queue", o.Queue}
}

// Worker serves one task queue until ctx ends or the parent process is gone. The settings are those of the parent's
// environment.
func Worker(ctx context.Context, o WorkerOptions, log io.Writer) (err error) {
	supervise.ExitWithParent()
	c, err := config.Load(os.Environ(), config.SecretKey)
	if err != nil {
		return err
	}
	c.Queues = []string{o.Queue}
	logger := app.Logger(c, log)
	store, err := sqlite.Open(ctx, filepath.Join(o.Data, recordsFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	t, err := temporalclient.New(client.Options{HostPort: o.Temporal, Namespace: namespace}, logger, nil)
	if err != nil {
		return err
	}
	defer t.Close()
	a, err := app.New(app.Parts{
		Config: c, Store: store, Temporal: t, Namespace: namespace, Extra: slices.Concat(o.Types, extraTypes()), Logger: logger, Metrics: metrics.NewRegistry(),
	})
	if err != nil {
		return err
	}
	if err := a.Serve(ctx, simulate.Panics()); err != nil {
		return fmt.Errorf("serve %s: %w", o.Queue, err)
	}
	return nil
}
