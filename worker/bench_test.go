package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/internal/pgtest/pgstore"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// BenchmarkHeartbeats sends 20,000 heartbeats a second into one worker, from 5,000 activities: one operation is one
// second. "rows/s" is what it writes to PostgreSQL, and "cores" what this process spends.
func BenchmarkHeartbeats(b *testing.B) {
	const (
		activities = 5000
		perSecond  = 20_000
		tick       = 10 * time.Millisecond
	)
	s := pgstore.New(b)
	ids := modelstest.Clones(b, s, modelstest.Running(b, s, modelstest.Seed(b, s).NewRun()), activities)

	counted := &counter{}
	row := models.WorkerRow{ID: "w", Host: "h", Queues: []string{"default"}}
	batcher := NewBatcher(s, row, lifecycle.NewTiming(5*time.Second, 5*time.Second), counted, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); batcher.Run(ctx) }()
	defer func() { stop(); <-done }()

	started, next := time.Now(), 0
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	second := func() {
		for range time.Second / tick {
			for range perSecond * tick / time.Second {
				batcher.Beat(attempt{run: ids[next], temporalRun: "t", activity: "5", number: 1}, started, nil, func(error) {})
				next = (next + 1) % activities
			}
			<-ticker.C
		}
	}
	for range 3 { // the first beat of every activity is news
		second()
	}
	counted.written.Store(0)
	began, spent := time.Now(), cpu(b)
	for b.Loop() {
		second()
	}
	took := time.Since(began).Seconds()
	b.ReportMetric(float64(counted.written.Load())/took, "rows/s")
	b.ReportMetric((cpu(b)-spent).Seconds()/took, "cores")
	b.ReportMetric(perSecond*float64(b.N)/took, "beats/s")
	b.ReportMetric(0, "ns/op")
	require.Zero(b, counted.lost.Load(), "beats that were rejected or dropped")
}

// BenchmarkBeat is what a heartbeat costs the activity that sends it.
func BenchmarkBeat(b *testing.B) {
	batcher := NewBatcher(nil, models.WorkerRow{}, lifecycle.NewTiming(5*time.Second, 5*time.Second), &counter{}, slog.New(slog.DiscardHandler))
	all := make([]attempt, 5000)
	for i := range all {
		all[i] = attempt{run: fmt.Sprint(i), activity: "5", number: 1}
	}
	started, i := time.Now(), 0
	b.ReportAllocs()
	for b.Loop() {
		batcher.Beat(all[i%len(all)], started, nil, nil)
		i++
	}
}

type counter struct{ written, lost atomic.Int64 }

func (c *counter) Beats(result metrics.BeatResult, n int) {
	switch result {
	case metrics.Written:
		c.written.Add(int64(n))
	case metrics.Rejected, metrics.Dropped:
		c.lost.Add(int64(n))
	case metrics.Coalesced:
	}
}

func (*counter) Flushed(_, _ time.Duration) {}

// cpu is what this process has spent so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
