// Package replay records the workflow histories that later versions are replayed against.
package replay

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/opstruth/opstruth/activities"
	"github.com/opstruth/opstruth/internal/metrics"
	types "github.com/opstruth/opstruth/internal/replay"
	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/sqlite"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/standalone/temporal"
	"github.com/opstruth/opstruth/worker"
	"github.com/opstruth/opstruth/workflows/contract"
)

var into = flag.String("record", "", "directory to write the histories into, see docs/releasing.md")

const patience = 10 * time.Minute

// scene is an installation whose runs are recorded.
type scene struct {
	store             *models.Store
	client            client.Client
	starter           *start.Starter
	workspace, tenant string
}

// TestRecordHistories makes one run of each kind on a real server. With -record it keeps their histories.
func TestRecordHistories(t *testing.T) {
	s := install(t)
	dir := *into
	if dir == "" {
		dir = t.TempDir()
	}
	ended := map[string]string{
		"plain-finished": "one two wait three", "plain-failed": "one fail", "plain-blocked": "blocked",
		"wrapped-finished": "work", "wrapped-failed": "fail", "wrapped-child": "child",
	}
	for name, what := range ended {
		id := s.start(t, name, what)
		t.Logf("%s is run %s", name, id)
		s.awaitClosed(t, id)
		s.keep(t, dir, name, id, "")
	}
	inFlight := map[string]struct {
		what  string
		until func(*historypb.History) bool
	}{
		"plain-waiting": {"one sleep", timer}, "plain-awaiting": {"one await", timer}, "plain-midchunk": {"one hang", midChunk},
		"wrapped-sleeping": {"sleep", declared}, "wrapped-awaiting": {"await", declared},
	}
	for name, c := range inFlight {
		id := s.start(t, name, c.what)
		s.awaitHistory(t, id, c.until)
		s.keep(t, dir, name, id, "")
	}
	for name, c := range map[string]struct{ what, signal string }{
		"plain-woken": {"one await two", contract.WakeSignal}, "wrapped-woken": {"await", "go"},
		"plain-cancelled": {"one sleep", ""}, "wrapped-cancelled": {"sleep", ""},
	} {
		id := s.start(t, name, c.what)
		until := timer
		if name[0] == 'w' {
			until = declared
		}
		s.awaitHistory(t, id, until)
		if c.signal == "" {
			require.NoError(t, s.client.CancelWorkflow(t.Context(), contract.WorkflowID(id), ""))
		} else {
			require.NoError(t, s.client.SignalWorkflow(t.Context(), contract.WorkflowID(id), "", c.signal, nil))
		}
		s.awaitClosed(t, id)
		s.keep(t, dir, name, id, "")
	}
	for name, what := range map[string]string{"plain-continued": words(300), "wrapped-continued": "again work"} {
		id := s.start(t, name, what)
		s.awaitClosed(t, id)
		chain := s.chain(t, id)
		require.Len(t, chain, 2)
		for i, runID := range chain {
			s.keep(t, dir, name+"-"+string(rune('1'+i)), id, runID)
		}
	}
	s.keepPass(t, dir)
	files, err := filepath.Glob(filepath.Join(dir, "*.json.gz"))
	require.NoError(t, err)
	require.Len(t, files, 20)
}

func words(n int) string { return strings.TrimSpace(strings.Repeat("word ", n)) }

func timer(h *historypb.History) bool { return has(h, enumspb.EVENT_TYPE_TIMER_STARTED) }

// midChunk is a run that hangs in a chunk, its first or its last.
func midChunk(h *historypb.History) bool {
	return scheduled(h, contract.ActivityExecute) > 0 && last(h) == enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
}

// declared is a wrapped workflow whose wait the record knows.
func declared(h *historypb.History) bool {
	return scheduled(h, contract.ActivityRecordWait) == 1 && last(h) == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
}

func last(h *historypb.History) enumspb.EventType {
	return h.GetEvents()[len(h.GetEvents())-1].GetEventType()
}

func has(h *historypb.History, kind enumspb.EventType) bool {
	for _, e := range h.GetEvents() {
		if e.GetEventType() == kind {
			return true
		}
	}
	return false
}

func scheduled(h *historypb.History, activity string) (n int) {
	for _, e := range h.GetEvents() {
		if e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == activity {
			n++
		}
	}
	return n
}

