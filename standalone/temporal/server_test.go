package temporal

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const (
	queue       = "test"
	childDirEnv = "OPSTRUTH_TEST_TEMPORAL_DIR"
)

// TestMain is also the process that TestKilledServerGoesOn kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDirEnv); dir != "" {
		os.Exit(serveUntilKilled(dir))
	}
	os.Exit(m.Run())
}

func serveUntilKilled(dir string) int {
	s, err := Start(context.Background(), Options{DataDir: dir, NoUI: true})
	if err != nil {
		slog.Error("start", "error", err)
		return 1
	}
	if err := os.WriteFile(filepath.Join(dir, "address.tmp"), []byte(s.Address()), 0o600); err != nil {
		return 1
	}
	if err := os.Rename(filepath.Join(dir, "address.tmp"), filepath.Join(dir, "address")); err != nil {
		return 1
	}
	select {}
}

func waitForSignal(ctx workflow.Context) (string, error) {
	var word string
	workflow.GetSignalChannel(ctx, "word").Receive(ctx, &word)
	return word, nil
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(testContext(t), o)
	require.NoError(t, err)
	return s
}

func dial(t *testing.T, address string) client.Client {
	t.Helper()
	c, err := client.DialContext(testContext(t), client.Options{HostPort: address, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func work(t *testing.T, c client.Client) {
	t.Helper()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(waitForSignal)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func begin(t *testing.T, c client.Client, id string) {
	t.Helper()
	_, err := c.ExecuteWorkflow(testContext(t), client.StartWorkflowOptions{ID: id, TaskQueue: queue}, waitForSignal)
	require.NoError(t, err)
}

func finish(t *testing.T, c client.Client, id string) {
	t.Helper()
	ctx := testContext(t)
	require.NoError(t, c.SignalWorkflow(ctx, id, "", "word", "done"))
	var got string
	require.NoError(t, c.GetWorkflow(ctx, id, "").Get(ctx, &got))
	require.Equal(t, "done", got)
}

func TestStoppedServerGoesOnAtTheSameAddress(t *testing.T) {
	t.Parallel()
	o := Options{DataDir: filepath.Join(t.TempDir(), "with ? and % in it"), NoUI: true}
	s := start(t, o)
	begin(t, dial(t, s.Address()), "kept")
	require.NoError(t, s.Stop())

	o.Port = s.Port()
	again := start(t, o)
	defer func() { require.NoError(t, again.Stop()) }()
	require.Equal(t, s.Address(), again.Address())
	c := dial(t, again.Address())
	work(t, c)
	finish(t, c, "kept")
}

func TestKilledServerGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childDirEnv+"="+dir)
	child.Stderr = os.Stderr
	require.NoError(t, child.Start())
	var address []byte
	require.Eventually(t, func() bool {
		var err error
		address, err = os.ReadFile(filepath.Join(dir, "address"))
		return err == nil
	}, 5*time.Minute, 20*time.Millisecond)
	begin(t, dial(t, string(address)), "kept")
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())

	s := start(t, Options{DataDir: dir, NoUI: true})
	defer func() { require.NoError(t, s.Stop()) }()
	c := dial(t, s.Address())
	work(t, c)
	finish(t, c, "kept")
}

func TestUIShowsTheNamespaceAndItsRetention(t *testing.T) {
	t.Parallel()
	s := start(t, Options{DataDir: t.TempDir(), Namespace: "demo"})
	defer func() { require.NoError(t, s.Stop()) }()

	req, err := http.NewRequestWithContext(testContext(t), http.MethodGet, s.UIURL()+"/api/v1/namespaces/demo", nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	var got struct {
		Config struct {
			Retention string `json:"workflowExecutionRetentionTtl"`
		} `json:"config"`
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&got))
	require.Equal(t, "86400s", got.Config.Retention)
}

func TestNamespaceIsMadeOnce(t *testing.T) {
	t.Parallel()
	o := Options{DataDir: t.TempDir(), NoUI: true}
	id := func(s *Server) string {
		got, err := dial(t, s.Address()).WorkflowService().DescribeNamespace(testContext(t),
			&workflowservice.DescribeNamespaceRequest{Namespace: DefaultNamespace})
		require.NoError(t, err)
		return got.GetNamespaceInfo().GetId()
	}
	s := start(t, o)
	first := id(s)
	require.NoError(t, s.Stop())
	s = start(t, o)
	defer func() { require.NoError(t, s.Stop()) }()
	require.Equal(t, first, id(s))
}

func TestTakenPortIsAnError(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	taken := l.Addr().(*net.TCPAddr).Port

	_, err = Start(testContext(t), Options{DataDir: t.TempDir(), Port: taken})
	require.ErrorContains(t, err, "choose another port")
	_, err = Start(testContext(t), Options{DataDir: t.TempDir(), UIPort: taken})
	require.ErrorContains(t, err, "choose another port")
}

func TestDirectoryThatCannotBeMadeIsAnError(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Start(testContext(t), Options{DataDir: filepath.Join(file, "data")})
	require.ErrorContains(t, err, "make temporal's data directory")
}

func TestDamagedDatabaseIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, databaseFile), []byte("this is not a database, and long enough to be sure"), 0o600))
	_, err := Start(testContext(t), Options{DataDir: dir})
	require.ErrorContains(t, err, databaseFile)
}
