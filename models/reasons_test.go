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

// broken makes n failed items that failed for a few reasons, among good ones.
func broken(n int) []models.Item {
	items := make([]models.Item, n)
	for i := range items {
		items[i] = models.Item{Key: fmt.Sprintf("user/%06d", i), State: models.ItemFailed, Code: "http", Message: fmt.Sprintf("user %d: 404 Not Found", i)}
		switch {
		case i%10 == 0:
			items[i].State, items[i].Message = models.ItemSucceeded, ""
		case i%7 == 0:
			items[i].Message = fmt.Sprintf("no answer after %d.5 s", i)
		case i%31 == 0:
			items[i].Code, items[i].Message = "", ""
		}
	}
	return items
}

func TestManyFailuresAreAFewReasons(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		run := modelstest.Running(t, s, w.NewRun())
		other := modelstest.Running(t, s, w.NewRun())
		items := broken(5000)
		require.NoError(t, s.RecordItems(t.Context(), run.ID, items))
		require.NoError(t, s.RecordItems(t.Context(), other.ID, items[:20]))

		want, failed := map[string]int64{}, int64(0)
		for _, i := range items {
			if i.State == models.ItemFailed {
				want[lifecycle.Reason(i.Code, i.Message)]++
				failed++
			}
		}
		require.Len(t, want, 3)
		groups, all, err := s.Reasons(t.Context(), w.ViewerScope, run.ID, 10)
		require.NoError(t, err)
		require.EqualValues(t, 3, all)
		require.Len(t, groups, 3)
		for i, g := range groups {
			require.Equal(t, want[g.Reason], g.Items)
			require.Equal(t, g.Reason, lifecycle.Reason(g.Example.Code, g.Example.Message))
			if i > 0 {
				require.LessOrEqual(t, g.Items, groups[i-1].Items, "the largest first")
			}
			failed -= g.Items
			require.EqualValues(t, g.Items, countItems(t, s, w.ViewerScope, run.ID, models.ItemFilter{Reason: &g.Reason}), "the list has as many rows as its count")
		}
		require.Zero(t, failed, "every failed item has a reason")
		require.Equal(t, "user #: 404 Not Found", groups[0].Reason)
		require.Equal(t, "user/000001", groups[0].Example.Key)

		some, all, err := s.Reasons(t.Context(), w.ViewerScope, run.ID, 1)
		require.NoError(t, err)
		require.Equal(t, groups[:1], some)
		require.EqualValues(t, 3, all)
		_, _, err = s.Reasons(t.Context(), w.StrangerScope, run.ID, 1)
		require.ErrorIs(t, err, models.ErrNotFound)

		require.Empty(t, run.Facts.Reasons)
		ended := modelstest.Finish(t, s, run, lifecycle.PartiallySucceeded)
		require.Equal(t, lifecycle.Reasons{Count: 3, Top: "user #: 404 Not Found"}, ended.Facts.Reasons)
		good := modelstest.Ended(t, s, w.NewRun(), lifecycle.Succeeded)
		require.Empty(t, good.Facts.Reasons)
	})
}

func countItems(t *testing.T, s *models.Store, sc models.Scope, runID string, f models.ItemFilter) int {
	t.Helper()
	n, cursor := 0, ""
	for {
		items, next, err := s.Items(t.Context(), sc, runID, f, models.Page{Cursor: cursor, Limit: 500})
		require.NoError(t, err)
		n += len(items)
		if cursor = next; cursor == "" {
			return n
		}
	}
}

// TestReasonsAreReadFromTheirIndex asks of one index, so that the cost is that of the run's own failed items.
func TestReasonsAreReadFromTheirIndex(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		run, other := modelstest.Running(t, s, w.NewRun()), modelstest.Running(t, s, w.NewRun())
		for id, n := range map[string]int{run.ID: 20_000, other.ID: 20_000} {
			require.NoError(t, s.DB().Exec(`INSERT INTO run_items (run_id, key, state, message, reason, at)
				WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < CAST(? AS BIGINT))
				SELECT ?, 'k' || i, CASE WHEN i <= 1000 THEN 'failed' ELSE 'succeeded' END, 'm', 'reason ' || (i % 40), 1 FROM n`, n, id).Error)
		}
		analyze := "ANALYZE"
		if s.Dialect() == "postgres" {
			analyze = "VACUUM ANALYZE run_items"
		}
		require.NoError(t, s.DB().Exec(analyze).Error)
		plan, err := s.ExplainReasons(t.Context(), run.ID)
		require.NoError(t, err)
		require.Contains(t, plan, "run_items_reason", plan)

		began := time.Now()
		groups, all, err := s.Reasons(t.Context(), models.Engine(), run.ID, 20)
		require.NoError(t, err)
		require.EqualValues(t, 40, all)
		require.Len(t, groups, 20)
		require.EqualValues(t, 25, groups[0].Items)
		t.Logf("1,000 failed items of 20,000 in %v\n%s", time.Since(began), strings.TrimSpace(plan))
	})
}
