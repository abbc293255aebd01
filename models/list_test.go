package models_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func TestListPagesNewestFirst(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		var want []string
		for i := range 7 { // two runs of each moment
			run := modelstest.Queued(t, modelstest.At(s, modelstest.Epoch.Add(time.Duration(i/2)*time.Second)), w.NewRun())
			want = append([]string{run.ID}, want...)
		}
		var got []string
		page := models.Page{Limit: 2}
		for {
			p, err := s.ListRuns(t.Context(), w.OwnerScope, models.Filter{}, page)
			require.NoError(t, err)
			require.False(t, p.Now.IsZero())
			got = append(got, ids(p.Runs)...)
			if p.Next == "" {
				break
			}
			page.Cursor = p.Next
		}
		require.Equal(t, want, got)
		for _, bad := range []string{"x", "%%%", "e30", "bnVsbA"} {
			_, err := s.ListRuns(t.Context(), w.OwnerScope, models.Filter{}, models.Page{Cursor: bad})
			require.ErrorIs(t, err, models.ErrBadCursor, bad)
			_, _, err = s.Items(t.Context(), w.OwnerScope, want[0], models.ItemFilter{}, models.Page{Cursor: bad})
			require.ErrorIs(t, err, models.ErrBadCursor, bad)
			_, _, err = s.Timeline(t.Context(), w.OwnerScope, want[0], models.Page{Cursor: bad})
			require.ErrorIs(t, err, models.ErrBadCursor, bad)
		}
		empty, err := s.ListRuns(t.Context(), w.StrangerScope, models.Filter{}, models.Page{})
		require.NoError(t, err)
		require.Empty(t, empty.Runs)
		require.False(t, empty.Now.IsZero(), "there is no row to read the clock with")
		before, err := s.ListRuns(t.Context(), w.OwnerScope, models.Filter{Type: "none"}, models.Page{Before: page.Cursor})
		require.NoError(t, err)
		require.Empty(t, before.Runs)
		require.False(t, before.Now.IsZero())
	})
}

func TestFilters(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		early, late := modelstest.At(s, modelstest.Epoch), modelstest.At(s, modelstest.Epoch.Add(time.Hour))
		a := modelstest.Ended(t, early, w.NewRun(func(n *models.NewRun) { n.Target = "50%_off!" }), lifecycle.Failed)
		b := modelstest.Running(t, late, w.NewRun(func(n *models.NewRun) { n.Type, n.TenantID, n.InitiatorID = "inventory.sync", w.South.ID, w.Viewer.ID }))
		yes, no := true, false
		for name, c := range map[string]struct {
			filter models.Filter
			want   []string
		}{
			"all":             {models.Filter{}, []string{b.ID, a.ID}},
			"workspace":       {models.Filter{WorkspaceID: w.Globex.ID}, nil},
			"tenant":          {models.Filter{TenantID: w.South.ID}, []string{b.ID}},
			"type":            {models.Filter{Type: "inventory.sync"}, []string{b.ID}},
			"status":          {models.Filter{Status: lifecycle.Running}, []string{b.ID}},
			"outcome":         {models.Filter{Outcome: lifecycle.Failed}, []string{a.ID}},
			"active":          {models.Filter{Active: &yes}, []string{b.ID}},
			"ended":           {models.Filter{Active: &no}, []string{a.ID}},
			"initiator":       {models.Filter{Initiator: w.Viewer.ID}, []string{b.ID}},
			"from":            {models.Filter{From: modelstest.Epoch.Add(time.Minute)}, []string{b.ID}},
			"to":              {models.Filter{To: modelstest.Epoch.Add(time.Hour)}, []string{a.ID}},
			"ended from":      {models.Filter{EndedFrom: modelstest.Epoch}, []string{a.ID}},
			"ended to":        {models.Filter{EndedTo: modelstest.Epoch}, nil},
			"text":            {models.Filter{Text: "50%_OFF!"}, []string{a.ID}},
			"text is literal": {models.Filter{Text: "50__off!"}, nil},
			"text of type":    {models.Filter{Text: "sync"}, []string{b.ID}},
			"id":              {models.Filter{Text: strings.ToUpper(a.ID[:36])}, []string{a.ID}},
		} {
			page, err := s.ListRuns(t.Context(), w.OwnerScope, c.filter, models.Page{})
			require.NoError(t, err, name)
			require.Equal(t, c.want, ids(page.Runs), name)
		}
		_, err := s.ListRuns(t.Context(), w.OwnerScope, models.Filter{Class: "odd"}, models.Page{})
		require.ErrorContains(t, err, "odd")
		_, err = s.ListRuns(t.Context(), w.OwnerScope, models.Filter{Freshness: "odd"}, models.Page{})
		require.ErrorContains(t, err, "odd")
	})
}

