// Package pagetest makes runs in every state that the catalogue knows, from facts alone, for tests of what
// pages show. It is for tests only.
package pagetest

import (
	"fmt"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

// Now is the clock reading of every sample.
var Now = time.Date(2026, 3, 12, 14, 3, 11, 0, time.UTC)

// Case is a run and the state that it is in.
type Case struct {
	Name  string
	State lifecycle.State
	Run   models.Run
}

// Cases are runs in every state and, where that tells them apart, with every cause.
func Cases() []Case {
	var cases []Case
	add := func(name string, s lifecycle.State, change func(f *lifecycle.Facts)) {
		cases = append(cases, Case{Name: name, State: s, Run: Run(len(cases)+1, change)})
	}
	add("queued", lifecycle.StateQueued, queued)
	add("backlogged", lifecycle.StateBacklogged, func(f *lifecycle.Facts) {
		queued(f)
		silent(f, lifecycle.Backlogged, lifecycle.Evidence{Activity: lifecycle.ActivityScheduled, ScheduledAge: 10 * time.Second, Workers: 2})
	})
	add("running", lifecycle.StateRunning, func(*lifecycle.Facts) {})
	add("running, was stuck", lifecycle.StateRunning, wasStuck)
	add("waiting", lifecycle.StateWaiting, func(f *lifecycle.Facts) {
		f.Wait = lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait, Reason: "asked to slow down by the API", By: "groups", Since: ago(20 * time.Second), Until: ago(-2 * time.Minute)}
	})
	add("cancelling", lifecycle.StateCancelling, func(f *lifecycle.Facts) {
		f.Cancel = lifecycle.CancelRequest{At: ago(5 * time.Second), By: "Mara Lindqvist", ForcedAt: ago(-25 * time.Second)}
	})
	add("paused", lifecycle.StatePaused, func(f *lifecycle.Facts) {
		silent(f, lifecycle.Paused, lifecycle.Evidence{Paused: true, PausedBy: "sre@northwind.example", PausedAge: time.Minute})
	})
	for _, cause := range append(lifecycle.Causes(), lifecycle.NoCause) {
		state := lifecycle.StateStuck
		if cause == lifecycle.Unverified {
			state = lifecycle.StateUnverified
		}
		add("stuck: "+string(cause), state, func(f *lifecycle.Facts) { stuck(f, cause) })
	}
	add("stuck, cancelling", lifecycle.StateStuck, func(f *lifecycle.Facts) {
		stuck(f, lifecycle.NoWorkers)
		f.Cancel = lifecycle.CancelRequest{At: ago(5 * time.Second), By: "Mara Lindqvist", ForcedAt: ago(-25 * time.Second)}
	})
	claimed := lifecycle.Claim{At: ago(90 * time.Second), By: "Ines Okafor"}
	add("stuck, claimed", lifecycle.StateStuck, func(f *lifecycle.Facts) { stuck(f, lifecycle.NoWorkers); f.Claim = claimed })
	add("running, claimed", lifecycle.StateRunning, func(f *lifecycle.Facts) { wasStuck(f); f.Claim = claimed })
	return append(cases, endedCases(len(cases))...)
}

