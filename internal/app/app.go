// Package app wires the parts of opstruth into the processes that people run:
// the web process and the worker process. Package program and standalone call it
// with their own stores and Temporal clients.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"

	"github.com/opstruth/opstruth/activities"
	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/internal/outbound"
	"github.com/opstruth/opstruth/internal/secrets"
	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
)

// Parts are what an App is made of. The caller closes what it opened.
type Parts struct {
	Config    config.Config
	Store     *models.Store
	Temporal  client.Client
	Namespace string // of the client
	// Extra operation types, beside the built-in ones.
	Extra   []operation.Definition
	Logger  *slog.Logger
	Metrics *prometheus.Registry
}

// App is one process of opstruth, wired.
type App struct {
	Parts

	Types   *operation.Registry
	Starter *start.Starter
	Timing  lifecycle.Timing

	dispatcher *start.Dispatcher
	measure    *metrics.Process
	home       atomic.Pointer[activities.Home]
}

// New wires the parts. It fails on a policy under which healthy runs would be
// flagged, and asks nothing of the database or of Temporal.
func New(p Parts) (*App, error) {
	a := &App{Parts: p, Timing: timing(p.Config), measure: metrics.NewProcess(p.Metrics)}
	box, err := secrets.NewBox(p.Config.SecretKey.Bytes())
	if err != nil {
		return nil, fmt.Errorf("use OPSTRUTH_SECRET_KEY: %w", err)
	}
	services := operation.Services{Store: p.Store, Outbound: outbound.Client(p.Config.OutboundAllow), Unseal: box.Open}
	types, err := operation.NewRegistry(policy(p.Config), a.Timing, append(builtIn(services), p.Extra...)...)
	if err != nil {
		return nil, fmt.Errorf("register the operation types: %w%s", err, config.Sets(err.Error()))
	}
	a.Types = types
	a.dispatcher = &start.Dispatcher{Temporal: p.Temporal, Record: p.Store, Home: a.where, Timing: a.Timing}
	a.Starter = &start.Starter{Record: p.Store, Types: types, Dispatch: a.dispatcher.Dispatch, Logger: p.Logger}
	return a, nil
}

// policy is the installation's default policy.
func policy(c config.Config) lifecycle.Policy {
	p := lifecycle.DefaultPolicy()
	p.StaleAfter, p.QueuedStaleAfter = c.StaleAfter, c.QueuedStaleAfter
	p.CloseNoWorkers, p.CloseWorkerLost = c.ReconcileAfter, c.ReconcileAfter
	return p
}

// timing is how often this installation beats and verifies.
func timing(c config.Config) lifecycle.Timing {
	return lifecycle.NewTiming(c.HeartbeatEvery, c.ReconcileEvery)
}

// where says which namespace and cluster the client talks to. Their ids stay
// the same for as long as the process lives, so the first answer is kept;
// nobody waits for another's question while Temporal is away.
func (a *App) where(ctx context.Context) (namespaceID, clusterID string, err error) {
	known := a.home.Load()
	if known == nil {
		asked, err := activities.AskHome(ctx, a.Temporal.WorkflowService(), a.Namespace)
		if err != nil {
			return "", "", err
		}
		known = &asked
		a.home.Store(known)
	}
	return known.NamespaceID, known.ClusterID, nil
}

// together runs all until one fails or ctx ends, then waits for the others to
// stop. It returns every error.
func together(ctx context.Context, all ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, run := range all {
		wg.Go(func() {
			defer cancel()
			errs[i] = run(ctx)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
