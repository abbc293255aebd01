package causes

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/opstruth/opstruth/activities"
	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/sqlite"
	"github.com/opstruth/opstruth/standalone/internal/clocked"
	"github.com/opstruth/opstruth/standalone/temporal"
	"github.com/opstruth/opstruth/worker"
)

const (
	slow     = clocked.Slow
	parallel = max(3, 8/slow) // the tests wait for clocks, not for the processor

	// patience is how long a test waits for what needs several passes on a busy machine.
	patience = slow * 2 * time.Minute
)

var shared *installation

func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		if err := serve(text); err != nil {
			slog.Error("serve", "error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(parallel)); err != nil {
		slog.Error("set the flag", "error", err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	done, err := clocked.Alone(9 * time.Minute)
	if err != nil {
		slog.Error("begin", "error", err)
		return 1
	}
	defer done() //nolint:errcheck // the lock goes with the process
	dir, err := os.MkdirTemp("", "opstruth-causes-")
	if err != nil {
		slog.Error("make a directory", "error", err)
		return 1
	}
	defer os.RemoveAll(dir)
	if shared, err = install(dir); err != nil {
		slog.Error("install", "error", err)
		return 1
	}
	defer shared.close()
	return m.Run()
}

// installation is Temporal, the record and a reconciler.
type installation struct {
	temporal  *temporal.Server
	dir       string // of Temporal
	namespace string
	records   string
	store     *models.Store
	client    client.Client
	starter   *start.Starter
	metrics   *prometheus.Registry
	workspace string
	tenant    string
	serial    atomic.Int64
	log       *lockedBuffer

	stopped  chan struct{}
	stop     context.CancelFunc
	dispatch func(context.Context, models.Run) error
	measure  *metrics.Process
}

func install(dir string) (*installation, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	i := &installation{records: filepath.Join(dir, "records.db"), metrics: prometheus.NewRegistry(), log: &lockedBuffer{}}
	i.dir = filepath.Join(dir, "temporal")
	var err error
	if i.temporal, err = temporal.Start(ctx, temporal.Options{DataDir: i.dir, NoUI: true}); err != nil {
		return nil, err
	}
	i.namespace = i.temporal.Namespace()
	if i.store, err = sqlite.Open(ctx, i.records); err != nil {
		return nil, err
	}
	if err := i.store.MigrateUp(ctx); err != nil {
		return nil, err
	}
	w, err := i.store.CreateWorkspace(ctx, models.Workspace{Slug: "acme", Name: "Acme"})
	if err != nil {
		return nil, err
	}
	t, err := i.store.CreateTenant(ctx, models.Tenant{WorkspaceID: w.ID, Slug: "north", Name: "North"})
	if err != nil {
		return nil, err
	}
	i.workspace, i.tenant = w.ID, t.ID
	i.measure = metrics.NewProcess(i.metrics)
	if i.client, err = i.dial(i.namespace); err != nil {
		return nil, err
	}
	types, err := registry()
	if err != nil {
		return nil, err
	}
	i.dispatch = i.dispatcher(i.client, i.namespace)
	i.starter = &start.Starter{Record: i.store, Types: types, Dispatch: i.dispatch, Logger: i.logger()}
	i.reconcile()
	return i, nil
}

func (i *installation) logger() *slog.Logger { return slog.New(slog.NewTextHandler(i.log, nil)) }

func (i *installation) dial(namespace string) (client.Client, error) {
	return client.NewLazyClient(client.Options{
		HostPort: i.temporal.Address(), Namespace: namespace, Logger: sdklog.NewStructuredLogger(i.logger()),
	})
}

func (i *installation) dispatcher(c client.Client, namespace string) func(context.Context, models.Run) error {
	d := &start.Dispatcher{Temporal: c, Record: i.store, Timing: timing, Home: func(ctx context.Context) (string, string, error) {
		home, err := activities.AskHome(ctx, c.WorkflowService(), namespace)
		return home.NamespaceID, home.ClusterID, err
	}}
	return d.Dispatch
}

// reconcile starts the reconciler in this process.
func (i *installation) reconcile() {
	i.reconcileIn(i.client, i.namespace)
}

func (i *installation) reconcileIn(c client.Client, namespace string) {
	ctx, cancel := context.WithCancel(context.Background())
	i.stop, i.stopped = cancel, make(chan struct{})
	r := worker.NewReconciler(worker.ReconcilerOptions{
		Client: c, Namespace: namespace, Store: i.store, Dispatch: i.dispatch, Timing: timing, Measure: i.measure, Logger: i.logger(),
	})
	go func() {
		defer close(i.stopped)
		_ = r.Run(ctx)
	}()
}

func (i *installation) close() {
	i.stop()
	<-i.stopped
	i.client.Close()
	_ = i.store.Close()
	_ = i.temporal.Stop()
}

// start starts a run of a scenario.
func (i *installation) start(t *testing.T, scenario string, in input) string {
	t.Helper()
	in.ItemMS, in.WaitMS = slow*in.ItemMS, slow*in.WaitMS
	text, err := json.Marshal(in)
	require.NoError(t, err)
	run, _, err := i.starter.Start(t.Context(), start.Request{
		Type: typeOf(scenario), WorkspaceID: i.workspace, TenantID: i.tenant, Input: text,
	})
	require.NoError(t, err)
	return run.ID
}

func (i *installation) run(t *testing.T, id string) (models.Run, time.Time) {
	t.Helper()
	run, now, err := i.store.Run(context.WithoutCancel(t.Context()), models.Engine(), id)
	require.NoError(t, err)
	return run, now
}

// await polls the record until it is as wanted, and returns it with the clock reading of the same statement.
func (i *installation) await(t *testing.T, id, what string, limit time.Duration, want func(models.Run, lifecycle.Truth) bool) (models.Run, time.Time) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		run, now := i.run(t, id)
		if want(run, run.Truth(now)) {
			return run, now
		}
		if time.Now().After(deadline) {
			t.Fatalf("run %s is not %s after %v:\n%s\nthe reconciler said:\n%s", id, what, limit, i.story(t, id), i.tail())
		}
		select {
		case <-t.Context().Done():
			t.Fatal("test was cancelled")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// story tells all that is recorded of a run.
func (i *installation) story(t *testing.T, id string) string {
	t.Helper()
	run, now := i.run(t, id)
	truth := run.Truth(now)
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s cause %q %q\n%s\n", run.Facts.Status, run.Facts.Outcome, truth.Freshness, truth.Cause, truth.Headline(), truth.Evidence())
	facts, _ := json.Marshal(run.Facts)
	fmt.Fprintf(&b, "now %s facts %s\n", now.Format(time.StampMilli), facts)
	events, _, _ := i.store.Timeline(context.WithoutCancel(t.Context()), models.Engine(), id, models.Page{})
	for _, e := range events {
		fmt.Fprintf(&b, "%s %s %s %s\n", e.At.Format(time.StampMilli), e.Kind, e.Actor, e.Data)
	}
	return b.String()
}

func (i *installation) tail() string {
	text := i.log.String()
	return text[max(0, len(text)-4000):]
}

func (i *installation) awaitWorking(t *testing.T, id string) models.Run {
	t.Helper()
	run, _ := i.await(t, id, "working", patience, func(r models.Run, _ lifecycle.Truth) bool {
		return r.Facts.Status == lifecycle.Running && r.Facts.Counts.Processed > 0
	})
	return run
}

func (i *installation) awaitStuck(t *testing.T, id string, cause lifecycle.Cause) (models.Run, time.Time) {
	t.Helper()
	return i.await(t, id, "likely stuck by "+string(cause), patience, func(_ models.Run, truth lifecycle.Truth) bool {
		return truth.Freshness == lifecycle.LikelyStale && truth.Cause == cause
	})
}