func endedCases(n int) []Case {
	var cases []Case
	add := func(name string, s lifecycle.State, change func(f *lifecycle.Facts)) {
		cases = append(cases, Case{Name: name, State: s, Run: Run(n+len(cases)+1, change)})
	}
	failure := lifecycle.Failure{Code: "operation_failed", Message: "the API refused the credential: 401 Unauthorized"}
	add("succeeded", lifecycle.StateSucceeded, func(f *lifecycle.Facts) { ended(f, lifecycle.Succeeded, 4210, 0) })
	add("succeeded, was stuck", lifecycle.StateSucceeded, func(f *lifecycle.Facts) { ended(f, lifecycle.Succeeded, 4210, 0); wasStuck(f) })
	add("partial", lifecycle.StatePartial, func(f *lifecycle.Facts) { ended(f, lifecycle.PartiallySucceeded, 4210, 3) })
	add("failed", lifecycle.StateFailed, func(f *lifecycle.Facts) { ended(f, lifecycle.Failed, 12, 12); f.Failure = failure })
	add("failed, noted", lifecycle.StateFailed, func(f *lifecycle.Facts) {
		ended(f, lifecycle.Failed, 12, 12)
		f.Failure = failure
		f.Acknowledged = lifecycle.Acknowledgement{At: ago(time.Minute), By: "Mara Lindqvist", Note: "new secret ordered"}
	})
	add("failed, superseded", lifecycle.StateFailed, func(f *lifecycle.Facts) {
		ended(f, lifecycle.Failed, 12, 12)
		f.Failure, f.SupersededBy = failure, ID(1)
	})
	add("failed, retried", lifecycle.StateFailed, func(f *lifecycle.Facts) {
		ended(f, lifecycle.Failed, 12, 12)
		f.Failure, f.RetriedBy = failure, ID(3)
	})
	add("failed, claimed", lifecycle.StateFailed, func(f *lifecycle.Facts) {
		ended(f, lifecycle.Failed, 12, 12)
		f.Failure, f.Claim = failure, lifecycle.Claim{At: ago(90 * time.Second), By: "Ines Okafor"}
	})
	add("blocked", lifecycle.StateBlocked, func(f *lifecycle.Facts) {
		ended(f, lifecycle.Blocked, 0, 0)
		f.Counts, f.Failure = lifecycle.Counts{}, lifecycle.Failure{Code: "blocked", Message: "the connection lacks the permission Directory.Read.All"}
	})
	add("cancelled", lifecycle.StateCancelled, func(f *lifecycle.Facts) {
		ended(f, lifecycle.Cancelled, 1804, 0)
		f.Cancel = lifecycle.CancelRequest{At: ago(6 * time.Minute), By: "Mara Lindqvist"}
	})
	add("reconciled", lifecycle.StateReconciled, reconciled)
	add("reconciled, late result", lifecycle.StateReconciled, func(f *lifecycle.Facts) {
		reconciled(f)
		f.Late = lifecycle.LateResult{At: ago(time.Minute), Summary: "12 items, the last one \"groups/ops\""}
	})
	add("everything at once", lifecycle.StateReconciled, func(f *lifecycle.Facts) {
		reconciled(f)
		wasStuck(f)
		f.Late = lifecycle.LateResult{At: ago(time.Minute), Summary: "12 items, the last one \"groups/ops\""}
		f.Acknowledged = lifecycle.Acknowledgement{At: ago(time.Minute), By: "Mara Lindqvist", Note: "compared by hand, nothing is missing there"}
	})
	return cases
}

func ago(d time.Duration) time.Time { return Now.Add(-d) }

// ID is the id of the n-th sample.
func ID(n int) string { return fmt.Sprintf("0195a7c2-6d0a-7c1e-9a53-%012x", n*7919) }

// Run is a healthy running run, changed.
func Run(n int, change func(f *lifecycle.Facts)) models.Run {
	f := lifecycle.Facts{
		ID: ID(n), Type: "inventory.sync", Target: "graph.contoso.example", Queue: "inventory", Policy: lifecycle.DefaultPolicy(),
		Version: 7, Status: lifecycle.Running, Outcome: lifecycle.Pending, Initiator: "Mara Lindqvist",
		QueuedAt: ago(4 * time.Minute), DispatchedAt: ago(239 * time.Second), StartedAt: ago(238 * time.Second),
		LivenessAt: ago(2 * time.Second), ProgressAt: ago(3 * time.Second), StaleAt: ago(-18 * time.Second),
		Counts: lifecycle.Counts{Total: 4210, Processed: 1804, Succeeded: 1800, Failed: 3, Skipped: 1}, LastItem: "groups/1804",
		VerifiedAt: ago(40 * time.Second), Check: lifecycle.Check{PassAt: ago(4 * time.Second), TemporalAt: ago(4 * time.Second), Every: 5 * time.Second},
	}
	change(&f)
	return models.Run{
		ID: f.ID, WorkspaceID: "w1", WorkspaceSlug: "northwind", WorkspaceName: "Northwind Managed Services",
		TenantID: "t1", TenantSlug: "contoso", TenantName: "Contoso Retail", InitiatorID: "u1",
		Namespace: "opstruth", FirstRunID: "5f0c9e8e-0000-4000-8000-00000000000a", Facts: f,
	}
}

func queued(f *lifecycle.Facts) {
	f.Status, f.StartedAt, f.Counts, f.LastItem = lifecycle.Queued, time.Time{}, lifecycle.Counts{}, ""
	f.QueuedAt, f.DispatchedAt, f.LivenessAt, f.StaleAt = ago(12*time.Second), ago(12*time.Second), ago(12*time.Second), ago(-48*time.Second)
}

