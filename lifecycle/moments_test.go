package lifecycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

func TestMomentsOfEvidence(t *testing.T) {
	t.Parallel()
	ago := func(seconds int) time.Time { return noon.Add(-time.Duration(seconds) * time.Second) }
	aged := lifecycle.Evidence{
		PausedAge: time.Second, WorkflowTaskAge: 2 * time.Second, ScheduledAge: 3 * time.Second, StartedAge: 4 * time.Second,
		HeartbeatAge: 5 * time.Second, NextAttempt: 6 * time.Second, WorkersSeen: 7 * time.Second, PollerAge: 8 * time.Second,
	}
	never := lifecycle.Evidence{
		PausedAge: -1, ScheduledAge: -1, StartedAge: -1, HeartbeatAge: -1, WorkersSeen: -1, PollerAge: -1,
	}
	of := func(e lifecycle.Evidence, more func(*lifecycle.Evidence)) lifecycle.Moments {
		more(&e)
		return e.Moments(noon)
	}
	all := func(e *lifecycle.Evidence) {
		e.Answer, e.Paused, e.WorkflowTask, e.Activity, e.Workers = lifecycle.Answered, true, true, lifecycle.ActivityStarted, 2
	}
	require.Equal(t, lifecycle.Moments{
		Paused: ago(1), WorkflowTask: ago(2), Scheduled: ago(3), Started: ago(4), Heartbeat: ago(5), NextAttempt: ago(-6), WorkersSeen: ago(7), Polled: ago(8),
	}, of(aged, all))
	require.Equal(t, lifecycle.Moments{WorkflowTask: noon}, of(never, all), "a negative age is none")
	require.Equal(t, lifecycle.Moments{}, of(aged, func(*lifecycle.Evidence) {}), "nothing is of a state that it is not in")
	require.Equal(t, lifecycle.Moments{Scheduled: ago(3), NextAttempt: ago(-6)},
		of(aged, func(e *lifecycle.Evidence) { e.Activity = lifecycle.ActivityScheduled }))
	require.Equal(t, lifecycle.Moments{}, aged.Moments(time.Time{}), "observed at no known time")
}
