package models_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/opstruth/opstruth/internal/pgtest/pgstore"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

const (
	activeRuns = 2000             // in both databases
	runEvery   = 20 * time.Second // one run ended: 4320 a day
)

// BenchmarkHistory reads a database with 10,000 and one with 1,000,000 ended runs and the same active ones. Times are
// medians, and "x10k" is how many times the median of the first the second takes. docs/benchmarks.md has one run of it.
func BenchmarkHistory(b *testing.B) {
	compare(b, 1_000_000, func() *models.Store { return pgstore.New(b) })
}

// BenchmarkHistorySQLite is the same in a file, which holds less.
func BenchmarkHistorySQLite(b *testing.B) {
	compare(b, 100_000, func() *models.Store { return modelstest.New(b) })
}

func compare(b *testing.B, many int, open func() *models.Store) {
	b.Helper()
	small, large := readsOf(b, open(), 10_000), readsOf(b, open(), many)
	for i := range small {
		var was float64
		b.Run(small[i].name+"/10000", func(b *testing.B) { was = median(b, small[i].do) })
		b.Run(fmt.Sprintf("%s/%d", large[i].name, many), func(b *testing.B) {
			if is := median(b, large[i].do); was > 0 {
				b.ReportMetric(is/was, "x10k")
			}
		})
	}
}

type read struct {
	name string
	do   func() error
}