func install(t *testing.T) *scene {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	server, err := temporal.Start(t.Context(), temporal.Options{DataDir: t.TempDir(), NoUI: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	s := &scene{}
	s.store, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.store.Close() })
	require.NoError(t, s.store.MigrateUp(t.Context()))
	w, err := s.store.CreateWorkspace(t.Context(), models.Workspace{Slug: "acme", Name: "Acme"})
	require.NoError(t, err)
	tenant, err := s.store.CreateTenant(t.Context(), models.Tenant{WorkspaceID: w.ID, Slug: "north", Name: "North"})
	require.NoError(t, err)
	s.workspace, s.tenant = w.ID, tenant.ID
	s.client, err = client.NewLazyClient(client.Options{
		HostPort: server.Address(), Namespace: server.Namespace(), Logger: sdklog.NewStructuredLogger(logger),
	})
	require.NoError(t, err)
	t.Cleanup(s.client.Close)

	timing := lifecycle.NewTiming(5*time.Second, time.Second)
	registry, err := operation.NewRegistry(lifecycle.DefaultPolicy(), timing, types.Types()...)
	require.NoError(t, err)
	dispatcher := &start.Dispatcher{Temporal: s.client, Record: s.store, Timing: timing, Home: func(ctx context.Context) (string, string, error) {
		home, err := activities.AskHome(ctx, s.client.WorkflowService(), server.Namespace())
		return home.NamespaceID, home.ClusterID, err
	}}
	s.starter = &start.Starter{Record: s.store, Types: registry, Dispatch: dispatcher.Dispatch, Logger: logger}
	measure := metrics.NewProcess(prometheus.NewRegistry())
	s.background(t, worker.New(worker.Options{
		Client: s.client, Record: s.store, Types: registry, Timing: timing, Measure: measure, Logger: logger,
		Worker: models.WorkerRow{ID: "recorder", Host: "localhost"}, Batch: time.Nanosecond, // an activity for each chunk
	}).Run)
	s.background(t, worker.NewReconciler(worker.ReconcilerOptions{
		Client: s.client, Namespace: server.Namespace(), Store: s.store, Dispatch: dispatcher.Dispatch, Timing: timing, Measure: measure, Logger: logger,
	}).Run)
	return s
}

func (s *scene) background(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
}

func (s *scene) start(t *testing.T, name, what string) string {
	t.Helper()
	kind := types.Plain
	if name[0] == 'w' {
		kind = types.Wrapped
	}
	input, err := json.Marshal(types.Order{Do: what})
	require.NoError(t, err)
	run, _, err := s.starter.Start(t.Context(), start.Request{Type: kind, WorkspaceID: s.workspace, TenantID: s.tenant, Input: input})
	require.NoError(t, err)
	return run.ID
}

func (s *scene) history(t *testing.T, workflowID, runID string) *historypb.History {
	t.Helper()
	h := &historypb.History{}
	for events := s.client.GetWorkflowHistory(t.Context(), workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		event, err := events.Next()
		require.NoError(t, err)
		h.Events = append(h.Events, event)
	}
	return h
}

func (s *scene) awaitHistory(t *testing.T, id string, until func(*historypb.History) bool) {
	t.Helper()
	require.Eventually(t, func() bool { return until(s.history(t, contract.WorkflowID(id), "")) }, patience, 20*time.Millisecond)
}

func (s *scene) awaitClosed(t *testing.T, id string) {
	t.Helper()
	require.Eventually(t, func() bool {
		d, err := s.client.DescribeWorkflowExecution(t.Context(), contract.WorkflowID(id), "")
		return err == nil && d.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING &&
			d.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW
	}, patience, 20*time.Millisecond)
}

// chain lists the executions of a run, the first one first.
func (s *scene) chain(t *testing.T, id string) (runIDs []string) {
	t.Helper()
	run, _, err := s.store.Run(t.Context(), models.Engine(), id)
	require.NoError(t, err)
	for next := run.FirstRunID; next != ""; {
		runIDs = append(runIDs, next)
		h := s.history(t, contract.WorkflowID(id), next)
		next = h.GetEvents()[len(h.GetEvents())-1].GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
	}
	return runIDs
}

func (s *scene) keep(t *testing.T, dir, name, id, runID string) {
	t.Helper()
	s.write(t, dir, name, s.history(t, contract.WorkflowID(id), runID))
}

// keepPass keeps a pass of the reconciler that has ended.
func (s *scene) keepPass(t *testing.T, dir string) {
	t.Helper()
	require.Eventually(t, func() bool {
		page, err := s.client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			PageSize: 1, Query: "WorkflowType = '" + contract.ReconcileWorkflow + "' AND ExecutionStatus = 'Completed'",
		})
		if err != nil || len(page.GetExecutions()) == 0 {
			return false
		}
		pass := page.GetExecutions()[0].GetExecution()
		s.write(t, dir, "reconcile-pass", s.history(t, pass.GetWorkflowId(), pass.GetRunId()))
		return true
	}, patience, 100*time.Millisecond)
}

func (s *scene) write(t *testing.T, dir, name string, h *historypb.History) {
	t.Helper()
	text, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(h)
	require.NoError(t, err)
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	require.NoError(t, err)
	_, err = w.Write(text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, os.MkdirAll(dir, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".json.gz"), packed.Bytes(), 0o600))
}
