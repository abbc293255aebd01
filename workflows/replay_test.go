package workflows_test

import (
	"bytes"
	"compress/gzip"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/opstruth/opstruth/internal/replay"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows"
)

// kept are the histories that every version leaves. docs/releasing.md says how they are recorded.
var kept = []string{
	"plain-awaiting", "plain-blocked", "plain-cancelled", "plain-continued-1", "plain-continued-2", "plain-failed", "plain-finished", "plain-midchunk",
	"plain-waiting", "plain-woken", "reconcile-pass",
	"wrapped-awaiting", "wrapped-cancelled", "wrapped-child", "wrapped-continued-1", "wrapped-continued-2", "wrapped-failed",
	"wrapped-finished", "wrapped-sleeping", "wrapped-woken",
}

// A run that an older version began must go on under this one, from wherever it is.
func TestHistoriesOfOlderVersionsReplay(t *testing.T) {
	t.Parallel()
	versions, err := filepath.Glob("testdata/replay/*")
	require.NoError(t, err)
	require.NotEmpty(t, versions)
	for _, version := range versions {
		files, err := filepath.Glob(filepath.Join(version, "*.json.gz"))
		require.NoError(t, err)
		var names []string
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".json.gz")
			names = append(names, name)
			t.Run(filepath.Base(version)+"/"+name, func(t *testing.T) {
				t.Parallel()
				require.NoError(t, replayer(t).ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), history(t, file)))
			})
		}
		require.Equal(t, kept, names, version)
	}
}

// A replay that cannot fail would prove nothing.
func TestAHistoryThatTheCodeCannotHaveMadeDoesNotReplay(t *testing.T) {
	t.Parallel()
	h := history(t, "testdata/replay/0.1.0/plain-finished.json.gz")
	for _, event := range h.GetEvents() {
		if event.GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED {
			event.GetActivityTaskScheduledEventAttributes().GetActivityType().Name = "opstruth.other"
			break
		}
	}
	err := replayer(t).ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), h)
	require.ErrorContains(t, err, "nondeterministic")
}

func replayer(t *testing.T) worker.WorkflowReplayer {
	t.Helper()
	types, err := operation.NewRegistry(lifecycle.DefaultPolicy(), lifecycle.NewTiming(5*time.Second, 5*time.Second), replay.Types()...)
	require.NoError(t, err)
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		Interceptors:             []interceptor.WorkerInterceptor{workflows.Interceptor()},
		DisableDeadlockDetection: true, // of a second, which a busy machine may take
	})
	require.NoError(t, err)
	workflows.RegisterRun(r, types)
	workflows.RegisterReconcile(r)
	return r
}

func history(t *testing.T, file string) *historypb.History {
	t.Helper()
	packed, err := os.ReadFile(file)
	require.NoError(t, err)
	text, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	h, err := client.HistoryFromJSON(text, client.HistoryJSONOptions{})
	require.NoError(t, err)
	return h
}
