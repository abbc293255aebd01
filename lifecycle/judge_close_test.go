package lifecycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

func unserved(e *lifecycle.Evidence) { e.Workers, e.WorkersSeen, e.PollerAge = 0, -1, -1 }

func lost(e *lifecycle.Evidence) {
	e.Activity, e.Attempt, e.StartedAge, e.HeartbeatAge = lifecycle.ActivityStarted, 1, 48*time.Hour, 48*time.Hour
}

// verified is a run late at now whose silence was verified for the duration a
// moment before now.
func verified(c lifecycle.Cause, d time.Duration, now time.Time) lifecycle.Facts {
	f := running()
	f.LivenessAt = now.Add(-2 * d)
	f.StaleAt = now.Add(-d)
	f.Silence = lifecycle.Silence{Cause: c, At: now.Add(-time.Microsecond), For: d - time.Microsecond, Times: 9}
	return f
}

func TestJudgeClosesWhatWasVerifiedLongEnough(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, tc := range []struct {
		name   string
		cause  lifecycle.Cause
		change func(*lifecycle.Facts, *lifecycle.Evidence)
		action lifecycle.Action
	}{
		{"no workers", lifecycle.NoWorkers, func(_ *lifecycle.Facts, e *lifecycle.Evidence) { unserved(e) }, lifecycle.Close},
		{"no workers, a microsecond early", lifecycle.NoWorkers, func(f *lifecycle.Facts, e *lifecycle.Evidence) {
			unserved(e)
			f.Silence.For -= time.Microsecond
		}, lifecycle.Silent},
		{"no workers, not late", lifecycle.NoWorkers, func(f *lifecycle.Facts, e *lifecycle.Evidence) {
			unserved(e)
			f.StaleAt = late.Add(time.Microsecond)
		}, lifecycle.Silent},
		{"no workers, forbidden", lifecycle.NoWorkers, func(f *lifecycle.Facts, e *lifecycle.Evidence) {
			unserved(e)
			f.Policy.CloseNoWorkers = 0
		}, lifecycle.Silent},
		{"no workers in a telemetry gap", lifecycle.NoWorkers, func(f *lifecycle.Facts, e *lifecycle.Evidence) {
			unserved(e)
			f.Check.Gap = true
		}, lifecycle.Silent},
		{"no workers, terminal record pending", lifecycle.NoWorkers, func(_ *lifecycle.Facts, e *lifecycle.Evidence) {
			unserved(e)
			e.Activity, e.RecordsEnd = lifecycle.ActivityScheduled, true
		}, lifecycle.Silent},
		{"worker lost", lifecycle.WorkerLost, func(_ *lifecycle.Facts, e *lifecycle.Evidence) { lost(e) }, lifecycle.Close},
		{"an activity that never beats is silent by nature", lifecycle.WorkerLost, func(_ *lifecycle.Facts, e *lifecycle.Evidence) {
			lost(e)
			e.HeartbeatAge = -1
		}, lifecycle.Silent},
		{"worker lost, retried", lifecycle.WorkerLost, func(_ *lifecycle.Facts, e *lifecycle.Evidence) {
			lost(e)
			e.Attempt, e.LastFailure = 2, lifecycle.FailureHeartbeatTimeout
		}, lifecycle.Silent},
		{"worker lost, after another one handed its step over", lifecycle.WorkerLost, func(_ *lifecycle.Facts, e *lifecycle.Evidence) {
			lost(e)
			e.Attempt, e.LastFailure = 2, lifecycle.FailureNone
		}, lifecycle.Close},
		{"worker lost, terminal record pending", lifecycle.WorkerLost, func(_ *lifecycle.Facts, e *lifecycle.Evidence) {
			lost(e)
			e.RecordsEnd = true
		}, lifecycle.Silent},
		{"step retries for ever", lifecycle.ActivityRetrying, func(_ *lifecycle.Facts, e *lifecycle.Evidence) {
			e.Activity, e.Attempt, e.LastFailure = lifecycle.ActivityScheduled, 99, lifecycle.FailureApplication
		}, lifecycle.Silent},
		{"workflow code fails for ever", lifecycle.WorkflowTaskFailing, func(_ *lifecycle.Facts, e *lifecycle.Evidence) {
			e.WorkflowTask, e.WorkflowTaskAttempt = true, 99
		}, lifecycle.Silent},
		{"backlogged for ever", lifecycle.Backlogged, func(_ *lifecycle.Facts, e *lifecycle.Evidence) {
			e.Activity, e.Attempt = lifecycle.ActivityScheduled, 1
		}, lifecycle.Silent},
		{"idle for ever", lifecycle.IdleUndeclared, func(*lifecycle.Facts, *lifecycle.Evidence) {}, lifecycle.Silent},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f, e := verified(tc.cause, day, late), alive()
			tc.change(&f, &e)
			v := lifecycle.Judge(f, e, pass, late)
			require.Equal(t, tc.cause, v.Cause)
			require.Equal(t, tc.action, v.Action)
		})
	}
}

