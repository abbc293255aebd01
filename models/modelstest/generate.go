package modelstest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

// Queues are the task queues of generated runs.
func Queues() []string { return []string{"q1", "q2", "queue with spaces & <marks>"} }

// Generate stores n runs in every state that facts can make, many of them at the very edge of another, seen at now. It
// writes rows, not transitions, so that facts come together that a life would need hours for. They are the same for
// the same random numbers, on every database. It returns their ids.
func Generate(t testing.TB, s *models.Store, c Crowd, r *rand.Rand, now time.Time, n int) []string {
	t.Helper()
	g := generator{Rand: r, crowd: c, now: now.UnixMicro()}
	g.policy = lifecycle.DefaultPolicy()
	policy, err := json.Marshal(g.policy)
	require.NoError(t, err)
	g.policyJSON = string(policy)
	const chunk = 200
	for len(g.ids) < n {
		g.rows = rows{}
		for range min(chunk, n-len(g.ids)) {
			g.run()
		}
		require.NoError(t, s.Write(t.Context(), func(tx *gorm.DB) error {
			for _, table := range []string{"operation_runs", "run_liveness", "run_waits", "run_events", "run_items", "notifications", "outages"} {
				if err := g.rows.insert(tx, table); err != nil {
					return fmt.Errorf("generate %s: %w", table, err)
				}
			}
			return g.tellRetried(tx)
		}))
	}
	_, err = s.FillWords(t.Context())
	require.NoError(t, err)
	return g.ids
}

// row is one row of a table. All of a table have the same columns, in the same order.
type row []struct {
	column string
	value  any
}

type rows map[string][]row

func (all rows) insert(tx *gorm.DB, table string) error {
	if len(all[table]) == 0 {
		return nil
	}
	var columns []string
	for _, cell := range all[table][0] {
		columns = append(columns, cell.column)
	}
	one := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	var args []any
	for _, r := range all[table] {
		for _, cell := range r {
			args = append(args, cell.value)
		}
	}
	return tx.Exec("INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") VALUES "+
		one+strings.Repeat(", "+one, len(all[table])-1), args...).Error
}

type generator struct {
	*rand.Rand
	crowd      Crowd
	now        int64 // microseconds
	policy     lifecycle.Policy
	policyJSON string

	ids      []string
	ended    []string          // of them
	retries  map[string]string // the newest retry of a run, since they were last told
	rows     rows
	queuedAt int64 // of the run before
}

// of returns one of the values.
func of[T any](r *generator, values ...T) T { return values[r.IntN(len(values))] }

// sometimes returns the value once in n times, and otherwise nothing.
func sometimes[T any](r *generator, n int, value T) T {
	var nothing T
	if r.IntN(n) == 0 {
		return value
	}
	return nothing
}

const (
	us     = int64(1)
	second = 1_000_000 * us
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// edge is a moment at now or just beside it.
func (g *generator) edge() int64 {
	return g.now + of(g, -us, 0, us, -2*second, 2*second, int64(g.IntN(100)-50))
}

// ago is a moment in the past, more often a recent one.
func (g *generator) ago() int64 {
	longest := of(g, minute, hour, day, 8*day, 20*day, 40*day)
	return g.now - 1 - g.Int64N(longest)
}

// id is a version 7 UUID by its looks.
func (g *generator) id(at int64) string {
	ms := at / 1000
	return fmt.Sprintf("%08x-%04x-7%03x-8%03x-%012x", ms>>16, ms&0xffff, g.IntN(1<<12), g.IntN(1<<12), g.Int64N(1<<48))
}

// run adds a run's rows.
func (g *generator) run() {
	f := facts{queuedAt: g.ago()}
	if g.IntN(10) == 0 && g.queuedAt > 0 {
		f.queuedAt = g.queuedAt // several may be queued in the same microsecond
	}
	g.queuedAt = f.queuedAt
	f.id = g.id(f.queuedAt)
	f.place = of(g, g.crowd.Places...)
	f.queue = of(g, Queues()...)
	f.outcome = lifecycle.Pending
	if g.IntN(2) == 0 {
		g.active(&f)
	} else {
		g.end(&f)
	}
	g.retry(&f)
	g.ids = append(g.ids, f.id)
	g.store(f)
}

// retry makes the run one that tries an ended one again, now and then.
func (g *generator) retry(f *facts) {
	if len(g.ended) > 0 && g.IntN(8) == 0 {
		f.retryOf = of(g, g.ended...)
		if g.retries == nil {
			g.retries = map[string]string{}
		}
		g.retries[f.retryOf] = f.id
	}
	if f.status == lifecycle.Completed {
		g.ended = append(g.ended, f.id)
	}
}

func (g *generator) tellRetried(tx *gorm.DB) error {
	for old, by := range g.retries {
		if err := tx.Exec(`UPDATE operation_runs SET retried_by = ? WHERE id = ?`, by, old).Error; err != nil {
			return err
		}
	}
	g.retries = nil
	return nil
}
