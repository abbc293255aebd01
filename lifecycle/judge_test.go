package lifecycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

// late is when running() is due.
var late = noon.Add(20 * time.Second)

func evidence(change func(*lifecycle.Evidence)) lifecycle.Evidence {
	e := alive()
	change(&e)
	return e
}

func TestJudgeRowOfEveryCause(t *testing.T) {
	t.Parallel()
	started := func(attempt int, beat time.Duration) func(*lifecycle.Evidence) {
		return func(e *lifecycle.Evidence) {
			e.Activity, e.Attempt, e.StartedAge, e.HeartbeatAge = lifecycle.ActivityStarted, attempt, time.Hour, beat
		}
	}
	scheduled := func(attempt int, next time.Duration, why lifecycle.FailureKind) func(*lifecycle.Evidence) {
		return func(e *lifecycle.Evidence) {
			e.Activity, e.Attempt, e.NextAttempt, e.LastFailure = lifecycle.ActivityScheduled, attempt, next, why
		}
	}
	type row struct {
		name   string
		facts  func() lifecycle.Facts
		e      lifecycle.Evidence
		action lifecycle.Action
		cause  lifecycle.Cause
	}
	rows := []row{
		{"no rows, no pollers", running, evidence(func(e *lifecycle.Evidence) { e.Workers, e.WorkersSeen, e.PollerAge = 0, -1, -1 }), lifecycle.Silent, lifecycle.NoWorkers},
		{"no rows, poller lingers 74 s", running, evidence(func(e *lifecycle.Evidence) {
			e.Workers, e.WorkersSeen, e.PollerAge = 0, 76*time.Second, 73*time.Second
		}), lifecycle.Silent, lifecycle.IdleUndeclared},
		{"poller died with its row", running, evidence(func(e *lifecycle.Evidence) {
			e.Workers, e.WorkersSeen, e.PollerAge = 0, 30*time.Second, 29*time.Second
		}), lifecycle.Silent, lifecycle.NoWorkers},
		{"poller older than 75 s", running, evidence(func(e *lifecycle.Evidence) {
			e.Workers, e.WorkersSeen, e.PollerAge = 0, -1, 75*time.Second
		}), lifecycle.Silent, lifecycle.NoWorkers},
		{"pollers gone, a row lives", running, evidence(func(e *lifecycle.Evidence) { e.PollerAge = -1 }), lifecycle.Silent, lifecycle.IdleUndeclared},
		{"no workers explains a lost one", running, evidence(func(e *lifecycle.Evidence) {
			started(1, time.Minute)(e)
			e.Workers, e.WorkersSeen, e.PollerAge = 0, -1, -1
		}), lifecycle.Silent, lifecycle.NoWorkers},

		{"beat is old", running, evidence(started(1, time.Minute)), lifecycle.Silent, lifecycle.WorkerLost},
		{"started long ago, never beat", running, evidence(started(1, -1)), lifecycle.Silent, lifecycle.WorkerLost},
		{"never beat, and nobody asks it to", running, evidence(func(e *lifecycle.Evidence) {
			started(1, -1)(e)
			e.Elsewhere = time.Minute
		}), lifecycle.Refresh, lifecycle.NoCause},
		{"heartbeat timed out, due again", running, evidence(scheduled(2, 0, lifecycle.FailureHeartbeatTimeout)), lifecycle.Silent, lifecycle.WorkerLost},
		{"heartbeat timed out, backoff", running, evidence(scheduled(2, time.Minute, lifecycle.FailureHeartbeatTimeout)), lifecycle.Silent, lifecycle.WorkerLost},
		{"beat is fresh, start is not known", running, evidence(func(e *lifecycle.Evidence) {
			started(1, time.Second)(e)
			e.StartedAge = -1
		}), lifecycle.Refresh, lifecycle.NoCause},
		{"beat is fresh", running, evidence(started(1, time.Second)), lifecycle.Refresh, lifecycle.NoCause},

		{"backoff is a wait", running, evidence(scheduled(2, time.Minute, lifecycle.FailureApplication)), lifecycle.Refresh, lifecycle.ActivityRetrying},
		{"backoff of the last tolerated attempt", running, evidence(scheduled(3, time.Minute, lifecycle.FailureApplication)), lifecycle.Refresh, lifecycle.ActivityRetrying},
		{"too many attempts", running, evidence(scheduled(4, time.Minute, lifecycle.FailureApplication)), lifecycle.Silent, lifecycle.ActivityRetrying},
		{"retried for too long", running, evidence(func(e *lifecycle.Evidence) {
			scheduled(2, time.Minute, lifecycle.FailureApplication)(e)
			e.ScheduledAge = 10 * time.Minute
		}), lifecycle.Silent, lifecycle.ActivityRetrying},
		{"silent for too long in a backoff", with(running, func(f *lifecycle.Facts) { f.LivenessAt = late.Add(-10 * time.Minute) }),
			evidence(scheduled(2, time.Hour, lifecycle.FailureApplication)), lifecycle.Silent, lifecycle.ActivityRetrying},
		{"a failing step that never beats", running, evidence(func(e *lifecycle.Evidence) {
			started(4, -1)(e)
			e.LastFailure = lifecycle.FailureApplication
		}), lifecycle.Silent, lifecycle.ActivityRetrying},
		{"a failing step whose beat is old lost its worker", running, evidence(func(e *lifecycle.Evidence) {
			started(4, time.Minute)(e)
			e.LastFailure = lifecycle.FailureApplication
		}), lifecycle.Silent, lifecycle.WorkerLost},
		{"due again, nobody takes it", running, evidence(scheduled(2, 0, lifecycle.FailureApplication)), lifecycle.Silent, lifecycle.Backlogged},

		{"workflow task fails", running, evidence(func(e *lifecycle.Evidence) { e.WorkflowTask, e.WorkflowTaskAttempt = true, 2 }), lifecycle.Silent, lifecycle.WorkflowTaskFailing},
		{"scheduled, not started", queuedLate, evidence(scheduled(1, 0, lifecycle.FailureNone)), lifecycle.Silent, lifecycle.Backlogged},
		{"workflow task waits", queuedLate, evidence(func(e *lifecycle.Evidence) { e.WorkflowTask, e.WorkflowTaskAttempt = true, 1 }), lifecycle.Silent, lifecycle.Backlogged},
		{"beats, no progress", with(running, func(f *lifecycle.Facts) { f.LivenessAt = late }), evidence(started(1, time.Second)), lifecycle.Silent, lifecycle.NoProgress},
		{"beats newer in Temporal, no progress", with(running, func(f *lifecycle.Facts) { f.LivenessAt = late.Add(-5 * time.Second) }), evidence(started(1, time.Second)), lifecycle.Silent, lifecycle.NoProgress},
		{"beats, no progress, because a step fails", with(running, func(f *lifecycle.Facts) { f.LivenessAt = late }), evidence(func(e *lifecycle.Evidence) {
			started(2, time.Second)(e)
			e.LastFailure = lifecycle.FailureApplication
		}), lifecycle.Silent, lifecycle.ActivityRetrying},
		{"nothing pending", running, alive(), lifecycle.Silent, lifecycle.IdleUndeclared},
		{"a durable wait runs", with(running, func(f *lifecycle.Facts) {
			f.Wait = lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait, Until: late.Add(time.Microsecond)}
		}), alive(), lifecycle.Refresh, lifecycle.NoCause},
		{"a durable wait has ended", with(running, func(f *lifecycle.Facts) {
			f.Wait = lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait, Until: late}
		}), alive(), lifecycle.Silent, lifecycle.IdleUndeclared},
		{"a durable wait has ended, its workflow task waits", with(running, func(f *lifecycle.Facts) {
			f.Wait = lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait, Until: late}
		}), evidence(func(e *lifecycle.Evidence) { e.WorkflowTask, e.WorkflowTaskAttempt = true, 1 }), lifecycle.Silent, lifecycle.Backlogged},
		{"an observed wait excuses nothing by itself", with(running, func(f *lifecycle.Facts) {
			f.Wait = lifecycle.Wait{ID: lifecycle.ObservedWait, Kind: lifecycle.DurableWait, Until: late.Add(time.Hour)}
		}), alive(), lifecycle.Silent, lifecycle.IdleUndeclared},
		{"not due yet", with(running, func(f *lifecycle.Facts) { f.StaleAt = late.Add(pass + pass/2 + time.Microsecond) }), alive(), lifecycle.Refresh, lifecycle.NoCause},
		{"due before the next pass ends", with(running, func(f *lifecycle.Facts) { f.StaleAt = late.Add(pass + pass/2) }), alive(), lifecycle.Silent, lifecycle.IdleUndeclared},

		{"workflow paused", running, evidence(func(e *lifecycle.Evidence) { e.Paused = true }), lifecycle.Refresh, lifecycle.Paused},
		{"workflow paused, an activity still works", running, evidence(func(e *lifecycle.Evidence) {
			started(1, time.Second)(e)
			e.Paused = true
		}), lifecycle.Refresh, lifecycle.NoCause},
		{"activity paused", running, evidence(func(e *lifecycle.Evidence) { e.Activity = lifecycle.ActivityPaused }), lifecycle.Refresh, lifecycle.Paused},
		{"missing", running, lifecycle.Evidence{Answer: lifecycle.NotFound, Retained: true}, lifecycle.Silent, lifecycle.WorkflowMissing},
		{"missing, retention is over", running, lifecycle.Evidence{Answer: lifecycle.NotFound}, lifecycle.Unknown, lifecycle.Unverified},
		{"missing, never dispatched", with(queuedLate, func(f *lifecycle.Facts) { f.DispatchedAt = time.Time{} }),
			lifecycle.Evidence{Answer: lifecycle.NotFound, Retained: true}, lifecycle.Unknown, lifecycle.Unverified},
		{"closed elsewhere", running, evidence(func(e *lifecycle.Evidence) { e.Execution = lifecycle.ExecTerminated }), lifecycle.Adopt, lifecycle.ClosedElsewhere},
		{"a state that is not known", running, evidence(func(e *lifecycle.Evidence) { e.Execution = "continued_as_new" }), lifecycle.Unknown, lifecycle.Unverified},
		{"no state at all", running, evidence(func(e *lifecycle.Evidence) { e.Execution = "" }), lifecycle.Unknown, lifecycle.Unverified},
		{"unreachable", running, lifecycle.Evidence{Answer: lifecycle.Unreachable}, lifecycle.Unknown, lifecycle.Unverified},
		{"another home", running, lifecycle.Evidence{Answer: lifecycle.WrongHome}, lifecycle.Unknown, lifecycle.Unverified},
		{"not asked", running, lifecycle.Evidence{}, lifecycle.Unknown, lifecycle.Unverified},
		{"ended already", func() lifecycle.Facts { return ended(lifecycle.Failed) }, alive(), lifecycle.Unknown, lifecycle.NoCause},
	}
	seen := map[lifecycle.Cause]bool{}
	for _, r := range rows {
		seen[r.cause] = true
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			v := lifecycle.Judge(r.facts(), r.e, pass, late)
			require.Equal(t, r.action, v.Action)
			require.Equal(t, r.cause, v.Cause)
			if r.action == lifecycle.Silent {
				require.Equal(t, lifecycle.Silence{Cause: r.cause, At: late, Times: 1, Evidence: r.e}, v.Silence)
			}
		})
	}
	for _, c := range lifecycle.Causes() {
		require.True(t, seen[c], "no row for cause %s", c)
	}
}

