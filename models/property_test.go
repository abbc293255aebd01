package models_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// pick returns one of the values.
func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

const generated = 500

// TestSQLSaysWhatDeriveSays stores rows of every kind, around every edge, and compares each filter's list with what
// Derive says about the same rows.
func TestSQLSaysWhatDeriveSays(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 1))
		at := modelstest.At(s, modelstest.Epoch)
		modelstest.Generate(t, at, modelstest.SeedCrowd(t, at), r, modelstest.Epoch, generated)
		for _, open := range []struct{ overall, queue bool }{{false, false}, {false, true}, {true, false}} {
			require.NoError(t, s.FinishPass(t.Context(), models.PassReport{}))
			setBreaker(t, s, "", open.overall)
			setBreaker(t, s, modelstest.Queues()[0], open.queue)
			compareFilters(t, at)
		}
	})
}

func setBreaker(t *testing.T, s *models.Store, scope string, open bool) {
	t.Helper()
	require.NoError(t, s.DB().Exec(`INSERT INTO breakers (scope, is_open, since, below) VALUES (?, ?, 0, 0)
		ON CONFLICT (scope) DO UPDATE SET is_open = excluded.is_open`, scope, open).Error)
}

func compareFilters(t *testing.T, s *models.Store) {
	t.Helper()
	all := listAll(t, s, models.Filter{})
	require.Len(t, all, generated)
	yes, no := true, false
	compare := func(name string, f models.Filter, want func(lifecycle.Truth) bool) {
		t.Helper()
		var expected []string
		for _, run := range all {
			if want(run.Truth(modelstest.Epoch)) {
				expected = append(expected, run.ID)
			}
		}
		require.Equal(t, expected, ids(listAll(t, s, f)), name)
		f.AsOf = modelstest.Epoch
		require.Equal(t, expected, ids(listAll(t, s.WithClock("0"), f)), "%s as of", name)
	}
	for _, f := range lifecycle.Freshnesses() {
		compare(string(f), models.Filter{Freshness: f}, func(tr lifecycle.Truth) bool { return tr.Freshness == f })
	}
	for _, c := range lifecycle.ProblemClasses() {
		compare(string(c), models.Filter{Class: c}, func(tr lifecycle.Truth) bool { return tr.ProblemClass == c })
	}
	compare("open", models.Filter{Open: &yes}, func(tr lifecycle.Truth) bool { return tr.Open })
	compare("not open", models.Filter{Open: &no}, func(tr lifecycle.Truth) bool { return !tr.Open })
	compare("lineage", models.Filter{Lineage: &yes}, func(tr lifecycle.Truth) bool { return tr.StaleLineage })
	compare("no lineage", models.Filter{Lineage: &no}, func(tr lifecycle.Truth) bool { return !tr.StaleLineage })
}

// TestStaleAtSaysWhatLifecycleSays compares the one SQL expression with the rule.
func TestStaleAtSaysWhatLifecycleSays(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 2))
		w := modelstest.Seed(t, s)
		for i := range 100 {
			policy := lifecycle.DefaultPolicy()
			policy.ProgressTimeout = pick(r, 0, time.Second, time.Minute)
			policy.WaitSlack = pick(r, 0, 10*time.Second)
			policy.StaleAfter = pick(r, time.Second, 20*time.Second, time.Hour)
			run := modelstest.Queued(t, s, w.NewRun(func(n *models.NewRun) { n.Policy = policy }))
			status := pick(r, lifecycle.Queued, lifecycle.Running)
			moment := func() time.Time { return modelstest.Epoch.Add(time.Duration(r.IntN(200_000)) * time.Millisecond) }
			liveness, progress := moment(), moment()
			durable, held := pick(r, time.Time{}, moment()), pick(r, time.Time{}, moment())
			require.NoError(t, s.DB().Exec(`UPDATE run_liveness SET running = ?, liveness_at = ?, progress_at = ?, durable_until = ?, held_until = ? WHERE run_id = ?`,
				status == lifecycle.Running, liveness.UnixMicro(), progress.UnixMicro(), micros(durable), micros(held), run.ID).Error)
			require.NoError(t, s.Touch(t.Context(), run.ID))
			got, _, err := s.Run(t.Context(), models.Engine(), run.ID)
			require.NoError(t, err)
			require.Equal(t, lifecycle.StaleAt(policy, status, liveness, progress, durable, held), got.Facts.StaleAt, fmt.Sprint(i))
		}
	})
}

func micros(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMicro()
}

// listAll reads every page.
func listAll(t *testing.T, s *models.Store, f models.Filter) []models.Run {
	t.Helper()
	var all []models.Run
	page := models.Page{Limit: 97}
	for {
		p, err := s.ListRuns(t.Context(), models.Platform(), f, page)
		require.NoError(t, err)
		all = append(all, p.Runs...)
		if p.Next == "" {
			return all
		}
		page.Cursor = p.Next
	}
}

func ids(runs []models.Run) []string {
	var all []string
	for _, run := range runs {
		all = append(all, run.ID)
	}
	return all
}