func TestSummaryEqualsItsLists(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		old := modelstest.At(s, modelstest.Epoch.Add(-10*24*time.Hour))
		at := modelstest.At(s, modelstest.Epoch)
		modelstest.Ended(t, old, w.NewRun(), lifecycle.Failed)
		modelstest.Ended(t, old, w.NewRun(), lifecycle.Succeeded)
		modelstest.Running(t, old, w.NewRun())
		modelstest.Queued(t, at, w.NewRun())
		modelstest.Running(t, at, w.NewRun())
		modelstest.Ended(t, at, w.NewRun(), lifecycle.Blocked)
		modelstest.Ended(t, at, w.NewRun(), lifecycle.PartiallySucceeded)
		modelstest.Ended(t, at, w.NewRun(), lifecycle.Succeeded)
		modelstest.Ended(t, at, w.NewRun(), lifecycle.Cancelled)
		modelstest.Ended(t, at, w.NewRun(func(n *models.NewRun) { n.TenantID = w.South.ID }), lifecycle.Failed)

		sum, err := at.Summary(t.Context(), w.ViewerScope, models.Filter{})
		require.NoError(t, err)
		require.Equal(t, models.Summary{
			Now: modelstest.Epoch, Active: 3, Queued: 1, Running: 2, LikelyStuck: 1, FollowUpRecent: 2, FollowUpOlder: 1, Succeeded24h: 1,
		}, sum)
		for bucket, n := range map[models.Bucket]int64{
			models.BucketActive: sum.Active, models.BucketQueued: sum.Queued, models.BucketRunning: sum.Running,
			models.BucketLikelyStuck: sum.LikelyStuck, models.BucketFollowUpRecent: sum.FollowUpRecent,
			models.BucketFollowUpOlder: sum.FollowUpOlder, models.BucketSucceeded24h: sum.Succeeded24h,
		} {
			page, err := s.ListRuns(t.Context(), w.ViewerScope, bucket.Filter(models.Filter{}, sum.Now), models.Page{Limit: 500})
			require.NoError(t, err)
			require.Len(t, page.Runs, int(n), bucket)
		}

		before := models.Filter{AsOf: modelstest.Epoch.Add(-3 * 24 * time.Hour)} // a list that stood open
		sum, err = s.Summary(t.Context(), w.ViewerScope, before)
		require.NoError(t, err)
		page, err := s.ListRuns(t.Context(), w.ViewerScope, models.BucketSucceeded24h.Filter(before, sum.Now), models.Page{})
		require.NoError(t, err)
		require.Len(t, page.Runs, 1, "it ended after that, and the list has it")
		require.EqualValues(t, len(page.Runs), sum.Succeeded24h)
	})
}

