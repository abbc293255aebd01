package models_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/pgtest"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

const (
	activeRuns = 2000             // in both databases
	runEvery   = 20 * time.Second // one run ended: 4320 a day
)

// BenchmarkHistory reads a database with 10,000 and one with 1,000,000 ended runs and the same active ones. The metric
// "x10k" is how many times the time of the first the second takes; docs/benchmarks.md has one run of it.
func BenchmarkHistory(b *testing.B) {
	small := map[string]float64{}
	for _, runs := range []int{10_000, 1_000_000} {
		s, w := history(b, runs)
		yes, no := true, false
		first, err := s.ListRuns(b.Context(), w.OwnerScope, models.Filter{}, models.Page{})
		require.NoError(b, err)
		require.NotEmpty(b, first.Next)
		deep := toCursor(b, s, w, int64(runs/2))
		list := func(sc models.Scope, f models.Filter, p models.Page) func() error {
			return func() error {
				page, err := s.ListRuns(b.Context(), sc, f, p)
				if err == nil && len(page.Runs) == 0 {
					err = fmt.Errorf("an empty page measures nothing")
				}
				return err
			}
		}
		all := models.Platform()
		for _, read := range []struct {
			name string
			do   func() error
		}{
			{"first page", list(all, models.Filter{}, models.Page{})},
			{"second page", list(w.OwnerScope, models.Filter{}, models.Page{Cursor: first.Next})},
			{"deep page", list(w.OwnerScope, models.Filter{}, models.Page{Cursor: deep})},
			{"workspace", list(w.OwnerScope, models.Filter{}, models.Page{})},
			{"one tenant's member", list(w.ViewerScope, models.Filter{}, models.Page{})},
			{"active", list(w.OwnerScope, models.Filter{Active: &yes}, models.Page{})},
			{"ended", list(w.OwnerScope, models.Filter{Active: &no}, models.Page{})},
			{"likely stuck", list(w.OwnerScope, models.Filter{Class: lifecycle.ActiveStaleAttention}, models.Page{})},
			{"follow-up", list(w.OwnerScope, models.Filter{Class: lifecycle.TerminalFollowUp}, models.Page{})},
			{"open follow-up", list(w.OwnerScope, models.Filter{Class: lifecycle.TerminalFollowUp, Open: &yes}, models.Page{})},
			{"open follow-up, all workspaces", list(all, models.Filter{Class: lifecycle.TerminalFollowUp, Open: &yes}, models.Page{})},
			{"no problem", list(w.OwnerScope, models.Filter{Class: lifecycle.NoProblem}, models.Page{})},
			{"summary", func() error { _, err := s.Summary(b.Context(), w.OwnerScope, models.Filter{}); return err }},
			{"summary of one tenant's member", func() error { _, err := s.Summary(b.Context(), w.ViewerScope, models.Filter{}); return err }},
			{"summary of all workspaces", func() error { _, err := s.Summary(b.Context(), all, models.Filter{}); return err }},
			{"census", func() error { _, err := s.Census(b.Context()); return err }},
		} {
			b.Run(fmt.Sprintf("%s/%d", read.name, runs), func(b *testing.B) {
				for b.Loop() {
					if err := read.do(); err != nil {
						b.Fatal(err)
					}
				}
				took := b.Elapsed().Seconds() / float64(b.N)
				b.ReportMetric(took*1e3, "ms/op")
				b.ReportMetric(0, "ns/op") // the same, shown once
				if was, ok := small[read.name]; ok {
					b.ReportMetric(took/was, "x10k")
				} else {
					small[read.name] = took
				}
			})
		}
	}
}

// BenchmarkRecordBeats writes what one worker sends at once.
func BenchmarkRecordBeats(b *testing.B) {
	s, _ := history(b, 1000)
	var ids []string
	require.NoError(b, s.DB().Raw(`SELECT run_id FROM run_liveness ORDER BY run_id`).Scan(&ids).Error)
	for _, n := range []int{500, activeRuns} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			beats := make([]models.Beat, n)
			for i := range beats {
				beats[i] = models.Beat{RunID: ids[i], TemporalRunID: "t", ActivityID: "5", Attempt: 1}
			}
			for b.Loop() {
				rejected, err := s.RecordBeats(b.Context(), models.WorkerRow{ID: "w", Host: "h", Queues: []string{"default"}}, beats)
				if err != nil || len(rejected) > 0 {
					b.Fatal(err, rejected)
				}
			}
			took := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(took*1e3, "ms/op")
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(took*1e6/float64(n), "µs/beat")
		})
	}
}

// history is a database with so many ended runs in two tenants, 6% of them follow-ups. Those of the last two days are
// open, and one in a hundred of the older ones.
func history(b *testing.B, runs int) (*models.Store, modelstest.World) {
	b.Helper()
	s, err := models.Open(b.Context(), pgtest.New(b, migratePostgres))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	w := modelstest.Seed(b, s)
	ended, running := modelstest.Ended(b, s, w.NewRun(), lifecycle.Succeeded), modelstest.Running(b, s, w.NewRun())
	copied := `workspace_id, type, queue, policy, input, request_hash, supersedes, exclusive, status, started_at, dispatched_at, liveness_at, progress_at`
	const chunk = 50_000
	for from := 1; from <= runs; from += chunk {
		require.NoError(b, s.DB().Exec(`INSERT INTO operation_runs (id, tenant_id, fingerprint, target, outcome, queued_at, completed_at,
				acknowledged_at, `+copied+`)
			SELECT '0' || lpad((10000000 - n)::text, 35, '0'), CASE WHEN n % 2 = 0 THEN ? ELSE ? END, 'f' || n % 5000, 'target ' || n % 5000,
				CASE WHEN n % 25 = 0 THEN 'failed' WHEN n % 50 = 1 THEN 'partially_succeeded' WHEN n % 50 = 2 THEN 'cancelled' ELSE 'succeeded' END,
				queued_at - n * ?::bigint, completed_at - n * ?::bigint + 5000000,
				CASE WHEN n > 8640 AND n / 50 % 100 > 0 THEN completed_at ELSE 0 END, `+copied+`
			FROM operation_runs, generate_series(?::int, ?::int) n WHERE id = ?`,
			w.North.ID, w.South.ID, runEvery.Microseconds(), runEvery.Microseconds(), from, min(runs, from+chunk-1), ended.ID).Error)
	}
	require.NoError(b, s.DB().Exec(`INSERT INTO operation_runs (id, tenant_id, fingerprint, target, outcome, queued_at, `+copied+`)
		SELECT '1' || lpad(n::text, 35, '0'), CASE WHEN n % 2 = 0 THEN ? ELSE ? END, 'a' || n, 'active ' || n, outcome, queued_at + n, `+copied+`
		FROM operation_runs, generate_series(1, ?::int) n WHERE id = ?`, w.North.ID, w.South.ID, activeRuns, running.ID).Error)
	require.NoError(b, s.DB().Exec(`INSERT INTO run_liveness (run_id, queue, running, stale_after, queued_stale_after, progress_timeout,
			wait_slack, max_wait, liveness_at, progress_at, stale_at)
		SELECT '1' || lpad(n::text, 35, '0'), queue, TRUE, stale_after, queued_stale_after, progress_timeout, wait_slack, max_wait,
			liveness_at, progress_at, CASE WHEN n % 40 = 0 THEN 1 ELSE stale_at + 86400000000 END
		FROM run_liveness, generate_series(1, ?::int) n WHERE run_id = ?`, activeRuns, running.ID).Error)
	require.NoError(b, s.DB().Exec("VACUUM ANALYZE").Error) // the test server has no autovacuum
	return s, w
}
