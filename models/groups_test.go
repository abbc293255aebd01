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

const stuckRows = 400

// seedSilent stores rows around every edge of the cause: silence found before and after the newest sign of life, beats
// in time and not, checks of Temporal and of the run overdue and not, and ended runs.
func seedSilent(t *testing.T, r *rand.Rand, s *models.Store, w modelstest.World) {
	t.Helper()
	now := modelstest.Epoch.UnixMicro()
	causes := append([]string{""}, words(lifecycle.Causes())...)
	edge := func() int64 {
		return now + pick[int64](r, -12_500_001, -12_500_000, -12_499_999, -20_000_000, -1, 0, 1)
	}
	for range stuckRows {
		run := modelstest.Queued(t, s, w.NewRun(func(n *models.NewRun) {
			n.Queue = pick(r, "q1", "q2", "q3")
			if r.IntN(3) == 0 {
				n.WorkspaceID, n.TenantID = w.Globex.ID, w.West.ID
			}
		}))
		if r.IntN(6) == 0 {
			require.NoError(t, s.DB().Exec(`DELETE FROM run_liveness WHERE run_id = ?`, run.ID).Error)
			require.NoError(t, s.DB().Exec(`UPDATE operation_runs SET status = 'completed', outcome = 'failed', completed_at = ?, reconciled_at = ?,
				reconciled_cause = ? WHERE id = ?`, now, pick(r, 0, now), pick(r, causes...), run.ID).Error)
			continue
		}
		liveness := pick(r, now-20_000_000, now-20_000_001, now-19_999_999, edge())
		require.NoError(t, s.DB().Exec(`UPDATE run_liveness SET stale_at = ?, liveness_at = ?, progress_at = ?, verified_at = ?, silence_at = ?,
			silence_cause = ?, in_gap = ? WHERE run_id = ?`, edge(), liveness, pick(r, liveness, edge()), pick(r, 0, edge()),
			pick(r, 0, liveness-1, liveness, liveness+1, edge()), pick(r, causes...), r.IntN(3) == 0, run.ID).Error)
		require.NoError(t, s.DB().Exec(`UPDATE operation_runs SET status = ? WHERE id = ?`, pick(r, "queued", "running"), run.ID).Error)
	}
}

func words[T ~string](all []T) []string {
	var list []string
	for _, v := range all {
		list = append(list, string(v))
	}
	return list
}

// TestSQLNamesTheCauseThatDeriveNames compares the one SQL expression with the rule, under a reconciler that passes in
// time, that does not, and that never was; and the groups with their lists.
func TestSQLNamesTheCauseThatDeriveNames(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 3))
		w := modelstest.Seed(t, s)
		at := modelstest.At(s, modelstest.Epoch)
		seedSilent(t, r, at, w)
		seen := map[lifecycle.Cause]bool{}
		for _, pass := range []struct{ temporal, every time.Duration }{{0, 0}, {12500 * time.Millisecond, 5 * time.Second}, {12501 * time.Millisecond, 5 * time.Second}} {
			if pass.every > 0 {
				last := modelstest.At(s, modelstest.Epoch.Add(-pass.temporal))
				require.NoError(t, last.FinishPass(t.Context(), models.PassReport{Every: pass.every, TemporalAnswered: true}))
			}
			all := listAll(t, at, models.Filter{})
			require.Len(t, all, stuckRows)
			byCause := map[lifecycle.Cause][]string{}
			for _, run := range all {
				cause := run.Truth(modelstest.Epoch).Cause
				byCause[cause], seen[cause] = append(byCause[cause], run.ID), true
			}
			for _, c := range lifecycle.FilterCauses() {
				want := byCause[c]
				if c == lifecycle.CauseNotKnown {
					want = byCause[lifecycle.NoCause]
				}
				require.Equal(t, want, ids(listAll(t, at, models.Filter{Cause: c})), c)
				require.Equal(t, want, ids(listAll(t, s.WithClock("0"), models.Filter{Cause: c, AsOf: modelstest.Epoch})), "%s as of", c)
			}
			compareGroups(t, at, all, w)
		}
		for _, c := range append(lifecycle.Causes(), lifecycle.NoCause) {
			require.True(t, seen[c], "no row had cause %q", c)
		}
		_, err := s.ListRuns(t.Context(), models.Platform(), models.Filter{Cause: "bad luck"}, models.Page{})
		require.ErrorContains(t, err, "bad luck")
	})
}