// TestListsUseIndexes asks the planner of a database with many ended runs: no list may scan or sort them all.
func TestListsUseIndexes(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		run := modelstest.Ended(t, s, w.NewRun(), lifecycle.Succeeded)
		for i := range 20 {
			modelstest.Running(t, s, w.NewRun(func(n *models.NewRun) { n.Target = fmt.Sprint(i) }))
		}
		fill := `INSERT INTO operation_runs (id, workspace_id, tenant_id, type, target, queue, policy, input, request_hash, fingerprint, supersedes,
				exclusive, status, outcome, queued_at, completed_at)
			SELECT %s, workspace_id, tenant_id, type, target, queue, policy, input, request_hash, fingerprint, supersedes, exclusive, status,
				CASE WHEN n %% 50 = 0 THEN 'failed' ELSE 'succeeded' END, queued_at + n, completed_at + n FROM operation_runs, %s WHERE id = ?`
		if s.DB().Name() == "sqlite" {
			fill = fmt.Sprintf(fill, "'r' || n", "(WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000) SELECT n FROM c)")
		} else {
			fill = fmt.Sprintf(fill, "'r' || n", "generate_series(1, 20000) n")
		}
		require.NoError(t, s.DB().Exec(fill, run.ID).Error)
		require.NoError(t, s.DB().Exec("ANALYZE").Error)
		yes := true
		deep := toCursor(t, s, w, 10_000)
		for name, c := range map[string]struct {
			filter models.Filter
			page   models.Page
		}{
			"first page":   {models.Filter{}, models.Page{}},
			"deep page":    {models.Filter{}, models.Page{Cursor: deep}},
			"workspace":    {models.Filter{WorkspaceID: w.Acme.ID}, models.Page{}},
			"tenant":       {models.Filter{TenantID: w.North.ID}, models.Page{}},
			"likely stuck": {models.Filter{Class: lifecycle.ActiveStaleAttention}, models.Page{}},
			"follow-up":    {models.Filter{Class: lifecycle.TerminalFollowUp}, models.Page{}},
			"open":         {models.Filter{WorkspaceID: w.Acme.ID, Class: lifecycle.TerminalFollowUp, Open: &yes}, models.Page{}},
			"all open":     {models.Filter{Class: lifecycle.TerminalFollowUp, Open: &yes}, models.Page{}},
			"active":       {models.Filter{Active: &yes}, models.Page{}},
			"active there": {models.Filter{WorkspaceID: w.Acme.ID, Active: &yes}, models.Page{}},
			"lineage":      {models.Filter{Lineage: &yes}, models.Page{}},
			"its lineage":  {models.Filter{WorkspaceID: w.Acme.ID, Lineage: &yes}, models.Page{}},
		} {
			plan, err := s.ExplainList(t.Context(), models.Platform(), c.filter, c.page)
			require.NoError(t, err, name)
			if s.DB().Name() == "postgres" {
				requirePlan(t, name, plan)
			}
			require.NotContains(t, plan, "Seq Scan on operation_runs", "%s: %s", name, plan)
			require.NotContains(t, plan, "SCAN r\n", "%s: %s", name, plan)
			for part, index := range map[string]string{"active": "operation_runs_active", "lineage": "operation_runs_lineage"} {
				if s.Dialect() == "sqlite" && strings.Contains(name, part) { // whose planner counts on being told
					require.Contains(t, plan, index, "%s: %s", name, plan)
				}
			}
			if name != "likely stuck" && !strings.HasPrefix(name, "active") && !strings.HasSuffix(name, "lineage") { // few rows, sorted after
				require.NotContains(t, plan, "Sort Key", "%s: %s", name, plan)
				require.NotContains(t, plan, "USE TEMP B-TREE", "%s: %s", name, plan)
			}
		}
		plan, err := s.ExplainLineage(t.Context(), run)
		require.NoError(t, err)
		for _, walk := range []string{"Seq Scan on operation_runs", "operation_runs_newest", "SCAN r\n"} {
			require.NotContains(t, plan, walk, "the relatives of a run")
		}
		if s.Dialect() != "sqlite" { // whose planner would visit all that ended in a bucket's time
			return
		}
		now, err := s.Now(t.Context())
		require.NoError(t, err)
		for _, b := range []models.Bucket{models.BucketFollowUpRecent, models.BucketFollowUpOlder} {
			plan, err := s.ExplainFailures(t.Context(), models.Platform(), b.Filter(models.Filter{}, now))
			require.NoError(t, err)
			require.Contains(t, plan, "operation_runs_open_ended", "%s: %s", b, plan)
		}
	})
}

// toCursor is the cursor of a page deep in the list.
func toCursor(t testing.TB, s *models.Store, w modelstest.World, deep int64) string {
	t.Helper()
	var at struct{ QueuedAt int64 }
	require.NoError(t, s.DB().Raw(`SELECT queued_at FROM operation_runs ORDER BY queued_at DESC LIMIT 1 OFFSET ?`, deep).Scan(&at).Error)
	page, err := s.ListRuns(t.Context(), w.OwnerScope, models.Filter{To: time.UnixMicro(at.QueuedAt)}, models.Page{Limit: 1})
	require.NoError(t, err)
	return page.Next
}
