package causes

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

func TestAKilledWorkerIsNoticedNamedAndRecoveredFrom(t *testing.T) {
	t.Parallel()

	w := shared.worker(t, "kill")
	id := shared.start(t, "kill", input{Items: 60, ItemMS: 100})
	shared.awaitWorking(t, id)
	w.kill()

	flagged, _ := shared.await(t, id, "likely stuck", patience, func(_ models.Run, truth lifecycle.Truth) bool {
		return truth.Freshness == lifecycle.LikelyStale
	})
	due := flagged.Facts.LivenessAt.Add(policy().StaleAfter + slow*time.Second)
	require.Equal(t, lifecycle.LikelyStale, flagged.Truth(due).Freshness, "whenever it was first read: %s", shared.story(t, id))
	passes := map[time.Time]bool{} // that ended after the flag without a cause
	shared.await(t, id, "known to have no workers", patience, func(r models.Run, truth lifecycle.Truth) bool {
		if pass := r.Facts.Check.PassAt; truth.Cause == lifecycle.NoCause && pass.After(r.Facts.StaleAt) {
			passes[pass] = true
		}
		return truth.Cause == lifecycle.NoWorkers
	})
	require.LessOrEqual(t, len(passes), 2, "its cause is found within two passes")

	shared.worker(t, "kill")
	shared.await(t, id, "fresh again", patience, func(_ models.Run, truth lifecycle.Truth) bool {
		return truth.Freshness == lifecycle.FreshActive && truth.StaleLineage
	})
	ended, now := shared.await(t, id, "ended", patience, isEnded)
	require.Equal(t, lifecycle.Succeeded, ended.Facts.Outcome, shared.story(t, id))
	require.EqualValues(t, 60, ended.Facts.Counts.Succeeded)
	require.True(t, ended.Truth(now).StaleLineage)
	require.Equal(t, lifecycle.TerminalNormal, ended.Truth(now).Freshness)
}

func isEnded(r models.Run, _ lifecycle.Truth) bool { return r.Facts.Status == lifecycle.Completed }

func one(o *order) { o.Concurrency = 1 }

func TestALostWorkerBesideALiveOne(t *testing.T) {
	t.Parallel()

	long := input{Items: 1, ItemMS: 20_000}
	first := shared.worker(t, "lost", one)
	lost := shared.start(t, "lost", long)
	awaitItem(t, lost)
	shared.worker(t, "lost", one)
	busy := shared.start(t, "lost", long)
	awaitItem(t, busy)

	first.kill()
	run, _ := shared.awaitStuck(t, lost, lifecycle.WorkerLost)
	require.Positive(t, run.Facts.Silence.Evidence.Workers, "the other worker lives")
	busyRun, now := shared.run(t, busy)
	require.Equal(t, lifecycle.FreshActive, busyRun.Truth(now).Freshness, "its item is slower than stale_after, and it beats")
}

// awaitItem waits until a worker is in the middle of an item, so that with one at a time it takes nothing else.
func awaitItem(t *testing.T, id string) {
	t.Helper()
	require.Eventually(t, func() bool {
		d, err := shared.client.DescribeWorkflowExecution(t.Context(), contract.WorkflowID(id), "")
		if err != nil || len(d.GetPendingActivities()) != 1 {
			return false
		}
		a := d.GetPendingActivities()[0]
		return a.GetActivityType().GetName() == contract.ActivityExecute && a.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED &&
			a.GetLastHeartbeatTime() != nil
	}, patience, 20*time.Millisecond)
}

func TestARunThatNobodyServes(t *testing.T) {
	t.Parallel()

	id := shared.start(t, "nobody", input{Items: 1})
	run, _ := shared.awaitStuck(t, id, lifecycle.NoWorkers)
	require.Equal(t, lifecycle.Queued, run.Facts.Status)
	require.Zero(t, run.Facts.Silence.Evidence.Workers)
}

