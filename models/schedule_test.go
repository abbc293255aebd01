package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/models"
)

func TestAPauseOfTheScheduleIsNotedUntilAPassEnds(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		paused := func() bool {
			state, _, err := s.ReconcilerState(ctx)
			require.NoError(t, err)
			return state.SchedulePaused
		}
		require.NoError(t, s.NoteSchedule(ctx, true), "before the first pass")
		require.False(t, paused())
		require.NoError(t, s.FinishPass(ctx, models.PassReport{Every: time.Second}))
		require.NoError(t, s.NoteSchedule(ctx, true))
		require.True(t, paused())
		require.NoError(t, s.FinishPass(ctx, models.PassReport{Every: time.Second}))
		require.False(t, paused())
	})
}
