package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

// TestStory reads the decision zone of runs as an operator would: headline,
// evidence, reconciliation, next step.
func TestStory(t *testing.T) {
	t.Parallel()
	at := late.Add(5 * time.Second)
	stuck := func(c lifecycle.Cause, change func(*lifecycle.Evidence)) lifecycle.Facts {
		return silentFor(c, evidence(change), late)
	}
	for _, tc := range []struct {
		name  string
		facts lifecycle.Facts
		now   time.Time
		want  string
	}{
		{"running", running(), noon.Add(3 * time.Second), `Running normally | Heard 3 s ago. 120 of 400 items done, 3 failed. | Still active, not reconciled. | Nothing to do.`},
		{"queued", queued(), noon.Add(3 * time.Second), `Not started yet: waiting for a worker | Queued 3 s ago. | Still active, not reconciled. | Nothing to do.`},
		{"no workers", stuck(lifecycle.NoWorkers, func(e *lifecycle.Evidence) { e.Workers, e.WorkersSeen = 0, 20*time.Second }), at,
			`Not advancing: no worker serves its queue | Last heard 25 s ago, at 12:00 UTC. No live worker on queue “inventory”; last seen 12:00 UTC. Checked 5 s ago. | Still active, not reconciled; to be closed after 24 h of verified silence. | Start a worker for queue “inventory”.`},
		{"worker lost", stuck(lifecycle.WorkerLost, func(e *lifecycle.Evidence) {
			e.Activity, e.Attempt, e.HeartbeatAge, e.Host = lifecycle.ActivityStarted, 1, 20*time.Second, "4711@web-1"
		}), at, `Its worker went silent | Last heard 25 s ago, at 12:00 UTC. Worker on host 4711@web-1; last beat 12:00 UTC. Checked 5 s ago. | Still active, not reconciled; to be closed after 24 h of verified silence. | Check host 4711@web-1.`},
		{"worker lost, retried", stuck(lifecycle.WorkerLost, func(e *lifecycle.Evidence) {
			e.Activity, e.Attempt, e.HeartbeatAge, e.LastFailure = lifecycle.ActivityScheduled, 2, 20*time.Second, lifecycle.FailureHeartbeatTimeout
		}), at, `Worker lost; Temporal tries again | Last heard 25 s ago, at 12:00 UTC. Heartbeat timed out on an unknown host; last beat 12:00 UTC. Checked 5 s ago. | Still active, not reconciled, and not closed for this cause. | Wait for attempt 2.`},
		{"retrying", stuck(lifecycle.ActivityRetrying, func(e *lifecycle.Evidence) {
			e.Activity, e.Attempt, e.FailureText = lifecycle.ActivityScheduled, 5, "connection refused"
		}), at, `Not advancing: a step keeps failing | Last heard 25 s ago, at 12:00 UTC. Attempt 5, last error: connection refused. Checked 5 s ago. | Still active, not reconciled, and not closed for this cause. | [Cancel] Fix that error; if you cannot, cancel.`},
		{"cause not known", running(), at, `Silent for 25 s; cause not known yet | Last heard 25 s ago, at 12:00 UTC. Temporal was not asked about it since. | Still active, not reconciled, and not closed for this cause. | Wait for the next check.`},
		{"unverified", with(running, func(f *lifecycle.Facts) {
			f.Silence = lifecycle.Silence{Cause: lifecycle.NoWorkers, At: late}
			f.Check = lifecycle.Check{Every: pass, TemporalAt: noon.Add(-time.Hour)}
		})(), at, `Silent, and not verified in Temporal | Last heard 25 s ago, at 12:00 UTC. Unverified: no check has reached Temporal since 11:00 UTC. At 12:00 UTC: no worker serves the queue. | Still active, not reconciled, and not closed for this cause. | Wait; platform staff are alerted.`},
		{"workflow task failing", stuck(lifecycle.WorkflowTaskFailing, func(e *lifecycle.Evidence) { e.WorkflowTaskAttempt = 4321 }), at,
			"Not advancing: its workflow code keeps failing | Last heard 25 s ago, at 12:00 UTC. Its workflow task is at attempt 4\u202f321. Checked 5 s ago. | Still active, not reconciled, and not closed for this cause. | Ask platform staff to roll back the workers of queue “inventory”."},
		{"waiting", with(running, func(f *lifecycle.Facts) {
			f.Wait = lifecycle.Wait{ID: "w", Kind: lifecycle.HeldWait, Reason: "rate limit", By: "collection users", Until: noon.Add(time.Hour)}
		})(), noon, `Waiting as planned until 13:00 UTC | collection users declared it: rate limit. 120 of 400 items done, 3 failed. | Still active, not reconciled. | Nothing to do.`},
		{"cancelling", with(running, func(f *lifecycle.Facts) {
			f.Cancel = lifecycle.CancelRequest{At: noon, ForcedAt: noon.Add(30 * time.Second), By: "Ada Byron"}
		})(), noon, `Stopping; forced at 12:00:30 UTC | Asked for by Ada Byron just now. 120 of 400 items done, 3 failed. | Still active, not reconciled. | Wait until it has stopped.`},
		{"cancelling for long", with(running, func(f *lifecycle.Facts) {
			f.Cancel = lifecycle.CancelRequest{At: noon, ForcedAt: noon.Add(2 * time.Hour), By: "Ada Byron"}
		})(), noon, `Stopping; forced at 14:00 UTC | Asked for by Ada Byron just now. 120 of 400 items done, 3 failed. | Still active, not reconciled. | Wait until it has stopped.`},
		{"handed over", with(running, func(f *lifecycle.Facts) {
			f.Wait = lifecycle.Wait{ID: lifecycle.HandoverWait, Kind: lifecycle.DurableWait, Reason: "its worker stopped", By: "worker 7", Until: noon.Add(time.Minute)}
		})(), noon, `Handed over; waiting for the next worker | worker 7 declared it: its worker stopped. 120 of 400 items done, 3 failed. | Still active, not reconciled. | Nothing to do.`},
		{"reconciled, late result", with(func() lifecycle.Facts { return reconciled(lifecycle.NoWorkers) }, func(f *lifecycle.Facts) {
			f.Late = lifecycle.LateResult{At: noon.Add(time.Minute), Summary: "succeeded, 400 items"}
		})(), noon.Add(time.Hour), `Reconciled: closed by opstruth after 24 h of silence | Silent since 3 Mar 12:00 UTC; closed 60 min ago, at 12:00 UTC. Cause: no worker serves the queue. Late result ignored at 12:01 UTC: succeeded, 400 items. | Reconciled: closed on evidence, not repaired. | [Retry] Compare “Contoso Ltd” with the late result before you retry.`},
		{"failed", with(endedAs(lifecycle.Failed), func(f *lifecycle.Facts) { f.Failure.Message = "token expired" })(), noon,
			`Ended with an error | Error: token expired. Ended just now, at 12:00 UTC. | Not reconciled: it ended by itself. | [Retry] Fix the cause, then retry.`},
		{"failed at length", with(endedAs(lifecycle.Failed), func(f *lifecycle.Facts) {
			f.Failure.Message = "connect to graph.contoso.example: 10.0.0.7 is private; to allow it, add its network to OPSTRUTH_OUTBOUND_ALLOW"
		})(), noon, `Ended with an error | Error: connect to graph.contoso.example: 10.0.0.7 is private; to allow it, add its network to OPSTRUTH_OUTBOUND_ALLOW. Ended just now, at 12:00 UTC. | Not reconciled: it ended by itself. | [Retry] Fix the cause, then retry.`},
		{"blocked", with(endedAs(lifecycle.Blocked), func(f *lifecycle.Facts) {
			f.Failure.Message = "graph.contoso.example is not reachable: no such host"
		})(), noon, `Stopped before any work | Reason: graph.contoso.example is not reachable: no such host. Ended just now, at 12:00 UTC. | Not reconciled: it ended by itself. | [Retry] Put right what the reason names, then retry.`},
		{"cancelled by force", with(endedAs(lifecycle.Cancelled), func(f *lifecycle.Facts) {
			f.Cancel.By, f.Closing.ID, f.TerminalToken = "Ada Byron", "c1", "c1"
		})(), noon, `Cancelled by Ada Byron, by force | Ended just now, at 12:00 UTC. 120 of 400 items done, 3 failed. | Not reconciled: a forced cancel ended it. | Nothing to do.`},
		{"recovered, succeeded", with(endedAs(lifecycle.Succeeded), func(f *lifecycle.Facts) {
			f.StaleEpisodes, f.FirstStaleAt, f.RecoveredAt = 1, noon.Add(-time.Hour), noon.Add(-50*time.Minute)
		})(), noon, `All 123 items are done | Ended just now, at 12:00 UTC. Likely stuck from 11:00 UTC to 11:10 UTC. | Not reconciled: it ended by itself. | Nothing to do.`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			truth := lifecycle.Derive(tc.facts, tc.now)
			step := truth.NextStep()
			if step.Label != "" {
				step.Text = "[" + step.Label + "] " + step.Text
			}
			got := strings.Join([]string{truth.Headline(), strings.Join(truth.Evidence(), " "), truth.ReconciliationNote(), step.Text}, " | ")
			require.Equal(t, tc.want, got)
		})
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "just now", 999 * time.Millisecond: "just now", time.Second: "1 s ago", 119 * time.Second: "119 s ago",
		2 * time.Minute: "2 min ago", 119 * time.Minute: "119 min ago", 2 * time.Hour: "2 h ago", 47 * time.Hour: "47 h ago", 50 * time.Hour: "2 days ago",
	} {
		require.Equal(t, want, lifecycle.Ago(d))
	}
	require.Equal(t, "12:00 UTC", lifecycle.Clock(noon.In(time.FixedZone("x", 3600))))
	require.Equal(t, "an unknown time", lifecycle.Clock(time.Time{}))
}