func TestAWorkerThatIsToldToStopHandsOverWithoutAFlag(t *testing.T) {
	t.Parallel()

	w := shared.worker(t, "stop")
	id := shared.start(t, "stop", input{Items: 40, ItemMS: 200})
	before := shared.awaitWorking(t, id)
	w.stop()
	// For longer than stale_after nobody works.
	run, _ := shared.await(t, id, "silent for long", patience, func(r models.Run, truth lifecycle.Truth) bool {
		_, now := shared.run(t, id)
		require.Equal(t, lifecycle.FreshActive, truth.Freshness, shared.story(t, id))
		return now.Sub(before.Facts.LivenessAt) > policy().StaleAfter+2*time.Second
	})
	require.Zero(t, run.Facts.StaleEpisodes)
	shared.worker(t, "stop")
	ended, now := shared.await(t, id, "ended", patience, isEnded)
	require.Equal(t, lifecycle.Succeeded, ended.Facts.Outcome)
	require.False(t, ended.Truth(now).StaleLineage, shared.story(t, id))
}

func TestAStepThatKeepsFailing(t *testing.T) {
	t.Parallel()

	shared.worker(t, "retry")
	id := shared.start(t, "retry", input{Items: 3, Mode: failing})
	run, _ := shared.awaitStuck(t, id, lifecycle.ActivityRetrying)
	e := run.Facts.Silence.Evidence
	require.GreaterOrEqual(t, e.Attempt, policy().RetryAttempts)
	require.Contains(t, e.FailureText, "the target answers 503")
}

func TestAWorkflowWhoseCodePanics(t *testing.T) {
	t.Parallel()

	shared.worker(t, "panic")
	id := shared.start(t, "panic", input{Items: 3, Mode: broken})
	run, _ := shared.awaitStuck(t, id, lifecycle.WorkflowTaskFailing)
	require.Greater(t, run.Facts.Silence.Evidence.WorkflowTaskAttempt, 1)
}

func TestARunBehindOtherWork(t *testing.T) {
	t.Parallel()

	shared.worker(t, "backlog", one)
	awaitItem(t, shared.start(t, "backlog", input{Items: 1, ItemMS: 60_000}))
	id := shared.start(t, "backlog", input{Items: 1})
	run, _ := shared.awaitStuck(t, id, lifecycle.Backlogged)
	require.Equal(t, lifecycle.Queued, run.Facts.Status)
	require.Positive(t, run.Facts.Silence.Evidence.Workers)
}

func TestARunThatBeatsAndDoesNotAdvance(t *testing.T) {
	t.Parallel()

	shared.worker(t, "progress")
	id := shared.start(t, "progress", input{Items: 3, Mode: stuck})
	run, now := shared.awaitStuck(t, id, lifecycle.NoProgress)
	require.Less(t, now.Sub(run.Facts.LivenessAt), policy().StaleAfter)
}

func TestAWorkflowThatIdlesWithoutSayingSo(t *testing.T) {
	t.Parallel()

	shared.worker(t, "idle")
	id := shared.start(t, "idle", input{Items: 3, Mode: idle})
	run, _ := shared.awaitStuck(t, id, lifecycle.IdleUndeclared)
	require.Equal(t, lifecycle.Running, run.Facts.Status)
}

func TestADeclaredWaitIsNotSilence(t *testing.T) {
	t.Parallel()

	w := shared.worker(t, "wait")
	id := shared.start(t, "wait", input{Items: 4, ItemMS: 100, Mode: waiting, WaitMS: 8000})
	declared, _ := shared.await(t, id, "waiting", patience, func(_ models.Run, truth lifecycle.Truth) bool {
		return truth.State == lifecycle.StateWaiting
	})
	w.kill() // a durable wait needs no worker
	shared.await(t, id, "near the end of its wait", patience, func(_ models.Run, truth lifecycle.Truth) bool {
		require.Equal(t, lifecycle.FreshActive, truth.Freshness, shared.story(t, id))
		_, now := shared.run(t, id)
		return now.After(declared.Facts.Wait.Until.Add(-time.Second))
	})
	shared.worker(t, "wait")
	ended, _ := shared.await(t, id, "ended", patience, isEnded)
	require.Equal(t, lifecycle.Succeeded, ended.Facts.Outcome)
}