func TestJudgeClosesAMissingWorkflowAtTheSecondVerification(t *testing.T) {
	t.Parallel()
	missing := lifecycle.Evidence{Answer: lifecycle.NotFound, Retained: true}
	f := running()
	first := lifecycle.Judge(f, missing, pass, late)
	require.Equal(t, lifecycle.Silent, first.Action)

	f.Silence = first.Silence
	require.Equal(t, lifecycle.Close, lifecycle.Judge(f, missing, pass, late.Add(pass)).Action)
	require.Equal(t, lifecycle.Close, lifecycle.Judge(f, missing, pass, late.Add(5*time.Minute)).Action, "a routine check is a verification too")

	again := f // a batch that is verified twice, because its answer was lost
	again.Silence = lifecycle.Judge(f, missing, pass, late.Add(pass/2-time.Microsecond)).Silence
	require.Equal(t, 1, again.Silence.Times)
	second := lifecycle.Judge(again, missing, pass, late.Add(pass))
	require.Equal(t, lifecycle.Close, second.Action)
	again.Silence = second.Silence
	require.Equal(t, lifecycle.Close, lifecycle.Judge(again, missing, pass, late.Add(pass+time.Millisecond)).Action, "looked at again before it is closed")

	gap, kept, heard := f, f, f
	gap.Check.Gap = true
	require.Equal(t, lifecycle.Silent, lifecycle.Judge(gap, missing, pass, late.Add(pass)).Action)
	kept.Policy.CloseMissing = false
	require.Equal(t, lifecycle.Silent, lifecycle.Judge(kept, missing, pass, late.Add(pass)).Action)
	heard.LivenessAt = late.Add(time.Microsecond)
	require.Equal(t, lifecycle.Silent, lifecycle.Judge(heard, missing, pass, late.Add(pass)).Action, "a sign of life starts anew")
}

func TestVerifiedSilenceAccumulatesOnlyBetweenConsecutiveVerifications(t *testing.T) {
	t.Parallel()
	e := evidence(unserved)
	f, now := running(), late
	judge := func(after time.Duration) lifecycle.Silence {
		now = now.Add(after)
		f.Silence = lifecycle.Judge(f, e, pass, now).Silence
		return f.Silence
	}
	require.Zero(t, judge(0).For)
	require.Equal(t, pass, judge(pass).For)
	require.Equal(t, 4*pass, judge(3*pass).For)
	require.Equal(t, 4*pass, judge(3*pass+time.Microsecond).For, "nobody verified meanwhile")
	require.Equal(t, 5*pass, judge(pass).For)

	e = alive()
	require.Zero(t, judge(pass).For, "another cause starts anew")
	require.Equal(t, pass, judge(pass).For)

	e = evidence(func(e *lifecycle.Evidence) {
		e.Activity, e.Attempt, e.HeartbeatAge = lifecycle.ActivityStarted, 1, 30*time.Second
	})
	f.Policy.StaleAfter = time.Second
	judge(pass)
	e.StartedAge = time.Second
	require.Equal(t, 2, judge(pass).Times, "a start that nobody may have received is no sign")
	e.HeartbeatAge = 2 * time.Second // it beat since the last verification
	require.Equal(t, 1, judge(pass).Times, "a sign in Temporal starts anew")
}
