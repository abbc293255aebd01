package models

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
)

// runRow is a run as the database gives it. Its volatile part comes from run_liveness while the run is active.
type runRow struct {
	ID, WorkspaceID, WorkspaceSlug, WorkspaceName, TenantID, TenantSlug, TenantName string
	Type, Target, Queue, Policy, Input, IdempotencyKey, Fingerprint                 string
	Supersedes, Exclusive                                                           bool
	InitiatorID, Initiator, RetryOf, Namespace, ClusterID, FirstRunID               string

	Version                                                           int64
	Status, Outcome                                                   string
	QueuedAt, DispatchedAt, StartedAt, CompletedAt                    int64
	LivenessAt, ProgressAt, StaleAt                                   int64
	Total, Succeeded, Failed, Skipped                                 int64
	LastItem                                                          string
	FirstStaleAt, StaleEpisodes, GapEpisodes, RecoveredAt, VerifiedAt int64
	InGap                                                             bool
	FlaggedAt                                                         int64
	WaitID, WaitKind, WaitReason, WaitBy                              string
	WaitSince, WaitUntil, Waited                                      int64
	SilenceCause, SilenceEvidence                                     string
	SilenceAt, SilenceFor, SilenceTimes                               int64
	PassAt, TemporalAt, PassEvery                                     int64
	CheckGap                                                          bool
	CancelAt, CancelForcedAt                                          int64
	CancelBy, ClosingID, ClosingCause                                 string
	ClosingAt, ReconciledAt, SilentSince                              int64
	ReconciledCause, Evidence, TerminalToken, FailureCode             string
	FailureMessage, LateSummary, AcknowledgedBy, AcknowledgedNote     string
	LateAt, AcknowledgedAt, ClaimedAt                                 int64
	SupersededBy, RetriedBy, ClaimedBy, ClaimedByID, TopReason        string
	Reasons                                                           int64
	LivenessVersion, Attempt, OwnerStartedAt                          int64
	TemporalRunID, ActivityID                                         string
	Now                                                               int64
}

// runColumns selects a runRow; %s is the clock.
const runColumns = `r.id, r.workspace_id, ws.slug AS workspace_slug, ws.name AS workspace_name,
	COALESCE(r.tenant_id, '') AS tenant_id, COALESCE(t.slug, '') AS tenant_slug, COALESCE(t.name, '') AS tenant_name,
	r.type, r.target, r.queue, r.policy, r.input, r.idempotency_key, r.fingerprint, r.supersedes, r.exclusive,
	COALESCE(r.initiator_id, '') AS initiator_id, r.initiator, COALESCE(r.retry_of, '') AS retry_of,
	r.namespace, r.cluster_id, r.first_run_id, r.version, r.status, r.outcome,
	r.queued_at, r.dispatched_at, r.started_at, r.completed_at,
	COALESCE(l.liveness_at, r.liveness_at) AS liveness_at, COALESCE(l.progress_at, r.progress_at) AS progress_at,
	COALESCE(l.stale_at, 0) AS stale_at, COALESCE(l.total, r.total) AS total,
	COALESCE(l.succeeded, r.succeeded) AS succeeded, COALESCE(l.failed, r.failed) AS failed,
	COALESCE(l.skipped, r.skipped) AS skipped, COALESCE(l.last_item, r.last_item) AS last_item,
	COALESCE(l.first_stale_at, r.first_stale_at) AS first_stale_at,
	COALESCE(l.stale_episodes, r.stale_episodes) AS stale_episodes,
	COALESCE(l.gap_episodes, r.gap_episodes) AS gap_episodes,
	COALESCE(l.recovered_at, r.recovered_at) AS recovered_at, COALESCE(l.verified_at, r.verified_at) AS verified_at,
	COALESCE(` + inGapSQL + `, FALSE) AS in_gap, COALESCE(l.flagged_at, 0) AS flagged_at,
	COALESCE(l.waited, 0) AS waited, COALESCE(w.id, '') AS wait_id, COALESCE(w.kind, '') AS wait_kind, COALESCE(w.reason, '') AS wait_reason,
	COALESCE(w.declared_by, '') AS wait_by, COALESCE(w.since_at, 0) AS wait_since, COALESCE(w.until_at, 0) AS wait_until,
	COALESCE(l.silence_cause, '') AS silence_cause, COALESCE(l.silence_evidence, '{}') AS silence_evidence,
	COALESCE(l.silence_at, 0) AS silence_at, COALESCE(l.silence_for, 0) AS silence_for,
	COALESCE(l.silence_times, 0) AS silence_times,
	COALESCE(rs.pass_at, 0) AS pass_at, COALESCE(rs.temporal_at, 0) AS temporal_at, COALESCE(rs.pass_every, 0) AS pass_every,
	EXISTS (SELECT 1 FROM breakers b WHERE b.is_open AND b.scope IN ('', r.queue)) AS check_gap,
	r.cancel_at, r.cancel_by, r.cancel_forced_at, r.closing_id, r.closing_at, r.closing_cause,
	r.reconciled_at, r.reconciled_cause, r.silent_since, r.evidence, r.terminal_token, r.failure_code, r.failure_message,
	r.late_at, r.late_summary, r.acknowledged_at, r.acknowledged_by, r.acknowledged_note, r.superseded_by,
	r.retried_by, r.claimed_at, r.claimed_by, r.claimed_by_id, r.reasons, r.top_reason,
	COALESCE(l.version, 0) AS liveness_version, COALESCE(l.temporal_run_id, '') AS temporal_run_id,
	COALESCE(l.activity_id, '') AS activity_id, COALESCE(l.attempt, 0) AS attempt,
	COALESCE(l.owner_started_at, 0) AS owner_started_at, `

