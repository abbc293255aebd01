package lifecycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

// TestJudgeEveryCombinationOfEvidence runs the cross product of all that
// evidence can say over runs in every condition, and checks what must hold
// whatever the combination is.
func TestJudgeEveryCombinationOfEvidence(t *testing.T) {
	t.Parallel()
	facts := judged()
	n := 0
	eachEvidence(func(e lifecycle.Evidence) {
		for i := range facts {
			v := lifecycle.Judge(facts[i], e, pass, late)
			if why := broken(&facts[i], &e, &v); why != "" {
				require.Fail(t, why, "facts %+v\nevidence %+v\nverdict %+v", facts[i], e, v)
			}
			n++
		}
	})
	require.Greater(t, n, 100_000)
}

// judged are runs in every condition that matters to a verdict.
func judged() []lifecycle.Facts {
	var all []lifecycle.Facts
	for _, base := range []lifecycle.Facts{running(), queuedLate(), ended(lifecycle.Failed)} {
		for i := range 16 {
			f := base
			if i&1 != 0 {
				f.StaleAt = late.Add(time.Hour)
			}
			if i&2 != 0 {
				f.Wait = lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait, Until: late.Add(time.Minute)}
			}
			if i&4 != 0 {
				f.Check.Gap = true
			}
			if i&8 != 0 { // verified for longer than any limit, for the cause at hand
				f.Silence = lifecycle.Silence{Cause: lifecycle.Causes()[len(all)%4], At: late, For: 48 * time.Hour, Times: 5}
			}
			all = append(all, f)
		}
	}
	return all
}

func eachEvidence(visit func(lifecycle.Evidence)) {
	for _, answer := range []lifecycle.Answer{lifecycle.NotAsked, lifecycle.Unreachable, lifecycle.WrongHome, lifecycle.NotFound} {
		for _, retained := range []bool{false, true} {
			e := alive()
			e.Answer, e.Retained = answer, retained
			visit(e)
		}
	}
	for _, exec := range []lifecycle.Execution{
		"", lifecycle.ExecCompleted, lifecycle.ExecFailed, lifecycle.ExecCancelled, lifecycle.ExecTerminated, lifecycle.ExecTimedOut,
	} {
		for _, result := range lifecycle.Outcomes() {
			e := alive()
			e.Execution, e.Result = exec, result
			visit(e)
		}
	}
	for _, paused := range []bool{false, true} {
		for _, attempt := range []int{0, 1, 2} {
			eachActivity(func(e lifecycle.Evidence) {
				e.Paused, e.WorkflowTask, e.WorkflowTaskAttempt = paused, attempt > 0, attempt
				visit(e)
			})
		}
	}
}

func eachActivity(visit func(lifecycle.Evidence)) {
	ages := []time.Duration{-1, 0, 10 * time.Second, time.Hour}
	for _, state := range []lifecycle.ActivityState{
		lifecycle.ActivityNone, lifecycle.ActivityScheduled, lifecycle.ActivityStarted, lifecycle.ActivityPaused,
	} {
		for _, attempt := range []int{1, 2, 9} {
			for _, failure := range []lifecycle.FailureKind{lifecycle.FailureNone, lifecycle.FailureHeartbeatTimeout, lifecycle.FailureApplication} {
				for _, startedAge := range ages {
					for _, beat := range ages {
						for _, served := range []bool{false, true} {
							e := alive()
							e.Activity, e.Attempt, e.LastFailure = state, attempt, failure
							e.StartedAge, e.HeartbeatAge = startedAge, beat
							e.NextAttempt, e.RecordsEnd = beat, startedAge == time.Hour && attempt == 1
							if !served {
								unserved(&e)
							}
							visit(e)
						}
					}
				}
			}
		}
	}
}

// broken names the rule that a verdict breaks, if it does.
func broken(f *lifecycle.Facts, e *lifecycle.Evidence, v *lifecycle.Verdict) string {
	running := e.Answer == lifecycle.Answered && e.Execution == lifecycle.ExecRunning
	closing := v.Action == lifecycle.Close
	switch {
	case f.Status == lifecycle.Completed && v.Action != lifecycle.Unknown:
		return "a run that has ended is not judged"
	case e.Answer != lifecycle.Answered && e.Answer != lifecycle.NotFound && v.Action != lifecycle.Unknown:
		return "without an answer there is no verdict"
	case v.Action == lifecycle.Adopt && (running || e.Execution == ""):
		return "an end is adopted only where there is one"
	case v.Action == lifecycle.Adopt && (v.Outcome == lifecycle.Pending || v.Outcome == ""):
		return "an adopted end has an outcome"
	case closing && f.Check.Gap:
		return "nothing is closed during a telemetry gap"
	case closing && e.RecordsEnd:
		return "a run whose terminal record is pending is not closed"
	case closing && v.Cause == lifecycle.WorkerLost && e.Attempt > 1:
		return "a lost worker that was replaced is no reason to close"
	case closing && v.Cause == lifecycle.WorkerLost && e.HeartbeatAge < 0:
		return "who never beat is not lost for certain"
	case closing && v.Cause != lifecycle.NoWorkers && v.Cause != lifecycle.WorkerLost && v.Cause != lifecycle.WorkflowMissing:
		return "only three causes close"
	case closing && v.Cause != lifecycle.WorkflowMissing && late.Before(f.StaleAt):
		return "a run that is not late is not closed"
	case v.Sign.After(late):
		return "a sign is not from the future"
	case !v.Sign.IsZero() && !v.Sign.After(f.LivenessAt):
		return "a sign is newer than the record's"
	case !v.Sign.IsZero() && !v.Sign.Equal(late.Add(-e.HeartbeatAge)):
		return "a refresh takes the sign's own time"
	case v.Action != lifecycle.Refresh && !v.Wait.Until.IsZero():
		return "only a refresh declares a wait"
	case v.Wait.Until.After(late.Add(max(3*pass, e.NextAttempt))):
		return "a wait ends with what it waits for"
	case (v.Action == lifecycle.Silent || closing) && (v.Cause == lifecycle.NoCause || v.Silence.Cause != v.Cause || v.Silence.Times < 1):
		return "a verified silence has its cause"
	case v.Action == lifecycle.Silent && f.Wait.Until.After(late) && running && (v.Cause != lifecycle.NoProgress):
		return "a declared wait is not silence"
	}
	return ""
}
