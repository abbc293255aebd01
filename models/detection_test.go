package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func TestDetectionTellsHowFastSilenceIsRecorded(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		now := modelstest.Epoch
		none, err := s.Detection(t.Context(), now)
		require.NoError(t, err)
		require.Zero(t, none)
		for _, run := range []struct{ stale, flagged time.Duration }{ // before now
			{10 * time.Second, 7 * time.Second}, {30 * time.Second, 25 * time.Second}, {4 * time.Second, 0}, {9 * time.Second, 0}, {-time.Second, 0},
		} {
			row := modelstest.Queued(t, s, w.NewRun())
			flagged := int64(0)
			if run.flagged > 0 {
				flagged = now.Add(-run.flagged).UnixMicro()
			}
			require.NoError(t, s.DB().Exec(`UPDATE run_liveness SET stale_at = ?, flagged_at = ? WHERE run_id = ?`,
				now.Add(-run.stale).UnixMicro(), flagged, row.ID).Error)
		}
		got, err := s.Detection(t.Context(), now)
		require.NoError(t, err)
		require.Equal(t, models.Detection{Recorded: 2, Slowest: 5 * time.Second, Unrecorded: 2, Waiting: 9 * time.Second}, got)
	})
}