// runTables begins with the runs: SQLite may begin with what is joined, unless by a left join.
const runTables = ` FROM operation_runs r
	LEFT JOIN workspaces ws ON ws.id = r.workspace_id
	LEFT JOIN tenants t ON t.id = r.tenant_id
	LEFT JOIN run_liveness l ON l.run_id = r.id
	LEFT JOIN run_waits w ON w.run_id = l.run_id AND w.id = l.wait_id
	LEFT JOIN reconciler_state rs ON rs.id = 1
`

func (row *runRow) run(s *Store) Run {
	f := lifecycle.Facts{
		ID: row.ID, Type: row.Type, Target: row.Target, Queue: row.Queue, Version: row.Version,
		Status: lifecycle.Status(row.Status), Outcome: lifecycle.Outcome(row.Outcome), Initiator: row.Initiator,
		QueuedAt: fromMicros(row.QueuedAt), DispatchedAt: fromMicros(row.DispatchedAt),
		StartedAt: fromMicros(row.StartedAt), CompletedAt: fromMicros(row.CompletedAt),
		LivenessAt: fromMicros(row.LivenessAt), ProgressAt: fromMicros(row.ProgressAt), StaleAt: fromMicros(row.StaleAt),
		Wait: lifecycle.Wait{
			ID: row.WaitID, Kind: lifecycle.WaitKind(row.WaitKind), Reason: row.WaitReason, By: row.WaitBy,
			Since: fromMicros(row.WaitSince), Until: fromMicros(row.WaitUntil),
		},
		Waited: microseconds(row.Waited),
		Counts: lifecycle.Counts{
			Total: row.Total, Processed: row.Succeeded + row.Failed + row.Skipped,
			Succeeded: row.Succeeded, Failed: row.Failed, Skipped: row.Skipped,
		},
		LastItem:     row.LastItem,
		FirstStaleAt: fromMicros(row.FirstStaleAt), StaleEpisodes: int(row.StaleEpisodes),
		RecoveredAt: fromMicros(row.RecoveredAt), InGap: row.InGap,
		Silence: lifecycle.Silence{
			Cause: lifecycle.Cause(row.SilenceCause), At: fromMicros(row.SilenceAt),
			For: microseconds(row.SilenceFor), Times: int(row.SilenceTimes),
		},
		Check: lifecycle.Check{
			PassAt: fromMicros(row.PassAt), TemporalAt: fromMicros(row.TemporalAt),
			Every: microseconds(row.PassEvery), Gap: row.CheckGap,
		},
		Cancel: lifecycle.CancelRequest{At: fromMicros(row.CancelAt), By: row.CancelBy, ForcedAt: fromMicros(row.CancelForcedAt)},
		Closing: lifecycle.Closing{
			ID: row.ClosingID, At: fromMicros(row.ClosingAt), Cause: lifecycle.Cause(row.ClosingCause),
		},
		Reconciliation: lifecycle.Reconciliation{
			At: fromMicros(row.ReconciledAt), Cause: lifecycle.Cause(row.ReconciledCause), SilentSince: fromMicros(row.SilentSince),
		},
		TerminalToken: row.TerminalToken,
		Failure:       lifecycle.Failure{Code: row.FailureCode, Message: row.FailureMessage},
		Reasons:       lifecycle.Reasons{Count: row.Reasons, Top: row.TopReason},
		Late:          lifecycle.LateResult{At: fromMicros(row.LateAt), Summary: row.LateSummary},
		Acknowledged: lifecycle.Acknowledgement{
			At: fromMicros(row.AcknowledgedAt), By: row.AcknowledgedBy, Note: row.AcknowledgedNote,
		},
		Claim:   lifecycle.Claim{At: fromMicros(row.ClaimedAt), By: row.ClaimedBy, ByID: row.ClaimedByID},
		RetryOf: row.RetryOf, RetriedBy: row.RetriedBy, SupersededBy: row.SupersededBy, VerifiedAt: fromMicros(row.VerifiedAt),
	}
	r := Run{
		ID: row.ID, WorkspaceID: row.WorkspaceID, WorkspaceSlug: row.WorkspaceSlug, WorkspaceName: row.WorkspaceName,
		TenantID: row.TenantID, TenantSlug: row.TenantSlug, TenantName: row.TenantName,
		InitiatorID: row.InitiatorID, IdempotencyKey: row.IdempotencyKey, Fingerprint: row.Fingerprint,
		Supersedes: row.Supersedes, Exclusive: row.Exclusive, Input: json.RawMessage(row.Input),
		Namespace: row.Namespace, ClusterID: row.ClusterID, FirstRunID: row.FirstRunID,
		LivenessVersion: row.LivenessVersion, FlaggedAt: fromMicros(row.FlaggedAt),
		Owner: Owner{
			TemporalRunID: row.TemporalRunID, ActivityID: row.ActivityID,
			Attempt: int(row.Attempt), StartedAt: fromMicros(row.OwnerStartedAt),
		},
		GapEpisodes: int(row.GapEpisodes),
	}
	if f.InGap && f.StaleEpisodes == 0 {
		f.FirstStaleAt = time.Time{} // what late signs of life left of a silence that is none of its own, see signSQL
	}
	var ok bool
	if f.Policy, ok = decoded[lifecycle.Policy](s, "policy", row.ID, row.Policy); !ok {
		f.Policy = lifecycle.CautiousPolicy()
	}
	if f.Silence.Evidence, ok = decoded[lifecycle.Evidence](s, "evidence of its silence", row.ID, row.SilenceEvidence); !ok {
		f.Silence = lifecycle.Silence{} // the next pass verifies it anew
	}
	if f.Reconciliation.Evidence, ok = decoded[lifecycle.Evidence](s, "evidence of its end", row.ID, row.Evidence); !ok {
		f.Reconciliation.Evidence = lifecycle.NoEvidence(lifecycle.NotAsked)
	}
	r.Facts = f
	return r
}