func queuedLate() lifecycle.Facts {
	f := queued()
	f.StaleAt = late
	return f
}

func TestJudgeWaitsEndWithWhatExcusesThem(t *testing.T) {
	t.Parallel()
	backoff := evidence(func(e *lifecycle.Evidence) {
		e.Activity, e.Attempt, e.NextAttempt, e.LastFailure = lifecycle.ActivityScheduled, 2, time.Minute, lifecycle.FailureApplication
	})
	v := lifecycle.Judge(running(), backoff, pass, late)
	require.Equal(t, lifecycle.ObservedWait, v.Wait.ID)
	require.Equal(t, late.Add(time.Minute), v.Wait.Until)

	backoff.NextAttempt = time.Hour
	v = lifecycle.Judge(running(), backoff, pass, late)
	require.Equal(t, noon.Add(10*time.Minute), v.Wait.Until, "not beyond the moment at which it is flagged by age")

	v = lifecycle.Judge(running(), evidence(func(e *lifecycle.Evidence) { e.Paused = true }), pass, late)
	require.Equal(t, late.Add(3*pass), v.Wait.Until, "until the check after the next")
}

func TestJudgeForgetsWhatExplainsNoMore(t *testing.T) {
	t.Parallel()
	for _, c := range append(lifecycle.Causes(), lifecycle.NoCause) {
		f := running()
		f.StaleAt = late.Add(time.Hour)
		f.Silence = lifecycle.Silence{Cause: c, At: noon}
		v := lifecycle.Judge(f, alive(), pass, late)
		require.Equal(t, lifecycle.Refresh, v.Action)
		switch c {
		case lifecycle.Paused, lifecycle.Backlogged, lifecycle.ActivityRetrying:
			require.Equal(t, lifecycle.Silence{At: late, Evidence: alive()}, v.Silence, c)
			f.Silence = v.Silence
			require.Equal(t, lifecycle.StateRunning, lifecycle.Derive(f, late).State)
		default: // told only once the run is late, and then found anew
			require.Zero(t, v.Silence, c)
		}
	}
}

