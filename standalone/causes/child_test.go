package causes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"

	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/sqlite"
	"github.com/opstruth/opstruth/worker"
)

// childEnv holds the order of a worker process, which is this test's own binary.
const childEnv = "OPSTRUTH_TEST_WORKER"

// order is what a worker process is told.
type order struct {
	Address     string
	Namespace   string
	Records     string
	ID          string
	Queues      []string
	Concurrency int
}

// serve is the worker process.
func serve(text string) error {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("worker", o.ID)
	store, err := sqlite.Open(ctx, o.Records)
	if err != nil {
		return err
	}
	defer store.Close()
	types, err := registry()
	if err != nil {
		return err
	}
	c, err := client.NewLazyClient(client.Options{HostPort: o.Address, Namespace: o.Namespace, Logger: sdklog.NewStructuredLogger(logger)})
	if err != nil {
		return err
	}
	defer c.Close()
	return worker.New(worker.Options{
		Client: c, Record: store, Types: types, Timing: timing, Measure: metrics.NewProcess(prometheus.NewRegistry()), Logger: logger,
		Worker:      models.WorkerRow{ID: o.ID, Host: "localhost", PID: os.Getpid(), Queues: o.Queues, Build: "test"},
		Concurrency: o.Concurrency, Interceptors: []interceptor.WorkerInterceptor{&troubles{}},
	}).Run(ctx)
}

// process is a worker process of a test.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	log  *lockedBuffer
	once sync.Once
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// worker starts a worker process for the queue of a scenario. It dies with the test.
func (i *installation) worker(t *testing.T, scenario string, change ...func(*order)) *process {
	t.Helper()
	o := order{
		Address: i.temporal.Address(), Namespace: i.namespace, Records: i.records,
		ID: fmt.Sprintf("%s-%d", scenario, i.serial.Add(1)), Queues: []string{queueOf(scenario)},
	}
	for _, c := range change {
		c(&o)
	}
	text, err := json.Marshal(o)
	require.NoError(t, err)
	p := &process{t: t, cmd: exec.Command(os.Args[0]), log: &lockedBuffer{}}
	p.cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("worker %s said:\n%s", o.ID, p.log.String())
		}
	})
	require.Eventually(t, func() bool { // a process takes its time to start on a busy machine
		rows, _, err := i.store.Workers(t.Context())
		return err == nil && slices.ContainsFunc(rows, func(w models.WorkerRow) bool { return w.ID == o.ID })
	}, patience, 20*time.Millisecond, "worker %s serves", o.ID)
	return p
}

// kill is kill -9.
func (p *process) kill() { p.end(syscall.SIGKILL) }

// stop tells the process to stop in good order and waits for it.
func (p *process) stop() { p.end(syscall.SIGTERM) }

func (p *process) end(s os.Signal) {
	p.once.Do(func() {
		_ = p.cmd.Process.Signal(s)
		_ = p.cmd.Wait()
	})
}