// readsOf is every list and count that a page or a scrape asks for, on a database with so many ended runs.
func readsOf(b *testing.B, s *models.Store, runs int) []read {
	b.Helper()
	w := history(b, s, runs)
	yes, no := true, false
	first, err := s.ListRuns(b.Context(), w.OwnerScope, models.Filter{}, models.Page{})
	require.NoError(b, err)
	deep := toCursor(b, s, w, int64(runs/2))
	var reads []read
	list := func(name string, sc models.Scope, f models.Filter, p models.Page) {
		plan, err := s.ExplainList(b.Context(), sc, f, p)
		require.NoError(b, err)
		if s.Dialect() == "postgres" {
			requirePlan(b, name, plan)
		}
		reads = append(reads, read{name, func() error {
			_, err := s.ListRuns(b.Context(), sc, f, p)
			return err
		}})
	}
	summary := func(name string, sc models.Scope) {
		reads = append(reads, read{name: name, do: func() error {
			_, err := s.Summary(b.Context(), sc, models.Filter{})
			return err
		}})
	}
	all, mine := models.Platform(), w.OwnerScope
	list("list of 20", mine, models.Filter{}, models.Page{Limit: 20}) // as the API is mostly asked
	list("first page", mine, models.Filter{}, models.Page{})
	list("first page, all workspaces", all, models.Filter{}, models.Page{})
	list("first page, member of one tenant", w.ViewerScope, models.Filter{}, models.Page{})
	list("second page", mine, models.Filter{}, models.Page{Cursor: first.Next})
	list("page in the middle", mine, models.Filter{}, models.Page{Cursor: deep})
	list("active", mine, models.Filter{Active: &yes}, models.Page{})
	list("ended", mine, models.Filter{Active: &no}, models.Page{})
	list("likely stuck", mine, models.Filter{Class: lifecycle.ActiveStaleAttention}, models.Page{})
	list("follow-up", mine, models.Filter{Class: lifecycle.TerminalFollowUp}, models.Page{})
	list("open follow-up", mine, models.Filter{Class: lifecycle.TerminalFollowUp, Open: &yes}, models.Page{})
	list("open follow-up, all workspaces", all, models.Filter{Class: lifecycle.TerminalFollowUp, Open: &yes}, models.Page{})
	list("no problem", mine, models.Filter{Class: lifecycle.NoProblem}, models.Page{})
	list("stale lineage", mine, models.Filter{Lineage: &yes}, models.Page{})
	summary("summary", mine)
	summary("summary, all workspaces", all)
	summary("summary, member of one tenant", w.ViewerScope)
	reads = append(reads, read{name: "census", do: func() error { _, err := s.Census(b.Context()); return err }})
	now, err := s.Now(b.Context())
	require.NoError(b, err)
	charts := func(name string, sc models.Scope, f models.Filter, days int) {
		reads = append(reads, read{name, func() error {
			_, err := s.History(b.Context(), sc, f, now, days)
			return err
		}})
	}
	charts("charts of a workspace", mine, models.Filter{WorkspaceID: w.Acme.ID}, 14)
	charts("charts of a workspace, 30 days", mine, models.Filter{WorkspaceID: w.Acme.ID}, 30)
	charts("charts of a workspace, member of one tenant", w.ViewerScope, models.Filter{WorkspaceID: w.Acme.ID}, 14)
	charts("charts of a tenant", mine, models.Filter{WorkspaceID: w.Acme.ID, TenantID: w.South.ID}, 14)
	reads = append(reads,
		read{"stuck, by cause", func() error { _, err := s.StuckGroups(b.Context(), all, models.Filter{AsOf: now}); return err }},
		read{"failures, by reason", func() error {
			_, err := s.FailureGroups(b.Context(), all, models.BucketFollowUpRecent.Filter(models.Filter{}, now))
			return err
		}},
		read{"tenants' numbers", func() error { _, err := s.TenantSummaries(b.Context(), mine, w.Acme.ID, now); return err }},
	)
	run, note := first.Runs[len(first.Runs)-1], models.Mailbox{UserID: w.Owner.ID, Owns: []string{w.Acme.ID}, Scope: mine}
	reads = append(reads,
		read{"a run", func() error { _, _, err := s.Run(b.Context(), mine, run.ID); return err }},
		read{"its relatives", func() error { _, err := s.Lineage(b.Context(), mine, run, 20); return err }},
		read{"its timeline", func() error { _, _, err := s.Timeline(b.Context(), mine, run.ID, models.Page{}); return err }},
		read{"its items", func() error {
			_, _, err := s.Items(b.Context(), mine, run.ID, models.ItemFilter{}, models.Page{})
			return err
		}},
		read{"its reasons", func() error { _, _, err := s.Reasons(b.Context(), mine, run.ID, 20); return err }},
		read{"its artifacts", func() error { _, err := s.Artifacts(b.Context(), mine, run.ID); return err }},
		read{"the frame of a page", func() error { _, err := s.Surroundings(b.Context(), note); return err }},
		read{"the overlay", func() error { _, err := s.ActiveRuns(b.Context(), mine, models.Filter{}, 5); return err }},
		read{"notifications", func() error { _, err := s.Notifications(b.Context(), note, false, models.Page{}); return err }},
		read{"unread notifications", func() error { _, err := s.Notifications(b.Context(), note, true, models.Page{}); return err }},
		read{"places", func() error { _, err := s.Around(b.Context(), mine, "acme", w.Owner.ID, models.PlaneAdmin); return err }},
		read{"detection", func() error { _, err := s.Detection(b.Context(), now); return err }},
		read{"active by queue", func() error { _, err := s.ActiveByQueue(b.Context()); return err }},
	)
	// Few runs fit or none, so that all have to be ruled out.
	list("stale lineage that no run has", models.Platform(), models.Filter{WorkspaceID: w.Globex.ID, Lineage: &yes}, models.Page{})
	list("outcome that no run has", mine, models.Filter{Outcome: lifecycle.Blocked}, models.Page{})
	list("type that no run has", mine, models.Filter{Type: "inventory.sync"}, models.Page{})
	list("initiator of no run", mine, models.Filter{Initiator: w.Viewer.ID}, models.Page{})
	list("text that no run has", mine, models.Filter{Text: "no such target"}, models.Page{})
	list("end of an id", mine, models.Filter{Text: "09876543"}, models.Page{})
	list("beginning of a word", mine, models.Filter{Text: "zz"}, models.Page{})
	list("text that most runs have", mine, models.Filter{Text: "target"}, models.Page{})
	return reads
}

// median is the middle of the times in milliseconds: a busy machine moves it less than it moves their mean.
func median(b *testing.B, do func() error) float64 {
	b.Helper()
	var took []float64
	for b.Loop() {
		began := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began).Seconds()*1e3)
	}
	slices.Sort(took)
	middle := took[len(took)/2]
	b.ReportMetric(middle, "ms/op")
	b.ReportMetric(0, "ns/op") // the mean
	return middle
}