// compareGroups holds every group against the runs that Derive puts into it and against the list that it leads to.
func compareGroups(t *testing.T, s *models.Store, all []models.Run, w modelstest.World) {
	t.Helper()
	base := models.Filter{AsOf: modelstest.Epoch}
	for place, scope := range map[string]models.Scope{"": models.Platform(), w.Acme.ID: w.OwnerScope} {
		groups, err := s.StuckGroups(t.Context(), scope, base)
		require.NoError(t, err)
		var grouped int64
		for i, g := range groups {
			if i > 0 {
				require.False(t, g.Worse(groups[i-1].Group), "the worst first")
			}
			list, err := s.ListRuns(t.Context(), scope, g.Filter(base, modelstest.Epoch), models.Page{Limit: 500})
			require.NoError(t, err)
			require.Len(t, list.Runs, int(g.Runs), "%s on %s", g.Cause, g.Queue)
			grouped += g.Runs
			since, workspaces, gap := list.Runs[0].Facts.StaleAt, map[string]bool{}, true
			for _, run := range list.Runs {
				truth := run.Truth(modelstest.Epoch)
				require.Equal(t, lifecycle.ActiveStaleAttention, truth.ProblemClass)
				require.Equal(t, g.Cause, truth.Cause)
				require.Equal(t, g.Queue, run.Facts.Queue)
				if run.Facts.StaleAt.Before(since) {
					since = run.Facts.StaleAt
				}
				workspaces[run.WorkspaceID], gap = true, gap && run.Facts.InGap
			}
			require.Equal(t, since, g.Since)
			require.Len(t, workspaces, int(g.Workspaces))
			require.Equal(t, gap, g.Gap)
		}
		var stuck int64
		for _, run := range all {
			stale := run.Truth(modelstest.Epoch).ProblemClass == lifecycle.ActiveStaleAttention
			if stale && (place == "" || run.WorkspaceID == place) {
				stuck++
			}
		}
		require.Equal(t, stuck, grouped, "every stuck run is in one group")
	}
}

func TestFailureGroupsLeadToTheirRuns(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		at := modelstest.At(s, modelstest.Epoch)
		fail := func(kind string, outcome lifecycle.Outcome, code, message string) models.Run {
			run := modelstest.Running(t, at, w.NewRun(func(n *models.NewRun) { n.Type = kind }))
			run, err := at.Transition(t.Context(), run.ID, lifecycle.Change{
				Kind: lifecycle.Finished, Token: "t", Outcome: outcome, Failure: lifecycle.Failure{Code: code, Message: message},
			})
			require.NoError(t, err)
			return run
		}
		for i := range 12 {
			fail("a", lifecycle.PartiallySucceeded, "items_failed", fmt.Sprintf("%d of 1%d00 items failed", i, i))
		}
		last := fail("a", lifecycle.PartiallySucceeded, "items_failed", "4711 of 20261122123456789012345678901234 items failed")
		for _, message := range []string{"token expired", "token revoked", "token: expired", ""} {
			fail("a", lifecycle.Failed, "operation_failed", message)
		}
		fail("b", lifecycle.Failed, "operation_failed", "token expired")
		fail("b", lifecycle.Blocked, "", "")
		fail("b", lifecycle.Succeeded, "", "")
		noted := fail("b", lifecycle.Failed, "operation_failed", "token expired")
		_, err := at.Transition(t.Context(), noted.ID, lifecycle.Change{Kind: lifecycle.Acknowledged, Actor: "Olga", Note: "known"})
		require.NoError(t, err)
		modelstest.Reconciled(t, at, w.NewRun(func(n *models.NewRun) { n.Type = "a" }))

		base := models.BucketFollowUpRecent.Filter(models.Filter{}, modelstest.Epoch)
		groups, err := at.FailureGroups(t.Context(), models.Platform(), base)
		require.NoError(t, err)
		require.Len(t, groups, 8)
		require.Equal(t, int64(13), groups[0].Runs)
		require.Equal(t, models.FailureKey("# of # items failed"), groups[0].Key, "numbers do not tell failures apart")
		require.Equal(t, "items_failed", groups[0].Code)
		require.Equal(t, last.ID, groups[0].Example.RunID)
		require.Equal(t, last.Facts.Failure.Message, groups[0].Example.Message)
		var open, reconciled int64
		for _, g := range groups {
			list := listAll(t, at, g.Filter(base))
			require.Len(t, list, int(g.Runs), "%+v", g)
			for _, run := range list {
				truth := run.Truth(modelstest.Epoch)
				require.True(t, truth.Open)
				require.Equal(t, g.Reconciled, truth.Freshness == lifecycle.ReconciledFailed)
				require.Equal(t, g.Outcome, run.Facts.Outcome)
			}
			open += g.Runs
			if g.Reconciled {
				reconciled += g.Runs
				require.Equal(t, g.Runs, g.Lineage)
			}
		}
		require.Equal(t, int64(len(listAll(t, at, base))), open, "every open follow-up is in one group")
		require.Equal(t, int64(1), reconciled)

		// A run's own page and the groups tell one reason.
		run := modelstest.Running(t, at, w.NewRun(func(n *models.NewRun) { n.Type = "c" }))
		require.NoError(t, at.RecordItems(t.Context(), run.ID, []models.Item{
			{Key: "1", State: models.ItemFailed, Message: `mailbox "ada" is 17 MB too large`}, {Key: "2", State: models.ItemFailed, Message: `mailbox "bob" is 4 MB too large`},
			{Key: "3", State: models.ItemFailed, Message: "gone"},
		}))
		run, err = at.Transition(t.Context(), run.ID, lifecycle.Change{
			Kind: lifecycle.Finished, Token: "t", Outcome: lifecycle.Failed, Failure: lifecycle.Failure{Code: "items_failed", Message: "every item failed"},
		})
		require.NoError(t, err)
		reasons, _, err := at.Reasons(t.Context(), models.Platform(), run.ID, 1)
		require.NoError(t, err)
		groups, err = at.FailureGroups(t.Context(), models.Platform(), models.Filter{Type: "c"})
		require.NoError(t, err)
		require.Len(t, groups, 1)
		require.Equal(t, reasons[0].Reason, string(groups[0].Key))
		require.Equal(t, "mailbox \"…\" is # MB too large", reasons[0].Reason)
	})
}
