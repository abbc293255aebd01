package models_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// TestHistoryEqualsItsLists stores runs of every kind over more days than are asked for, at both edges of each, and
// compares every count with the list of its filter.
func TestHistoryEqualsItsLists(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 3))
		w := modelstest.Seed(t, s)
		now := modelstest.Epoch
		at := modelstest.At(s, now)
		midnight := now.Truncate(24 * time.Hour)
		for range 150 {
			run := modelstest.Queued(t, at, w.NewRun(func(n *models.NewRun) {
				n.Type, n.TenantID = pick(r, "a", "b"), pick(r, w.North.ID, w.South.ID)
			}))
			if r.IntN(8) == 0 {
				continue // still active
			}
			ended := midnight.AddDate(0, 0, -r.IntN(7)).Add(pick(r, 0, time.Microsecond, -time.Microsecond, time.Duration(r.IntN(3))*time.Hour))
			if r.IntN(8) == 0 {
				ended = now.Add(pick(r, -time.Microsecond, 0))
			}
			started := pick(r, 0, ended.Add(-time.Duration(r.IntN(100))*time.Second).UnixMicro())
			require.NoError(t, s.DB().Exec(`DELETE FROM run_liveness WHERE run_id = ?`, run.ID).Error)
			require.NoError(t, s.DB().Exec(`UPDATE operation_runs SET status = 'completed', outcome = ?, queued_at = ?, started_at = ?, completed_at = ? WHERE id = ?`,
				string(pick(r, lifecycle.Outcomes()[1:]...)), ended.Add(-2*time.Minute).UnixMicro(), started, ended.UnixMicro(), run.ID).Error)
		}
		for name, scope := range map[string]models.Scope{"all tenants": w.OwnerScope, "one tenant": w.ViewerScope, "none": w.StrangerScope} {
			base := models.Filter{}
			h, err := at.History(t.Context(), scope, base, now, 5)
			require.NoError(t, err)
			require.Equal(t, midnight.AddDate(0, 0, -4), h.From)
			total := 0
			for _, c := range h.Counts {
				runs := listIn(t, at, scope, h.Filter(c, base))
				require.Len(t, runs, int(c.Runs), "%s: %+v", name, c)
				median, p95 := durations(runs)
				require.Equal(t, [2]time.Duration{median, p95}, [2]time.Duration{c.Median, c.P95}, "%s: %+v", name, c)
				total += len(runs)
			}
			everything := base
			everything.EndedFrom, everything.EndedTo = h.From, h.To
			require.Len(t, listIn(t, at, scope, everything), total, "%s: every run is counted once", name)
			require.Equal(t, name == "none", total == 0)
		}
	})
}

// durations are the median and the time that nineteen of twenty runs did not exceed.
func durations(runs []models.Run) (median, p95 time.Duration) {
	var took []time.Duration
	for _, r := range runs {
		since := r.Facts.StartedAt
		if since.IsZero() {
			since = r.Facts.QueuedAt
		}
		took = append(took, r.Facts.CompletedAt.Sub(since))
	}
	slices.Sort(took)
	n := len(took)
	return took[(n+1)/2-1], took[(n*19+19)/20-1]
}

func listIn(t *testing.T, s *models.Store, sc models.Scope, f models.Filter) []models.Run {
	t.Helper()
	var all []models.Run
	page := models.Page{Limit: 50}
	for {
		p, err := s.ListRuns(t.Context(), sc, f, page)
		require.NoError(t, err)
		all = append(all, p.Runs...)
		if p.Next == "" {
			return all
		}
		page.Cursor = p.Next
	}
}

// TestTenantsCountWhatTheirListsShow compares each tenant's numbers with the lists of its buckets, in every scope.
func TestTenantsCountWhatTheirListsShow(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 4))
		at := modelstest.At(s, modelstest.Epoch)
		w := modelstest.SeedCrowd(t, at)
		modelstest.Generate(t, at, w, r, modelstest.Epoch, 300)
		counted := int64(0)
		for name, scope := range map[string]models.Scope{"owner": w.OwnerScope, "viewer": w.ViewerScope, "stranger": w.StrangerScope} {
			all, err := at.TenantSummaries(t.Context(), scope, w.Acme.ID, modelstest.Epoch)
			require.NoError(t, err)
			for _, tenant := range []models.Tenant{w.North, w.South} {
				sum := all[tenant.ID]
				for b, n := range map[models.Bucket]int64{
					models.BucketActive: sum.Active, models.BucketLikelyStuck: sum.LikelyStuck, models.BucketFollowUpRecent: sum.FollowUpRecent,
				} {
					base := models.Filter{WorkspaceID: w.Acme.ID, TenantID: tenant.ID}
					require.Len(t, listIn(t, at, scope, b.Filter(base, modelstest.Epoch)), int(n), "%s: %s of %s", name, b, tenant.Name)
					counted += n
				}
			}
			require.Len(t, all, map[string]int{"owner": 2, "viewer": 1, "stranger": 0}[name])
		}
		require.Positive(t, counted)
	})
}

