package metrics_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

type source struct {
	snapshot metrics.Snapshot
	err      error
}

func (s *source) Snapshot(ctx context.Context) (metrics.Snapshot, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		return metrics.Snapshot{}, errors.New("a scrape must be bounded")
	}
	return s.snapshot, s.err
}

var discard = slog.New(slog.DiscardHandler)

func everything() metrics.Snapshot {
	return metrics.Snapshot{
		Runs: []metrics.RunCount{
			{Type: "inventory.sync", Status: lifecycle.Running, Class: lifecycle.ActiveStaleAttention, Count: 2},
			{Type: "inventory.sync", Status: lifecycle.Completed, Class: lifecycle.TerminalFollowUp, Open: true, Count: 3},
		},
		Stuck: []metrics.StuckCount{
			{Type: "inventory.sync", Cause: lifecycle.NoWorkers, TaskQueue: "sync", Count: 1},
			{Type: "inventory.sync", Cause: lifecycle.Unverified, TaskQueue: "sync", Count: 1},
		},
		OldestStale: map[string]time.Duration{"inventory.sync": 90 * time.Second},
		LastPass:    time.Unix(1_700_000_000, 500_000_000),
		Breakers:    map[string]bool{"overall": false, "sync": true},
		Audit: models.Audit{Answered: 16, Disagreements: 3, Doubts: map[string]models.Doubt{
			"r1": {What: "ended", Confirmed: true}, "r2": {What: "status"},
		}},
	}
}

func TestRecordShowsWhatTheDatabaseSays(t *testing.T) {
	t.Parallel()

	want := `
# HELP opstruth_breaker_open 1 while too many runs of the task queue, or overall, fall silent at once, so that none is closed.
# TYPE opstruth_breaker_open gauge
opstruth_breaker_open{scope="overall"} 0
opstruth_breaker_open{scope="sync"} 1
# HELP opstruth_db_up 1 when the record database answered this scrape. When 0, the counts of runs are absent rather than old.
# TYPE opstruth_db_up gauge
opstruth_db_up 1
# HELP opstruth_oldest_stale_seconds For how long the longest-silent run of the type has been past its deadline.
# TYPE opstruth_oldest_stale_seconds gauge
opstruth_oldest_stale_seconds{type="inventory.sync"} 90
# HELP opstruth_reconciler_last_success_timestamp_seconds When the reconciler last finished a pass in which Temporal answered, in Unix time; 0 when it never did.
# TYPE opstruth_reconciler_last_success_timestamp_seconds gauge
opstruth_reconciler_last_success_timestamp_seconds 1.7000000005e+09
# HELP opstruth_runs Operation runs that are active, and ended ones whose follow-up is open, by type, status and problem class.
# TYPE opstruth_runs gauge
opstruth_runs{open="false",problem_class="active_stale_attention",status="running",type="inventory.sync"} 2
opstruth_runs{open="true",problem_class="terminal_follow_up",status="completed",type="inventory.sync"} 3
# HELP opstruth_stuck_runs Active runs that are likely stuck, by type, verified cause (unverified until there is one) and task queue.
# TYPE opstruth_stuck_runs gauge
opstruth_stuck_runs{cause="no_workers",task_queue="sync",type="inventory.sync"} 1
opstruth_stuck_runs{cause="unverified",task_queue="sync",type="inventory.sync"} 1
# HELP opstruth_truth_audited_runs Runs whose workflow answered the last comparison with the record.
# TYPE opstruth_truth_audited_runs gauge
opstruth_truth_audited_runs 16
# HELP opstruth_truth_disagreeing_runs Runs about which the record and their own workflow told different states in two comparisons in a row.
# TYPE opstruth_truth_disagreeing_runs gauge
opstruth_truth_disagreeing_runs 1
# HELP opstruth_truth_disagreements_total Disagreements between the record and workflows that the truth audit ever confirmed.
# TYPE opstruth_truth_disagreements_total counter
opstruth_truth_disagreements_total 3
`
	require.NoError(t, testutil.CollectAndCompare(metrics.NewRecord(&source{snapshot: everything()}, discard), strings.NewReader(want)))
}

func TestRecordShowsNoOldCountsWhenTheDatabaseIsAway(t *testing.T) {
	t.Parallel()

	from := &source{snapshot: everything()}
	record := metrics.NewRecord(from, discard)
	require.Greater(t, testutil.CollectAndCount(record), 1)

	from.err = errors.New("connection refused")
	require.Equal(t, 1, testutil.CollectAndCount(record))
	require.Equal(t, 0, testutil.CollectAndCount(record, metrics.Runs.Name))
	require.InDelta(t, 0, testutil.ToFloat64(record), 0)

	from.err = nil
	require.Greater(t, testutil.CollectAndCount(record), 1)
}

func TestEveryFamilyIsRegisteredAsDeclared(t *testing.T) {
	t.Parallel()

	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics.NewRecord(&source{snapshot: everything()}, discard))
	process := metrics.NewProcess(registry)
	process.Detected(time.Second)
	process.Verdict(lifecycle.Verdict{Action: lifecycle.Silent, Cause: lifecycle.WorkerLost})
	process.FalseFlag()
	process.LateResult()
	process.Pass(time.Second)
	process.RunEnded("inventory.sync", lifecycle.Succeeded, time.Minute)
	process.Beats(metrics.Written, 5)
	process.Flushed(time.Millisecond, time.Second)

	families, err := registry.Gather()
	require.NoError(t, err)
	got := map[string]bool{}
	for _, family := range families {
		got[family.GetName()] = true
	}
	for _, family := range metrics.All() {
		require.True(t, got[family.Name], family.Name)
		delete(got, family.Name)
	}
	require.Empty(t, got, "metrics that All does not list")
	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestHandlerServesTheRegistry(t *testing.T) {
	t.Parallel()

	registry := metrics.NewRegistry()
	registry.MustRegister(metrics.NewRecord(&source{snapshot: everything()}, discard))
	answer := httptest.NewRecorder()
	metrics.Handler(registry, discard).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	require.Equal(t, 200, answer.Code)
	require.Contains(t, answer.Body.String(), "opstruth_db_up 1")
	require.Contains(t, answer.Body.String(), "go_goroutines")
}
