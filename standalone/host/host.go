// Package host is a whole opstruth installation in one process: a Temporal server and its UI, the record database, the
// console, the reconciler and a sample fleet. Only the two sample workers are processes of their own, so that one can be
// killed for real. All of it lives in one directory, and goes on from there after any end.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/app"
	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/internal/secrets"
	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/sqlite"
	"github.com/opstruth/opstruth/standalone/datadir"
	"github.com/opstruth/opstruth/standalone/sample"
	"github.com/opstruth/opstruth/standalone/temporal"
)

const namespace = temporal.DefaultNamespace

// Host is a running installation.
type Host struct {
	Store    *models.Store
	App      *app.App
	API      *sample.API // nil without sample data
	Workers  []*SampleWorker
	Temporal *temporal.Server
	Demo     sample.Demo
	SignIn   string // a link that signs in once
	LogFile  string

	dir      *datadir.Dir
	config   config.Config
	logger   *slog.Logger
	server   temporal.Options
	client   client.Client
	listener net.Listener
	closers  []func() error // in the order of opening

	cancel context.CancelFunc
	ended  sync.WaitGroup
	failed chan error
}

// Start starts an installation. ctx bounds the start alone; Stop ends it.
func Start(ctx context.Context, o Options) (h *Host, err error) {
	h = &Host{failed: make(chan error, 4), cancel: func() {}}
	defer func() { //nolint:contextcheck // what was opened is closed even when ctx has ended
		if err != nil {
			err = errors.Join(err, h.Stop())
		}
	}()
	for _, open := range []func(context.Context, Options) error{
		h.openDir, h.openTemporal, h.openRecords, h.openListener, h.seed, h.wire,
	} {
		if err := open(ctx, o); err != nil {
			return h, err
		}
	}
	return h, h.run(o) //nolint:contextcheck // it runs until Stop
}

// Failed tells when a part could not go on, and why.
func (h *Host) Failed() <-chan error { return h.failed }

// Stop ends everything in good order: the workers hand over before the rest goes.
func (h *Host) Stop() error {
	err := stopWorkers(h.Workers)
	h.cancel()
	h.ended.Wait()
	for i := len(h.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, h.closers[i]())
	}
	h.closers = nil
	return err
}

func (h *Host) onStop(f func() error) { h.closers = append(h.closers, f) }

