package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func TestOverlayReadsWhatNeedsAttentionFirst(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		none, err := s.ActiveRuns(t.Context(), w.OwnerScope, models.Filter{}, 3)
		require.NoError(t, err)
		require.Empty(t, none.Runs)
		require.Zero(t, none.Count)

		at := func(d time.Duration) *models.Store { return modelstest.At(s, modelstest.Epoch.Add(d)) }
		stuck := modelstest.Running(t, at(-time.Hour), w.NewRun())
		queued := modelstest.Queued(t, at(0), w.NewRun())
		silent := modelstest.Running(t, at(-2*time.Hour), w.NewRun())
		modelstest.Ended(t, at(0), w.NewRun(), lifecycle.Failed)
		south := modelstest.Running(t, at(time.Second), w.NewRun(func(n *models.NewRun) { n.TenantID = w.South.ID }))
		modelstest.Running(t, at(time.Second), w.NewRun(func(n *models.NewRun) { n.WorkspaceID, n.TenantID = w.Globex.ID, w.West.ID }))

		now := at(2 * time.Second)
		for _, c := range []struct {
			scope models.Scope
			in    models.Filter
			limit int
			want  []string
			count int64
		}{
			{w.OwnerScope, models.Filter{}, 5, []string{stuck.ID, silent.ID, south.ID, queued.ID}, 4},
			{w.OwnerScope, models.Filter{}, 4, []string{stuck.ID, silent.ID, south.ID, queued.ID}, 4},
			{w.OwnerScope, models.Filter{}, 3, []string{stuck.ID, silent.ID, south.ID}, 4},
			{w.OwnerScope, models.Filter{}, 1, []string{stuck.ID}, 4},
			{w.OwnerScope, models.Filter{TenantID: w.North.ID}, 2, []string{stuck.ID, silent.ID}, 3},
			{w.ViewerScope, models.Filter{}, 5, []string{stuck.ID, silent.ID, queued.ID}, 3},
		} {
			got, err := now.ActiveRuns(t.Context(), c.scope, c.in, c.limit)
			require.NoError(t, err)
			require.Equal(t, c.want, ids(got.Runs))
			require.Equal(t, []int64{c.count, 2}, []int64{got.Count, got.LikelyStuck}, "at a limit of %d", c.limit)
			require.Equal(t, modelstest.Epoch.Add(2*time.Second), got.Now)
			for bucket, n := range map[models.Bucket]int64{models.BucketActive: got.Count, models.BucketLikelyStuck: got.LikelyStuck} {
				list, err := s.ListRuns(t.Context(), c.scope, bucket.Filter(c.in, got.Now), models.Page{})
				require.NoError(t, err)
				require.Len(t, list.Runs, int(n), "a number is the length of its list")
			}
		}
		_, err = s.ActiveRuns(t.Context(), models.Scope{}, models.Filter{}, 3)
		require.ErrorIs(t, err, models.ErrNoScope)
	})
}
