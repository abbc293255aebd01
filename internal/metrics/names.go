// Package metrics holds every metric of this program: its name, its help and how it is measured.
//
// Labels are bounded: types, queues, causes and the values of the record's own enumerations, never a
// run's id. What a metric says about runs comes from the record, as every other surface does.
package metrics

// Family describes one metric family.
type Family struct {
	Name   string
	Help   string
	Labels []string
}

// Read from the database at each scrape, so that they hold with every worker dead. Several replicas
// report the same numbers: aggregate with max.
var (
	DBUp = Family{"opstruth_db_up",
		"1 when the record database answered this scrape. When 0, the counts of runs are absent rather than old.", nil}
	Runs = Family{"opstruth_runs",
		"Operation runs that are active, and ended ones whose follow-up is open, by type, status and problem class.",
		[]string{"type", "status", "problem_class", "open"}}
	StuckRuns = Family{"opstruth_stuck_runs",
		"Active runs that are likely stuck, by type, verified cause (unverified until there is one) and task queue.",
		[]string{"type", "cause", "task_queue"}}
	OldestStale = Family{"opstruth_oldest_stale_seconds",
		"For how long the longest-silent run of the type has been past its deadline.", []string{"type"}}
	ReconcilerLastSuccess = Family{"opstruth_reconciler_last_success_timestamp_seconds",
		"When the reconciler last finished a pass in which Temporal answered, in Unix time; 0 when it never did.", nil}
	DisagreeingRuns = Family{"opstruth_truth_disagreeing_runs",
		"Runs about which the record and their own workflow told different states in two comparisons in a row.", nil}
	Disagreements = Family{"opstruth_truth_disagreements_total",
		"Disagreements between the record and workflows that the truth audit ever confirmed.", nil}
	AuditedRuns = Family{"opstruth_truth_audited_runs",
		"Runs whose workflow answered the last comparison with the record.", nil}
	BreakerOpen = Family{"opstruth_breaker_open",
		"1 while too many runs of the task queue, or overall, fall silent at once, so that none is closed.", []string{"scope"}}
)

// Measured by the process that does the work.
var (
	DetectionLatency = Family{"opstruth_detection_latency_seconds",
		"From the moment a run became likely stuck to the moment its cause was recorded.", nil}
	Verdicts = Family{"opstruth_verdicts_total",
		"What the reconciler concluded about runs that it verified.", []string{"verdict", "cause"}}
	FalseFlags = Family{"opstruth_false_flags_total",
		"Runs that were flagged as likely stuck and proved alive.", nil}
	LateResults = Family{"opstruth_late_results_total",
		"Results that arrived after their run had ended; disclosed, not applied.", nil}
	HeartbeatFlush = Family{"opstruth_heartbeat_flush_seconds",
		"How long writing one batch of heartbeats took.", nil}
	HeartbeatLag = Family{"opstruth_heartbeat_lag_seconds",
		"Age of the oldest heartbeat in a batch when it was written.", nil}
	Heartbeats = Family{"opstruth_heartbeats_total",
		"Heartbeats by what became of them: written, coalesced, rejected or dropped.", []string{"result"}}
	ReconcilerPass = Family{"opstruth_reconciler_pass_seconds",
		"How long one pass of the reconciler took.", nil}
	PassTrouble = Family{"opstruth_reconciler_troubles_total",
		"Runs about which a pass of the reconciler could not write or do what it wanted; the next one tries again.", nil}
	RunDuration = Family{"opstruth_run_duration_seconds",
		"From the queueing of a run to its end.", []string{"type", "outcome"}}
)

// Histograms lists the families that also appear with _bucket, _sum and _count.
func Histograms() []Family {
	return []Family{DetectionLatency, HeartbeatFlush, HeartbeatLag, ReconcilerPass, RunDuration}
}

// All lists every family.
func All() []Family {
	return append(Histograms(), DBUp, Runs, StuckRuns, OldestStale, ReconcilerLastSuccess, BreakerOpen,
		DisagreeingRuns, Disagreements, AuditedRuns, PassTrouble, Verdicts, FalseFlags, LateResults, Heartbeats)
}
