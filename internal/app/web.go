package app

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/opstruth/opstruth/internal/feed"
	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/web"
)

// feedEvery is how often the record is asked what has changed, while somebody wants to be told.
const feedEvery = time.Second

// Web serves the console, its API and the process's metrics on the configured
// address until ctx ends, and the reconciler's passes. The process that shows
// silent runs also verifies them: a worker that dies takes with it neither the
// pages nor the reason that they give.
func (a *App) Web(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.Config.Listen)
	if err != nil {
		return fmt.Errorf("listen for the console (stop what uses the address, or set OPSTRUTH_LISTEN): %w", err)
	}
	return together(ctx, a.Reconcile, func(ctx context.Context) error { return a.WebOn(ctx, listener) })
}

// WebOn serves the console alone, on a listener which it closes, with pages
// beside the product's own.
func (a *App) WebOn(ctx context.Context, listener net.Listener, extra ...web.Extra) error {
	// What the record says is shown by this process alone: it lives when no worker does.
	if err := a.Metrics.Register(metrics.NewRecord(metrics.FromStore(a.Store), a.Logger)); err != nil {
		return fmt.Errorf("register the record's metrics: %w", err)
	}
	changes := feed.New(func() feed.Reader { return a.Store.NewChangeReader() }, feedEvery, a.Logger)
	handler, err := web.New(web.Options{ //nolint:contextcheck // a request brings its own context
		Store: a.Store, Types: a.Types, Starter: a.Starter, Logger: a.Logger,
		Metrics:   metrics.Handler(a.Metrics, a.Logger),
		PublicURL: a.Config.PublicURL, SecureCookies: a.Config.SecureCookies(),
		TemporalUIURL: a.Config.TemporalUIURL, Namespace: a.Namespace, Extra: extra,
		UploadBytes: a.Config.UploadMaxMB << 20,
		Asker:       temporalclient.NewAsker(a.Temporal, a.where), WorkerAlive: a.Timing.WorkerAlive(),
		Feed: changes,
	})
	if err != nil {
		return err
	}
	// The feed ends with ctx, and with it the streams, which would keep the server from stopping.
	return together(ctx, changes.Run, a.fillWords, func(ctx context.Context) error { return serve(ctx, listener, handler, a.Logger) })
}