// BenchmarkRecordBeats writes what one worker sends at once.
func BenchmarkRecordBeats(b *testing.B) {
	s := pgstore.New(b)
	history(b, s, 1000)
	var ids []string
	require.NoError(b, s.DB().Raw(`SELECT run_id FROM run_liveness ORDER BY run_id`).Scan(&ids).Error)
	for _, n := range []int{500, activeRuns} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			beats := make([]models.Beat, n)
			for i := range beats {
				beats[i] = models.Beat{RunID: ids[i], TemporalRunID: "t", ActivityID: "5", Attempt: 1}
			}
			took := median(b, func() error {
				rejected, err := s.RecordBeats(b.Context(), models.WorkerRow{ID: "w", Host: "h", Queues: []string{"default"}}, beats)
				if err == nil && len(rejected) > 0 {
					err = fmt.Errorf("%d beats were rejected", len(rejected))
				}
				return err
			})
			b.ReportMetric(took*1e3/float64(n), "µs/beat")
		})
	}
}

// history is a database with so many ended runs, nine of ten in two tenants of one workspace: 6% of them follow-ups, of which those of the last two
// days and one in a hundred of the older ones are open, and 1% that were likely stuck once.
func history(b *testing.B, s *models.Store, runs int) modelstest.World {
	b.Helper()
	w := modelstest.Seed(b, s)
	ended := modelstest.Ended(b, s, w.NewRun(), lifecycle.Succeeded)
	running := modelstest.Running(b, s, w.NewRun(func(n *models.NewRun) { n.Policy.StaleAfter = 24 * time.Hour }))
	copied := `type, queue, policy, input, request_hash, supersedes, exclusive, status, started_at, dispatched_at, liveness_at, progress_at`
	number, numbers, tidy := `lpad((10000000 - n)::text, 35, '0')`, `generate_series(%d, %d) n`, "VACUUM ANALYZE" // the test server has no autovacuum
	if s.Dialect() == "sqlite" {
		number, tidy = `printf('%035d', 10000000 - n)`, "ANALYZE"
		numbers = `(WITH RECURSIVE c (n) AS (SELECT %d UNION ALL SELECT n + 1 FROM c WHERE n < %d) SELECT n FROM c) c`
	}
	fill := func(statement string, args ...any) { // takes longer than any statement of the product may
		require.NoError(b, s.DB().Connection(func(db *gorm.DB) error {
			if s.Dialect() == "postgres" {
				if err := db.Exec("SET statement_timeout = 0").Error; err != nil {
					return err
				}
			}
			return db.Exec(statement, args...).Error
		}))
	}
	const chunk = 50_000
	for from := 1; from <= runs; from += chunk {
		fill(`INSERT INTO operation_runs (id, workspace_id, tenant_id, fingerprint, target, outcome, queued_at, completed_at,
				acknowledged_at, stale_episodes, `+copied+`)
			SELECT '0' || `+number+`, CASE WHEN n % 10 = 0 THEN ? ELSE workspace_id END,
				CASE WHEN n % 10 = 0 THEN ? WHEN n % 2 = 0 THEN ? ELSE ? END, 'f' || n % 5000, 'target ' || n % 5000,
				CASE WHEN n % 25 = 0 THEN 'failed' WHEN n % 50 = 1 THEN 'partially_succeeded' WHEN n % 50 = 2 THEN 'cancelled' ELSE 'succeeded' END,
				queued_at - `+every+`, completed_at - `+every+` + 5000000,
				CASE WHEN n > 8640 AND n / 50 % 100 > 0 THEN completed_at ELSE 0 END,
				CASE WHEN n % 100 = 7 THEN 1 ELSE 0 END, `+strings.Replace(copied, "started_at", "completed_at - "+every+" - n % 977 * 1000", 1)+`
			FROM operation_runs, `+fmt.Sprintf(numbers, from, min(runs, from+chunk-1))+` WHERE id = ?`,
			w.Globex.ID, w.West.ID, w.North.ID, w.South.ID, ended.ID)
	}
	fill(`INSERT INTO notifications (run_id, workspace_id, created_at)
		SELECT id, workspace_id, completed_at FROM operation_runs WHERE id < '1' AND id LIKE '00%'`)
	for i, id := range modelstest.Clones(b, s, running, activeRuns) {
		if i%40 == 0 {
			require.NoError(b, s.DB().Exec(`UPDATE run_liveness SET stale_at = 1 WHERE run_id = ?`, id).Error)
		}
		if i%2 == 0 {
			require.NoError(b, s.DB().Exec(`UPDATE operation_runs SET tenant_id = ? WHERE id = ?`, w.South.ID, id).Error)
		}
	}
	_, err := s.FillWords(b.Context())
	require.NoError(b, err)
	fill(tidy)
	return w
}

// every is how long before the newest the n-th run was, in microseconds.
var every = fmt.Sprintf("n * CAST(%d AS BIGINT)", runEvery.Microseconds())
