package price

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"github.com/opstruth/opstruth/activities"
	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/sqlite"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/standalone/temporal"
	"github.com/opstruth/opstruth/worker"
	"github.com/opstruth/opstruth/workflows/contract"
)

const (
	batch   = 100 // workflows in a batch
	atATime = 20  // of them on their way
	bareTQ  = "bare"
)

var timing = lifecycle.NewTiming(5*time.Second, 5*time.Second)

// BenchmarkLifecycle runs batches of both in turn. "ratio" is how many runs end for each bare workflow that ends.
func BenchmarkLifecycle(b *testing.B) {
	quiet := slog.New(slog.DiscardHandler)
	server, err := temporal.Start(b.Context(), temporal.Options{DataDir: filepath.Join(b.TempDir(), "temporal"), NoUI: true})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, server.Stop()) })
	c, err := client.Dial(client.Options{HostPort: server.Address(), Namespace: server.Namespace(), Logger: sdklog.NewStructuredLogger(quiet)})
	require.NoError(b, err)
	b.Cleanup(c.Close)

	runs, bare := lifecycleOf(b, server, c, quiet), bareOf(b, c)
	throughput := func(one func(context.Context) error) float64 {
		began := time.Now()
		group, ctx := errgroup.WithContext(b.Context())
		group.SetLimit(atATime)
		for range batch {
			group.Go(func() error { return one(ctx) })
		}
		require.NoError(b, group.Wait())
		return batch / time.Since(began).Seconds()
	}
	throughput(bare) // the first of each warm up
	throughput(runs)
	var a, z []float64
	for b.Loop() {
		a, z = append(a, throughput(bare)), append(z, throughput(runs))
	}
	b.ReportMetric(median(a), "bare/s")
	b.ReportMetric(median(z), "runs/s")
	b.ReportMetric(median(z)/median(a), "ratio")
	b.ReportMetric(0, "ns/op")
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// bareOf starts a worker without opstruth, and returns what runs one workflow to its end.
func bareOf(b *testing.B, c client.Client) func(context.Context) error {
	b.Helper()
	w := sdkworker.New(c, bareTQ, sdkworker.Options{})
	item := func(context.Context) error { return nil }
	flow := func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		return workflow.ExecuteActivity(ctx, item).Get(ctx, nil)
	}
	w.RegisterWorkflow(flow)
	w.RegisterActivity(item)
	require.NoError(b, w.Start())
	b.Cleanup(w.Stop)
	return func(ctx context.Context) error {
		run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: bareTQ}, flow)
		if err != nil {
			return err
		}
		return run.Get(ctx, nil)
	}
}

// lifecycleOf starts a worker of opstruth with its record in SQLite, and returns what runs one item to its end.
func lifecycleOf(b *testing.B, server *temporal.Server, c client.Client, quiet *slog.Logger) func(context.Context) error {
	b.Helper()
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "records.db"))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	require.NoError(b, store.MigrateUp(b.Context()))
	workspace, err := store.CreateWorkspace(b.Context(), models.Workspace{Slug: "acme", Name: "Acme"})
	require.NoError(b, err)
	tenant, err := store.CreateTenant(b.Context(), models.Tenant{WorkspaceID: workspace.ID, Slug: "north", Name: "North"})
	require.NoError(b, err)
	types, err := operation.NewRegistry(lifecycle.DefaultPolicy(), timing, trivial())
	require.NoError(b, err)

	w := worker.New(worker.Options{
		Client: c, Record: store, Types: types, Timing: timing, Measure: metrics.NewProcess(prometheus.NewRegistry()), Logger: quiet,
		Worker: models.WorkerRow{ID: "price", Host: "localhost"},
	})
	ctx, stop := context.WithCancel(b.Context())
	served := make(chan error, 1)
	go func() { served <- w.Run(ctx) }()
	b.Cleanup(func() { stop(); require.NoError(b, <-served) })

	dispatcher := &start.Dispatcher{Temporal: c, Record: store, Timing: timing, Home: func(ctx context.Context) (string, string, error) {
		home, err := activities.AskHome(ctx, c.WorkflowService(), server.Namespace())
		return home.NamespaceID, home.ClusterID, err
	}}
	starter := &start.Starter{Record: store, Types: types, Dispatch: dispatcher.Dispatch, Logger: quiet}
	return func(ctx context.Context) error {
		run, _, err := starter.Start(ctx, start.Request{
			Type: "price.trivial", WorkspaceID: workspace.ID, TenantID: tenant.ID, Input: []byte("{}"),
		})
		if err != nil {
			return err
		}
		return c.GetWorkflow(ctx, contract.WorkflowID(run.ID), "").Get(ctx, nil)
	}
}

// trivial is an operation of one item that needs no work.
func trivial() operation.Definition {
	return operation.Define(operation.Type[struct{}]{
		Name: "price.trivial", Title: "Trivial",
		Do: func(_ context.Context, run *operation.Run[struct{}], _ string) (operation.Next, error) {
			run.Succeeded("one")
			return operation.Done(), nil
		},
	})
}