// assignment is one column of an UPDATE.
type assignment struct {
	column string
	value  any
}

// factColumns are the columns of operation_runs that every change of the record writes.
func factColumns(f lifecycle.Facts) []assignment {
	columns := []assignment{
		{"version", f.Version},
		{"status", string(f.Status)},
		{"outcome", string(f.Outcome)},
		{"dispatched_at", toMicros(f.DispatchedAt)},
		{"started_at", toMicros(f.StartedAt)},
		{"completed_at", toMicros(f.CompletedAt)},
		{"cancel_at", toMicros(f.Cancel.At)},
		{"cancel_by", f.Cancel.By},
		{"cancel_forced_at", toMicros(f.Cancel.ForcedAt)},
		{"closing_id", f.Closing.ID},
		{"closing_at", toMicros(f.Closing.At)},
		{"closing_cause", string(f.Closing.Cause)},
		{"reconciled_at", toMicros(f.Reconciliation.At)},
		{"reconciled_cause", string(f.Reconciliation.Cause)},
		{"silent_since", toMicros(f.Reconciliation.SilentSince)},
		{"terminal_token", f.TerminalToken},
		{"failure_code", f.Failure.Code},
		{"failure_message", f.Failure.Message},
		{"late_at", toMicros(f.Late.At)},
		{"late_summary", f.Late.Summary},
		{"acknowledged_at", toMicros(f.Acknowledged.At)},
		{"acknowledged_by", f.Acknowledged.By},
		{"acknowledged_note", f.Acknowledged.Note},
		{"superseded_by", f.SupersededBy},
		{"retried_by", f.RetriedBy},
		{"claimed_at", toMicros(f.Claim.At)},
		{"claimed_by", f.Claim.By},
		{"claimed_by_id", f.Claim.ByID},
	}
	if f.Status == lifecycle.Completed {
		columns = append(columns, livenessColumns(f)...)
	}
	return columns
}

// livenessColumns are what an ended run keeps of its liveness.
func livenessColumns(f lifecycle.Facts) []assignment {
	return []assignment{
		{"liveness_at", toMicros(f.LivenessAt)},
		{"progress_at", toMicros(f.ProgressAt)},
		{"total", f.Counts.Total},
		{"succeeded", f.Counts.Succeeded},
		{"failed", f.Counts.Failed},
		{"skipped", f.Counts.Skipped},
		{"last_item", f.LastItem},
		{"first_stale_at", toMicros(f.FirstStaleAt)},
		{"stale_episodes", f.StaleEpisodes},
		{"recovered_at", toMicros(f.RecoveredAt)},
		{"reasons", f.Reasons.Count},
		{"top_reason", f.Reasons.Top},
		{"failure_reason", f.FailureReason()},
	}
}

func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode a record: %w", err)
	}
	return string(b), nil
}

func microseconds(us int64) time.Duration { return time.Duration(us) * time.Microsecond }
