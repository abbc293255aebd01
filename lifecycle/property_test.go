package lifecycle_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opstruth/opstruth/lifecycle"
)

func drawTime(t *rapid.T, name string) time.Time {
	return noon.Add(time.Duration(rapid.Int64Range(-3600e6, 3600e6).Draw(t, name)) * time.Microsecond)
}

func drawSpan(t *rapid.T, name string) time.Duration {
	return time.Duration(rapid.Int64Range(0, 3600e6).Draw(t, name)) * time.Microsecond
}

func drawPolicy(t *rapid.T) lifecycle.Policy {
	p := lifecycle.DefaultPolicy()
	p.StaleAfter, p.QueuedStaleAfter = 1+drawSpan(t, "stale after"), 1+drawSpan(t, "queued stale after")
	p.ProgressTimeout, p.WaitSlack = drawSpan(t, "progress timeout"), drawSpan(t, "slack")
	p.CloseNoWorkers, p.CloseWorkerLost = drawSpan(t, "close no workers"), drawSpan(t, "close worker lost")
	p.CloseMissing = rapid.Bool().Draw(t, "close missing")
	return p
}

// drawActive is an active run with any past, whose stale_at follows the rule.
func drawActive(t *rapid.T) lifecycle.Facts {
	f := running()
	f.Policy = drawPolicy(t)
	f.Status = rapid.SampledFrom([]lifecycle.Status{lifecycle.Queued, lifecycle.Running}).Draw(t, "status")
	f.LivenessAt, f.ProgressAt = drawTime(t, "liveness"), drawTime(t, "progress")
	if rapid.Bool().Draw(t, "waits") {
		f.Wait = lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait, Since: noon, Until: drawTime(t, "until")}
	}
	f.Silence = lifecycle.Silence{
		Cause: rapid.SampledFrom(lifecycle.Causes()).Draw(t, "cause"), At: drawTime(t, "verified"),
		For: drawSpan(t, "silence"), Times: rapid.IntRange(0, 5).Draw(t, "times"),
	}
	f.Check.Gap = rapid.Bool().Draw(t, "gap")
	f.StaleAt = staleAt(f)
	return f
}

func staleAt(f lifecycle.Facts) time.Time {
	return lifecycle.StaleAt(f.Policy, f.Status, f.LivenessAt, f.ProgressAt, f.Wait.Until, time.Time{})
}

func drawEvidence(t *rapid.T) lifecycle.Evidence {
	age := func(name string) time.Duration {
		if rapid.Bool().Draw(t, name+" never") {
			return -1
		}
		return drawSpan(t, name)
	}
	return lifecycle.Evidence{
		Answer:     rapid.SampledFrom([]lifecycle.Answer{lifecycle.Answered, lifecycle.Answered, lifecycle.Answered, lifecycle.NotFound, lifecycle.Unreachable, lifecycle.WrongHome, lifecycle.NotAsked}).Draw(t, "answer"),
		Retained:   rapid.Bool().Draw(t, "retained"),
		Execution:  rapid.SampledFrom([]lifecycle.Execution{lifecycle.ExecRunning, lifecycle.ExecRunning, lifecycle.ExecRunning, lifecycle.ExecCompleted, lifecycle.ExecFailed, lifecycle.ExecTerminated, "other"}).Draw(t, "execution"),
		Paused:     rapid.IntRange(0, 9).Draw(t, "paused") == 0,
		Activity:   rapid.SampledFrom([]lifecycle.ActivityState{lifecycle.ActivityNone, lifecycle.ActivityScheduled, lifecycle.ActivityStarted, lifecycle.ActivityPaused}).Draw(t, "activity"),
		RecordsEnd: rapid.Bool().Draw(t, "records end"),
		Attempt:    rapid.IntRange(1, 6).Draw(t, "attempt"),
		StartedAge: age("started"), HeartbeatAge: age("beat"), NextAttempt: age("next"),
		LastFailure: rapid.SampledFrom([]lifecycle.FailureKind{lifecycle.FailureNone, lifecycle.FailureHeartbeatTimeout, lifecycle.FailureApplication}).Draw(t, "failure"),
		Workers:     rapid.IntRange(0, 2).Draw(t, "workers"), WorkersSeen: age("seen"), PollerAge: age("poller"),
	}
}

func TestSignOfLifeNeverMakesARunStaler(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, now := drawActive(t), drawTime(t, "now")
		heard := f
		heard.LivenessAt = f.LivenessAt.Add(drawSpan(t, "later"))
		heard.StaleAt = staleAt(heard)
		require.False(t, heard.StaleAt.Before(f.StaleAt))
		if lifecycle.Derive(f, now).Freshness == lifecycle.FreshActive {
			require.Equal(t, lifecycle.FreshActive, lifecycle.Derive(heard, now).Freshness)
		}
	})
}

func TestDurableWaitIsNeverStaleBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, before := drawActive(t), drawSpan(t, "before")+time.Microsecond
		if f.Wait.Until.IsZero() {
			f.Wait.Until = drawTime(t, "until")
			f.StaleAt = staleAt(f)
		}
		truth := lifecycle.Derive(f, f.Wait.Until.Add(-before))
		require.Equal(t, lifecycle.FreshActive, truth.Freshness)
		require.Equal(t, lifecycle.NoProblem, truth.ProblemClass)
	})
}

func TestVerdictsStayWithinTheirEvidence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, e, now := drawActive(t), drawEvidence(t), drawTime(t, "now")
		v := lifecycle.Judge(f, e, pass, now)
		if e.Answer != lifecycle.Answered && e.Answer != lifecycle.NotFound {
			require.Equal(t, lifecycle.Unknown, v.Action, "unknown never closes")
		}
		if v.Action == lifecycle.Close {
			require.False(t, f.Check.Gap)
			require.False(t, e.Answer == lifecycle.Answered && e.RecordsEnd)
		}
		if !v.Sign.IsZero() {
			require.True(t, v.Sign.Equal(now.Add(-e.HeartbeatAge)))
			require.True(t, v.Sign.After(f.LivenessAt) && !v.Sign.After(now))
		}

		refreshed := f // as the record is after the verdict
		if v.Sign.After(f.LivenessAt) {
			refreshed.LivenessAt = v.Sign
		}
		if v.Wait.Until.After(f.Wait.Until) {
			refreshed.Wait = v.Wait
		}
		limit := max(f.Policy.StaleAfter, f.Policy.QueuedStaleAfter)
		newest := refreshed.LivenessAt.Add(limit)
		for _, until := range []time.Time{refreshed.Wait.Until.Add(f.Policy.WaitSlack), f.StaleAt} {
			if until.After(newest) {
				newest = until
			}
		}
		require.False(t, staleAt(refreshed).After(newest), "a refresh never moves past its sign or its wait")
	})
}

func TestRecordOnlyMovesForward(t *testing.T) {
	t.Parallel()
	rank := map[lifecycle.Status]int{lifecycle.Queued: 0, lifecycle.Running: 1, lifecycle.Completed: 2}
	kinds := []lifecycle.Kind{
		lifecycle.Dispatched, lifecycle.Started, lifecycle.Planned, lifecycle.WaitDeclared, lifecycle.WaitEnded,
		lifecycle.CancelRequested, lifecycle.Finished, lifecycle.CloseClaimed, lifecycle.CloseDropped, lifecycle.Reconciled,
		lifecycle.CancelForced, lifecycle.Adopted, lifecycle.Acknowledged, lifecycle.Reopened, lifecycle.Superseded,
		lifecycle.Retried, lifecycle.Claimed, lifecycle.Released, lifecycle.LateReported, lifecycle.WentStale, "never heard of",
	}
	rapid.Check(t, func(t *rapid.T) {
		f, now := queued(), noon
		for range rapid.IntRange(1, 20).Draw(t, "changes") {
			now = now.Add(drawSpan(t, "pause"))
			c := lifecycle.Change{
				Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Version: f.Version, LivenessAt: f.LivenessAt,
				Token:   rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "token"),
				Outcome: rapid.SampledFrom(lifecycle.Outcomes()).Draw(t, "outcome"),
				Closing: lifecycle.Closing{ID: rapid.SampledFrom([]string{"c1", "c2"}).Draw(t, "closing")},
				Wait:    lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait, Until: now.Add(time.Hour)}, By: "r2",
			}
			got, err := lifecycle.Apply(f, c, now)
			if err != nil {
				require.Equal(t, f, got, "a refused change changes nothing")
				require.True(t, errors.Is(err, lifecycle.ErrEnded) || errors.Is(err, lifecycle.ErrUnchanged) ||
					errors.Is(err, lifecycle.ErrOvertaken) || errors.Is(err, lifecycle.ErrNotAllowed))
				continue
			}
			require.Equal(t, f.Version+1, got.Version)
			require.GreaterOrEqual(t, rank[got.Status], rank[f.Status], "status never moves backwards")
			require.False(t, got.LivenessAt.Before(f.LivenessAt))
			if f.Status == lifecycle.Completed {
				require.Equal(t, f.Outcome, got.Outcome, "the first terminal change wins")
				require.Equal(t, f.CompletedAt, got.CompletedAt)
				require.Equal(t, f.TerminalToken, got.TerminalToken)
				require.Equal(t, f.Reconciliation, got.Reconciliation)
				require.False(t, got.Claim.Held() && !lifecycle.Derive(got, now).Open, "nobody is on what is done with")
				require.NotContains(t, []lifecycle.Freshness{lifecycle.FreshActive, lifecycle.LikelyStale}, lifecycle.Derive(got, now).Freshness)
			}
			if got.Status == lifecycle.Completed {
				require.NotEqual(t, lifecycle.Pending, got.Outcome)
				_, again := lifecycle.Apply(got, c, now.Add(time.Second))
				require.Error(t, again, "the same change again changes nothing")
			}
			f = got
		}
	})
}