func (h *Host) openDir(_ context.Context, o Options) (err error) {
	if h.dir, err = datadir.Open(o.Data); err != nil {
		return err
	}
	h.onStop(h.dir.Close)
	if h.config, err = settings(o.Environ, h.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(h.dir.Path("logs"), 0o700); err != nil {
		return fmt.Errorf("make the directory of the logs: %w", err)
	}
	h.LogFile = h.log("opstruth")
	log, err := logFile(h.LogFile)
	if err != nil {
		return err
	}
	h.onStop(log.Close)
	h.logger = app.Logger(h.config, log)
	return nil
}

func (h *Host) log(name string) string { return h.dir.Path("logs", name+".log") }

func (h *Host) openTemporal(ctx context.Context, o Options) error {
	port, off, err := uiPort(o.TemporalUI)
	if err != nil {
		return err
	}
	h.server = temporal.Options{
		DataDir: h.dir.Path("temporal"), UIPort: port, NoUI: off, Logger: quiet(h.logger),
	}
	if err := h.StartTemporal(ctx); err != nil {
		return err
	}
	h.onStop(h.StopTemporal)
	h.client, err = temporalclient.New(client.Options{HostPort: h.Temporal.Address(), Namespace: namespace}, quiet(h.logger), nil)
	if err != nil {
		return err
	}
	h.onStop(func() error { h.client.Close(); return nil })
	return nil
}

// StartTemporal starts the embedded server, after a StopTemporal where it was.
func (h *Host) StartTemporal(ctx context.Context) (err error) {
	if h.Temporal, err = temporal.Start(ctx, h.server); err != nil {
		return err
	}
	h.server.Port = h.Temporal.Port()
	return nil
}

// StopTemporal stops the embedded server and its UI; everything else goes on.
func (h *Host) StopTemporal() error {
	if h.Temporal == nil {
		return nil
	}
	s := h.Temporal
	h.Temporal = nil
	return s.Stop()
}

func (h *Host) openRecords(ctx context.Context, _ Options) (err error) {
	if h.Store, err = sqlite.Open(ctx, h.dir.Path(recordsFile)); err != nil {
		return err
	}
	h.onStop(h.Store.Close)
	if err := h.Store.MigrateUp(ctx); err != nil {
		return fmt.Errorf("bring the record database up to date: %w", err)
	}
	return nil
}

func (h *Host) openListener(ctx context.Context, o Options) (err error) {
	if h.listener, err = listen(ctx, o.Listen); err != nil {
		return err
	}
	h.onStop(func() error { // where it was not served, which closes it
		if err := h.listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	h.config.PublicURL = baseURL(h.listener)
	h.config.Listen = h.listener.Addr().String()
	h.config.TemporalUIURL = h.Temporal.UIURL()
	return nil
}

func (h *Host) seed(ctx context.Context, o Options) (err error) {
	if o.Sample {
		if h.API, err = sample.StartAPI(ctx, h.dir); err != nil {
			return err
		}
		h.onStop(func() error { //nolint:contextcheck // ctx bounds the start alone
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			return h.API.Stop(ctx)
		})
	}
	box, err := secrets.NewBox(h.config.SecretKey.Bytes())
	if err != nil {
		return err
	}
	h.Demo, h.SignIn, err = sample.Prepare(ctx, h.Store, h.dir, h.API, box.Seal, h.config.PublicURL, h.config.TemporalUIURL)
	return err
}

func (h *Host) wire(_ context.Context, o Options) (err error) {
	parts := app.Parts{
		Config: h.config, Store: h.Store, Temporal: h.client, Namespace: namespace,
		Logger: h.logger, Metrics: metrics.NewRegistry(),
	}
	parts.Extra = o.Types
	if o.Sample {
		parts.Extra = slices.Concat(o.Types, extraTypes())
	}
	if h.App, err = app.New(parts); err != nil {
		return err
	}
	key, err := h.dir.KeyFile()
	if err != nil {
		return err
	}
	h.Workers = sampleWorkers(o, h.dir.Path(), h.Temporal.Address(), key, h.log)
	return nil
}

// run starts what goes on until Stop.
func (h *Host) run(o Options) error {
	for _, w := range h.Workers {
		if err := w.Start(); err != nil {
			return fmt.Errorf("start the %s worker: %w", w.Name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.cancel = cancel
	h.goOn(ctx, h.App.Reconcile)
	h.goOn(ctx, h.serve)
	if o.Fleet && o.Sample {
		fleet := &sample.Fleet{
			Store: h.Store, Starter: h.App.Starter, Types: h.App.Types, API: h.API, Logger: h.logger,
			Temporal: h.client.WorkflowService(), Namespace: namespace,
		}
		h.goOn(ctx, func(ctx context.Context) error { fleet.Run(ctx); return nil })
	}
	return nil
}

func (h *Host) goOn(ctx context.Context, part func(context.Context) error) {
	h.ended.Go(func() {
		if err := part(ctx); err != nil {
			h.failed <- err
		}
	})
}

// quiet keeps what the Temporal server and its SDK say about their daily work out of the log.
func quiet(l *slog.Logger) *slog.Logger { return slog.New(atLeast{l.Handler(), slog.LevelWarn}) }

type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}
func (h atLeast) WithAttrs(a []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(a), h.level}
}
func (h atLeast) WithGroup(n string) slog.Handler { return atLeast{h.Handler.WithGroup(n), h.level} }
