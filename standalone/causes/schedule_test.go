package causes

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/worker"
	"github.com/opstruth/opstruth/workflows/contract"
)

func TestTheScheduleIsUpdatedAndAPausedOneStaysPaused(t *testing.T) {
	t.Parallel()

	i, err := install(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(i.close)
	handle := i.client.ScheduleClient().GetHandle(t.Context(), contract.ReconcileSchedule)
	require.Eventually(t, func() bool {
		s, _, err := i.store.ReconcilerState(t.Context())
		return err == nil && !s.PassAt.IsZero()
	}, patience, 50*time.Millisecond, "passes run")

	require.NoError(t, handle.Pause(t.Context(), client.SchedulePauseOptions{Note: "kim: upgrade"}))
	slower := lifecycle.NewTiming(time.Second, 2*time.Second)
	require.NoError(t, worker.EnsureSchedule(t.Context(), i.client, slower, i.logger()))
	d, err := handle.Describe(t.Context())
	require.NoError(t, err)
	require.True(t, d.Schedule.State.Paused)
	require.Equal(t, "kim: upgrade", d.Schedule.State.Note)
	require.Len(t, d.Schedule.Spec.Intervals, 1)
	require.Equal(t, 2*time.Second, d.Schedule.Spec.Intervals[0].Every)
	require.Contains(t, i.log.String(), "schedule is paused")

	require.NoError(t, handle.Unpause(t.Context(), client.ScheduleUnpauseOptions{}))
	began, err := i.store.Now(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		s, _, err := i.store.ReconcilerState(t.Context())
		return err == nil && s.PassAt.Sub(began) > 3*time.Second
	}, patience, 50*time.Millisecond, "passes run again")

	require.ErrorContains(t, worker.EnsureSchedule(context.WithoutCancel(t.Context()), i.client,
		lifecycle.NewTiming(time.Second, 1500*time.Millisecond), i.logger()), "whole seconds")
}