// TestListsGoBackAsTheyCame walks a list to its end and back.
func TestListsGoBackAsTheyCame(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		for i := range 11 {
			modelstest.Queued(t, modelstest.At(s, modelstest.Epoch.Add(time.Duration(i/2)*time.Second)), w.NewRun())
		}
		read := func(p models.Page) models.RunPage {
			page, err := s.ListRuns(t.Context(), w.OwnerScope, models.Filter{}, p)
			require.NoError(t, err)
			return page
		}
		pages := []models.RunPage{read(models.Page{Limit: 4})}
		require.Empty(t, pages[0].Prev)
		for last := pages[0]; last.Next != ""; last = pages[len(pages)-1] {
			pages = append(pages, read(models.Page{Limit: 4, Cursor: last.Next}))
		}
		require.Len(t, pages, 3)
		back := pages[2]
		for i := 1; i >= 0; i-- {
			back = read(models.Page{Limit: 4, Before: back.Prev})
			require.Equal(t, ids(pages[i].Runs), ids(back.Runs), fmt.Sprint(i))
			require.Equal(t, pages[i].Next, back.Next)
			require.Equal(t, i > 0, back.Prev != "")
		}
		_, err := s.ListRuns(t.Context(), w.OwnerScope, models.Filter{}, models.Page{Before: "x"})
		require.ErrorIs(t, err, models.ErrBadCursor)
		for limit, want := range map[int]int64{3: 4, 10: 11, 11: 11, 500: 11} {
			n, err := s.CountRuns(t.Context(), w.OwnerScope, models.Filter{}, limit)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		n, err := s.CountRuns(t.Context(), w.StrangerScope, models.Filter{}, 5)
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func TestSavedViewsBelongToTheirReader(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		save := func(u models.User, name, query string) models.SavedView {
			v, err := s.SaveView(ctx, models.SavedView{UserID: u.ID, Plane: models.PlaneAdmin, Name: name, Query: query})
			require.NoError(t, err)
			return v
		}
		mine := save(w.Owner, "  Nightly ", "type=a")
		require.Equal(t, "Nightly", mine.Name)
		require.False(t, mine.CreatedAt.IsZero())
		again := save(w.Owner, "Nightly", "type=b")
		require.Equal(t, mine.ID, again.ID, "a second one of the name replaces the first")
		save(w.Viewer, "Nightly", "type=c")
		around, err := s.Around(ctx, w.OwnerScope, "acme", w.Owner.ID, models.PlaneAdmin)
		require.NoError(t, err)
		require.Len(t, around.Views, 1)
		require.Equal(t, "type=b", around.Views[0].Query)
		require.Equal(t, []models.Workspace{w.Acme}, around.Workspaces)
		require.Equal(t, []models.Tenant{w.North, w.South}, around.Tenants)
		other, err := s.Around(ctx, w.ViewerScope, "acme", w.Owner.ID, models.PlaneSystem)
		require.NoError(t, err)
		require.Empty(t, other.Views)
		require.Equal(t, []models.Tenant{w.North}, other.Tenants, "a scope opens no more here than elsewhere")
		hidden, err := s.Around(ctx, w.OwnerScope, "globex", w.Owner.ID, models.PlaneAdmin)
		require.NoError(t, err)
		require.Empty(t, hidden.Tenants)

		require.ErrorIs(t, s.DeleteView(ctx, w.Viewer.ID, models.PlaneAdmin, mine.ID), models.ErrNotFound)
		require.ErrorIs(t, s.DeleteView(ctx, w.Owner.ID, models.PlaneSystem, mine.ID), models.ErrNotFound)
		require.NoError(t, s.DeleteView(ctx, w.Owner.ID, models.PlaneAdmin, mine.ID))
		require.ErrorIs(t, s.DeleteView(ctx, w.Owner.ID, models.PlaneAdmin, mine.ID), models.ErrNotFound)

		_, err = s.SaveView(ctx, models.SavedView{UserID: w.Owner.ID, Plane: models.PlaneAdmin, Name: " "})
		require.Error(t, err)
		for i := range 50 {
			save(w.Owner, fmt.Sprint(i), "")
		}
		_, err = s.SaveView(ctx, models.SavedView{UserID: w.Owner.ID, Plane: models.PlaneAdmin, Name: "one more"})
		require.ErrorIs(t, err, models.ErrTooManyViews)
		save(w.Owner, "49", "type=z") // replacing needs no room
	})
}
