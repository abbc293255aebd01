package metrics_test

import (
	"context"
	"errors"
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

type store struct {
	census   models.Census
	state    models.ReconcilerState
	err      error
	stateErr error
}

func (s store) Census(context.Context) (models.Census, error) { return s.census, s.err }

func (s store) ReconcilerState(context.Context) (models.ReconcilerState, time.Time, error) {
	return s.state, time.Time{}, s.stateErr
}

func TestFromStoreCountsStuckRunsByTheirLabels(t *testing.T) {
	t.Parallel()

	at := time.Unix(1_700_000_000, 0)
	got, err := metrics.FromStore(store{
		census: models.Census{
			Counts: []models.CensusCount{{Type: "a", Status: lifecycle.Running, Class: lifecycle.ActiveStaleAttention, N: 3}},
			Stuck: []models.StuckRun{
				{Type: "a", Queue: "q", Cause: lifecycle.NoWorkers, Late: time.Second},
				{Type: "a", Queue: "q", Cause: lifecycle.NoWorkers, Late: time.Minute},
				{Type: "a", Queue: "q", Cause: lifecycle.WorkerLost, Late: time.Second},
			},
		},
		state: models.ReconcilerState{
			PassAt: at.Add(time.Hour), TemporalAt: at,
			Breakers: map[string]lifecycle.Breaker{"": {Open: true}, "q": {}},
		},
	}).Snapshot(t.Context())
	require.NoError(t, err)
	require.Equal(t, []metrics.RunCount{
		{Type: "a", Status: lifecycle.Running, Class: lifecycle.ActiveStaleAttention, Count: 3},
	}, got.Runs)
	require.ElementsMatch(t, []metrics.StuckCount{
		{Type: "a", TaskQueue: "q", Cause: lifecycle.NoWorkers, Count: 2},
		{Type: "a", TaskQueue: "q", Cause: lifecycle.WorkerLost, Count: 1},
	}, got.Stuck)
	require.Equal(t, map[string]time.Duration{"a": time.Minute}, got.OldestStale)
	require.Equal(t, at, got.LastPass, "a pass that Temporal did not answer is no success")
	require.Equal(t, map[string]bool{"overall": true, "q": false}, got.Breakers)
}

// A run without a cause yet and one whose cause is that nobody could be asked have the same label.
func TestRunsWithoutACauseAreCountedWithTheUnverified(t *testing.T) {
	t.Parallel()

	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics.NewRecord(metrics.FromStore(store{census: models.Census{Stuck: []models.StuckRun{
		{Type: "a", Queue: "q"},
		{Type: "a", Queue: "q", Cause: lifecycle.Unverified},
		{Type: "a", Queue: "other", Cause: lifecycle.Unverified},
	}}}), discard))
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP opstruth_stuck_runs Active runs that are likely stuck, by type, verified cause (unverified until there is one) and task queue.
# TYPE opstruth_stuck_runs gauge
opstruth_stuck_runs{cause="unverified",task_queue="other",type="a"} 1
opstruth_stuck_runs{cause="unverified",task_queue="q",type="a"} 2
`), metrics.StuckRuns.Name))
}

func TestFromStoreFailsWholly(t *testing.T) {
	t.Parallel()

	_, err := metrics.FromStore(store{err: errors.New("away")}).Snapshot(t.Context())
	require.ErrorContains(t, err, "away")
	_, err = metrics.FromStore(store{stateErr: errors.New("away")}).Snapshot(t.Context())
	require.ErrorContains(t, err, "read the reconciler's state: away")
}