func silent(f *lifecycle.Facts, cause lifecycle.Cause, e lifecycle.Evidence) {
	e.Answer, e.Execution, e.RunID = lifecycle.Answered, lifecycle.ExecRunning, "5f0c9e8e-0000-4000-8000-00000000000b"
	f.Silence = lifecycle.Silence{Cause: cause, At: ago(time.Second), For: 50 * time.Second, Times: 3, Evidence: e}
}

// evidences support each cause.
var evidences = map[lifecycle.Cause]lifecycle.Evidence{
	lifecycle.NoWorkers:           {WorkersSeen: 70 * time.Second, PollerAge: 80 * time.Second, StartedAge: -1, HeartbeatAge: -1, Activity: lifecycle.ActivityScheduled, ActivityName: "opstruth.execute", Attempt: 2, ScheduledAge: 40 * time.Second},
	lifecycle.WorkerLost:          {Activity: lifecycle.ActivityStarted, ActivityName: "opstruth.execute", Attempt: 2, HeartbeatAge: 70 * time.Second, StartedAge: 2 * time.Minute, LastFailure: lifecycle.FailureHeartbeatTimeout, Host: "ops-worker-2", Workers: 1, PollerAge: time.Second},
	lifecycle.ActivityRetrying:    {Activity: lifecycle.ActivityScheduled, ActivityName: "opstruth.execute", Attempt: 5, LastFailure: lifecycle.FailureApplication, FailureText: "read groups: 500 Internal Server Error: upstream connection reset by peer", NextAttempt: 8 * time.Second, Workers: 1, PollerAge: time.Second},
	lifecycle.WorkflowTaskFailing: {WorkflowTask: true, WorkflowTaskAttempt: 6, WorkflowTaskAge: time.Minute, Workers: 1, PollerAge: time.Second},
	lifecycle.Backlogged:          {Activity: lifecycle.ActivityScheduled, ScheduledAge: 80 * time.Second, Workers: 2, PollerAge: time.Second},
	lifecycle.Paused:              {Paused: true, PausedBy: "sre@northwind.example", PausedAge: time.Minute},
}

func stuck(f *lifecycle.Facts, cause lifecycle.Cause) {
	f.LivenessAt, f.ProgressAt, f.StaleAt = ago(74*time.Second), ago(75*time.Second), ago(54*time.Second)
	switch cause { //nolint:exhaustive // the others are told by a verdict
	case lifecycle.NoCause:
		f.StaleAt = ago(4 * time.Second) // the next check is still to come
		return
	case lifecycle.NoProgress:
		f.LivenessAt, f.ProgressAt, f.StaleAt = ago(2*time.Second), ago(10*time.Minute), ago(time.Minute)
		return
	case lifecycle.Unverified:
		f.Check.TemporalAt = ago(3 * time.Minute)
	}
	silent(f, cause, evidences[cause])
}

func wasStuck(f *lifecycle.Facts) {
	f.StaleEpisodes, f.FirstStaleAt, f.RecoveredAt = 1, ago(3*time.Minute), ago(2*time.Minute)
}

func ended(f *lifecycle.Facts, o lifecycle.Outcome, processed, failed int64) {
	f.Status, f.Outcome = lifecycle.Completed, o
	f.QueuedAt, f.DispatchedAt, f.StartedAt, f.CompletedAt = ago(17*time.Minute), ago(17*time.Minute), ago(17*time.Minute), ago(5*time.Minute)
	f.LivenessAt, f.ProgressAt, f.StaleAt = f.CompletedAt, f.CompletedAt, time.Time{}
	f.Counts = lifecycle.Counts{Total: max(processed, 1), Processed: processed, Succeeded: processed - failed, Failed: failed}
	if o == lifecycle.Cancelled {
		f.Counts.Total = 4210
	}
}

func reconciled(f *lifecycle.Facts) {
	ended(f, lifecycle.Failed, 611, 0)
	f.Counts.Total, f.StaleEpisodes, f.FirstStaleAt = 4210, 1, ago(26*time.Hour)
	f.QueuedAt, f.StartedAt, f.LivenessAt = ago(27*time.Hour), ago(27*time.Hour), ago(26*time.Hour)
	e := evidences[lifecycle.NoWorkers]
	e.Answer, e.Execution, e.RunID = lifecycle.Answered, lifecycle.ExecRunning, "5f0c9e8e-0000-4000-8000-00000000000b"
	f.Closing = lifecycle.Closing{ID: "c1", At: f.CompletedAt, Cause: lifecycle.NoWorkers}
	f.Reconciliation = lifecycle.Reconciliation{At: f.CompletedAt, Cause: lifecycle.NoWorkers, SilentSince: ago(26 * time.Hour), Evidence: e}
}
