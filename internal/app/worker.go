package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"runtime/debug"

	"go.temporal.io/sdk/interceptor"

	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/worker"
)

// Worker serves the operations' task queues and the process's metrics until ctx
// ends.
func (a *App) Worker(ctx context.Context) error {
	return together(ctx,
		func(ctx context.Context) error { return a.Serve(ctx) },
		func(ctx context.Context) error {
			return listen(ctx, a.Config.MetricsListen, metrics.Handler(a.Metrics, a.Logger), a.Logger)
		},
	)
}

// Serve serves the operations' task queues alone.
func (a *App) Serve(ctx context.Context, around ...interceptor.WorkerInterceptor) error {
	return worker.New(worker.Options{
		Client: a.Temporal, Record: a.Store, Types: a.Types, Timing: a.Timing, Measure: a.measure, Logger: a.Logger,
		Worker: identity(a.Config.Queues), Interceptors: around, Concurrency: a.Config.Concurrency,
	}).Run(ctx)
}

// Reconcile serves the reconciler's passes alone.
func (a *App) Reconcile(ctx context.Context) error {
	return worker.NewReconciler(worker.ReconcilerOptions{
		Client: a.Temporal, Namespace: a.Namespace, Store: a.Store, Dispatch: a.dispatcher.Dispatch,
		Timing: a.Timing, Measure: a.measure, Logger: a.Logger,
	}).Run(ctx)
}

// identity names this process. The random part tells it from an earlier one
// that had the same number.
func identity(queues []string) models.WorkerRow {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown-host"
	}
	pid := os.Getpid()
	return models.WorkerRow{
		ID: fmt.Sprintf("%s-%d-%s", host, pid, rand.Text()[:6]), Host: host, PID: pid, Queues: queues, Build: Version(),
	}
}

// Version is what this program was built from.
func Version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version, revision, modified := build.Main.Version, "", ""
	for _, s := range build.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+changes"
		}
	}
	if len(revision) > 12 {
		revision = revision[:12]
	}
	if version == "" || version == "(devel)" {
		version = "devel"
	}
	if revision == "" {
		return version
	}
	return version + " " + revision + modified
}
