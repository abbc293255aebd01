package models_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// The tables of a newer version may have more columns than this one knows, while its processes still run.
func TestAColumnOfANewerVersionBreaksNoPreparedStatement(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		pool, err := s.DB().DB()
		require.NoError(t, err)
		pool.SetMaxOpenConns(1) // statements are prepared by connection
		w := modelstest.Seed(t, s)
		require.NoError(t, s.FinishPass(ctx, models.PassReport{}))
		all := func() {
			_, _, err := s.ReconcilerState(ctx)
			require.NoError(t, err)
			_, _, err = s.Workers(ctx)
			require.NoError(t, err)
			_, err = s.UserByID(ctx, w.Viewer.ID)
			require.NoError(t, err)
			_, err = s.UserByEmail(ctx, w.Viewer.Email)
			require.NoError(t, err)
			_, err = s.SaveView(ctx, models.SavedView{UserID: w.Viewer.ID, Plane: models.PlaneAdmin, Name: "mine", Query: "q"})
			require.NoError(t, err)
		}
		all()
		for _, table := range []string{"reconciler_state", "workers", "users", "saved_views"} {
			require.NoError(t, s.DB().Exec("ALTER TABLE "+table+" ADD COLUMN later TEXT NOT NULL DEFAULT ''").Error)
		}
		all()
	})
}
