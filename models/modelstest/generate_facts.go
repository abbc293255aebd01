package modelstest

import (
	"encoding/json"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

// facts are what is drawn for a run; times are microseconds, and zero has not happened.
type facts struct {
	id, queue, retryOf string
	place              Place
	status             lifecycle.Status
	outcome            lifecycle.Outcome

	queuedAt, startedAt, completedAt, livenessAt, progressAt, staleAt int64
	total, succeeded, failed, skipped                                 int64
	firstStaleAt, episodes, gapEpisodes, recoveredAt, verifiedAt      int64
	inGap                                                             bool
	flaggedAt                                                         int64
	silenceAt, silenceTimes                                           int64
	silenceCause                                                      lifecycle.Cause
	silence, evidence                                                 lifecycle.Evidence
	waitID, waitReason                                                string
	waitKind                                                          lifecycle.WaitKind
	waitUntil                                                         int64

	cancelAt, cancelForcedAt, closingAt, reconciledAt, silentSince, lateAt, acknowledgedAt, claimedAt int64
	cancelBy, closingID, token, supersededBy                                                          string
	closingCause, reconciledCause                                                                     lifecycle.Cause
	failure                                                                                           lifecycle.Failure
	reasons                                                                                           int64
	topReason                                                                                         string
}

// active draws an active run: on either side of its deadline, with or without a verdict, waiting, paused, cancelling.
func (g *generator) active(f *facts) {
	f.status = of(g, lifecycle.Queued, lifecycle.Running, lifecycle.Running)
	f.livenessAt = max(f.queuedAt, g.now-of(g, us, second, 19*second, 20*second, minute, hour, day))
	f.progressAt = max(f.queuedAt, f.livenessAt-of(g, int64(0), second, hour))
	if f.status == lifecycle.Running {
		f.startedAt = f.queuedAt + of(g, int64(0), us, (f.progressAt-f.queuedAt)/2)
		g.counts(f)
	}
	const overdue = 25 * second / 2 // two and a half passes of five seconds, after which no verdict is one too
	f.staleAt = of(g, g.edge(), g.now-overdue+of(g, -us, 0, us), g.now-of(g, minute, hour, day), g.now+of(g, minute, hour), g.now+of(g, us, hour))
	if g.IntN(8) == 0 {
		f.staleAt = g.now - g.Int64N(2*day)
		g.outage(f.staleAt)
	}
	f.silenceAt = of(g, 0, f.livenessAt, min(g.now, f.livenessAt+second), f.livenessAt-second)
	if f.silenceAt > 0 {
		f.silenceCause = of(g, append(lifecycle.Causes(), lifecycle.NoCause)...)
		f.silenceTimes = int64(g.IntN(5))
		f.silence = g.said()
	}
	f.verifiedAt = of(g, 0, f.silenceAt, g.now-second, g.now-minute)
	f.inGap = g.IntN(4) == 0
	g.past(f)
	f.flaggedAt = sometimes(g, 2, min(g.now, f.staleAt))
	if g.IntN(3) == 0 {
		f.waitID, f.waitKind = of(g, "approval", lifecycle.HandoverWait, "throttled"), of(g, lifecycle.DurableWait, lifecycle.HeldWait)
		f.waitReason, f.waitUntil = of(g, strangeNames()...), of(g, g.edge(), g.now+hour, g.now+3*day)
	}
	g.cancel(f, g.now)
	if g.IntN(20) == 0 {
		f.closingID, f.closingAt, f.closingCause = "closing-"+f.id, g.now-second, of(g, lifecycle.Causes()...)
	}
	f.claimedAt = sometimes(g, 5, g.now-minute)
}

// outage draws one in which a run's deadline fell, or just did not.
func (g *generator) outage(staleAt int64) {
	from := staleAt - of(g, second, us, 0, -us)
	to := max(from, staleAt+of(g, second, 0, -5*second, -5*second-us))
	g.rows["outages"] = append(g.rows["outages"], row{{"from_at", from}, {"to_at", to}})
}

// end draws an ended run: each outcome, by itself or closed, noted, made good, late, long ago and just now.
func (g *generator) end(f *facts) {
	f.status, f.outcome = lifecycle.Completed, of(g, lifecycle.Outcomes()[1:]...)
	const recent = int64(models.Recent / time.Microsecond)
	f.completedAt = max(f.queuedAt, of(g, g.ago(), g.ago(), g.edge(), g.now-recent+of(g, -us, 0, us), g.now-day+of(g, -us, 0, us),
		g.now-g.now%day+of(g, -us, 0, us)))
	f.livenessAt, f.progressAt = f.completedAt-of(g, int64(0), us, second), f.completedAt-of(g, int64(0), us, second)
	f.startedAt = of(g, 0, f.queuedAt, f.queuedAt+(f.completedAt-f.queuedAt)/2)
	g.counts(f)
	g.past(f)
	f.verifiedAt = of(g, 0, f.completedAt)
	g.cancel(f, f.completedAt)
	f.token = "token-" + f.id
	if f.outcome == lifecycle.Cancelled && g.IntN(4) == 0 {
		f.closingID, f.closingAt, f.token = "closing-"+f.id, f.completedAt, "closing-"+f.id
	}
	if g.IntN(3) == 0 { // mostly a failure, but nothing else may be told wrong either
		f.reconciledAt, f.silentSince = f.completedAt, f.completedAt-of(g, second, hour, 3*day)
		f.outcome = of(g, lifecycle.Failed, lifecycle.Failed, lifecycle.Failed, f.outcome)
		f.reconciledCause, f.evidence = of(g, append(lifecycle.Causes(), lifecycle.NoCause)...), g.said()
		f.closingID, f.closingCause, f.closingAt = "closing-"+f.id, f.reconciledCause, f.completedAt
	}
	if f.outcome.NeedsFollowUp() {
		f.failure = lifecycle.Failure{
			Code:    of(g, "", "timeout", "quota", "items_failed", lifecycle.CodeTimedOutInTemporal, lifecycle.CodeFailedInTemporal),
			Message: of(g, "", "connection refused after 31 tries", "connection refused after 7 tries", "قرص ممتلئ", "<script>alert(1)</script>"),
		}
		f.acknowledgedAt = sometimes(g, 4, min(g.now, f.completedAt+minute))
		if len(g.ended) > 0 {
			f.supersededBy = sometimes(g, 5, of(g, g.ended...))
		}
		f.claimedAt = sometimes(g, 6, min(g.now, f.completedAt+second))
	} else if f.outcome == lifecycle.Cancelled {
		f.failure.Code = of(g, "", lifecycle.CodeCancelledInTemporal)
	}
	f.lateAt = sometimes(g, 6, min(g.now, f.completedAt+second))
	if f.failed > 0 {
		f.reasons, f.topReason = 1+g.Int64N(3), of(g, "connection refused after # tries", "قرص ممتلئ", "<i>no</i>")
	}
}

func (g *generator) counts(f *facts) {
	many := of(g, int64(0), 1, 7, 1200)
	f.succeeded = sometimes(g, 2, many)
	f.failed = sometimes(g, 2, of(g, int64(1), 3, many))
	f.skipped = sometimes(g, 4, of(g, int64(1), 2))
	f.total = of(g, 0, f.succeeded+f.failed+f.skipped, f.succeeded+f.failed+f.skipped+many)
}

// past is what the run went through before.
func (g *generator) past(f *facts) {
	f.episodes, f.gapEpisodes = of(g, int64(0), 0, 0, 1, 3), of(g, int64(0), 0, 0, 2)
	if f.episodes > 0 {
		f.firstStaleAt = max(f.queuedAt, f.livenessAt-hour)
	}
	if f.episodes+f.gapEpisodes > 0 {
		f.recoveredAt = sometimes(g, 2, f.livenessAt)
	}
}

func (g *generator) cancel(f *facts, until int64) {
	if g.IntN(5) > 0 && (f.outcome != lifecycle.Cancelled || g.IntN(2) == 0) {
		return
	}
	f.cancelAt = max(f.queuedAt, until-of(g, second, 29*second, minute, hour))
	f.cancelForcedAt = f.cancelAt + g.policy.CancelGrace.Microseconds()
	f.cancelBy = of(g, "", "Olga", g.crowd.Member.Name)
}

// said is what Temporal may have said.
func (g *generator) said() lifecycle.Evidence {
	return lifecycle.Evidence{
		Answer: of(g, lifecycle.Answered, lifecycle.Answered, lifecycle.NotFound, lifecycle.Unreachable), Execution: lifecycle.ExecRunning,
		PausedBy: of(g, "", "Olga", "<em>Ops</em> إيمان"), PausedAge: time.Minute,
		WorkflowTask: g.IntN(4) == 0, WorkflowTaskAttempt: g.IntN(4), WorkflowTaskAge: time.Minute,
		Activity: of(g, lifecycle.ActivityNone, lifecycle.ActivityScheduled, lifecycle.ActivityStarted), ActivityName: "work", Attempt: g.IntN(5),
		StartedAge: time.Minute, HeartbeatAge: of(g, -1, time.Second, time.Hour), NextAttempt: of(g, 0, time.Minute),
		LastFailure: of(g, lifecycle.FailureNone, lifecycle.FailureHeartbeatTimeout, lifecycle.FailureApplication),
		FailureText: of(g, "", "disk full", "<script>alert(1)</script>"), Host: of(g, "", "host-1"),
		Workers: g.IntN(2), WorkersSeen: of(g, -1, time.Minute), PollerAge: of(g, -1, time.Second, 2*time.Minute),
	}
}

func (f facts) active() bool { return f.status.Active() }

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain values only
	}
	return string(b)
}