func TestJudgeAdoptsTheRealEnd(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		change  func(*lifecycle.Facts, *lifecycle.Evidence)
		outcome lifecycle.Outcome
		code    string
		ours    bool
		cause   lifecycle.Cause
	}{
		{"result", func(_ *lifecycle.Facts, e *lifecycle.Evidence) {
			e.Execution, e.Result = lifecycle.ExecCompleted, lifecycle.PartiallySucceeded
		}, lifecycle.PartiallySucceeded, "", false, lifecycle.ClosedElsewhere},
		{"no result proves no success", func(_ *lifecycle.Facts, e *lifecycle.Evidence) { e.Execution = lifecycle.ExecCompleted },
			lifecycle.Failed, lifecycle.CodeResultUnknown, false, lifecycle.ClosedElsewhere},
		{"no result, but all items are recorded", func(f *lifecycle.Facts, e *lifecycle.Evidence) {
			e.Execution, f.Counts = lifecycle.ExecCompleted, lifecycle.Counts{Total: 2, Processed: 2, Succeeded: 2}
		}, lifecycle.Succeeded, "", false, lifecycle.ClosedElsewhere},
		{"failed", func(_ *lifecycle.Facts, e *lifecycle.Evidence) { e.Execution = lifecycle.ExecFailed },
			lifecycle.Failed, lifecycle.CodeFailedInTemporal, false, lifecycle.ClosedElsewhere},
		{"timed out", func(_ *lifecycle.Facts, e *lifecycle.Evidence) { e.Execution = lifecycle.ExecTimedOut },
			lifecycle.Failed, lifecycle.CodeTimedOutInTemporal, false, lifecycle.ClosedElsewhere},
		{"cancelled in Temporal", func(_ *lifecycle.Facts, e *lifecycle.Evidence) { e.Execution = lifecycle.ExecCancelled },
			lifecycle.Cancelled, lifecycle.CodeCancelledInTemporal, false, lifecycle.ClosedElsewhere},
		{"cancelled as asked", func(f *lifecycle.Facts, e *lifecycle.Evidence) {
			e.Execution, f.Cancel.At = lifecycle.ExecCancelled, noon
		},
			lifecycle.Cancelled, "", false, lifecycle.ClosedElsewhere},
		{"terminated by another", func(f *lifecycle.Facts, e *lifecycle.Evidence) {
			e.Execution, e.CloseReason, f.Closing.ID = lifecycle.ExecTerminated, "maintenance", "c1"
		}, lifecycle.Failed, lifecycle.CodeTerminatedInTemporal, false, lifecycle.ClosedElsewhere},
		{"terminated by us", func(f *lifecycle.Facts, e *lifecycle.Evidence) {
			e.Execution, e.CloseReason = lifecycle.ExecTerminated, "c1"
			f.Closing = lifecycle.Closing{ID: "c1", Cause: lifecycle.NoWorkers}
		}, lifecycle.Failed, lifecycle.CodeTerminatedInTemporal, true, lifecycle.NoWorkers},
		{"cancel forced by us", func(f *lifecycle.Facts, e *lifecycle.Evidence) {
			e.Execution, e.CloseReason, f.Closing.ID = lifecycle.ExecTerminated, "c1", "c1"
		}, lifecycle.Cancelled, "", true, lifecycle.NoCause},
		{"ended by itself before our terminate", func(f *lifecycle.Facts, e *lifecycle.Evidence) {
			e.Execution, e.Result, f.Closing.ID = lifecycle.ExecCompleted, lifecycle.Succeeded, "c1"
		}, lifecycle.Succeeded, "", false, lifecycle.ClosedElsewhere},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f, e := running(), alive()
			tc.change(&f, &e)
			v := lifecycle.Judge(f, e, pass, late)
			require.Equal(t, lifecycle.Adopt, v.Action)
			require.Equal(t, tc.outcome, v.Outcome)
			require.Equal(t, tc.code, v.Failure.Code)
			require.Equal(t, tc.ours, v.Ours)
			require.Equal(t, tc.cause, v.Cause)
		})
	}
}
