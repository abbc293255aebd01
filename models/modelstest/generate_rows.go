package modelstest

import (
	"github.com/opstruth/opstruth/lifecycle"
)

// store adds the rows of a run.
func (g *generator) store(f facts) {
	who := of(g, g.crowd.Initiators...)
	var initiator, tenant, retryOf any // NULL where there is none
	name := ""
	if g.IntN(5) > 0 {
		initiator, name = who.ID, who.Name
	}
	if f.place.TenantID != "" {
		tenant = f.place.TenantID
	}
	if f.retryOf != "" {
		retryOf = f.retryOf
	}
	claimedBy, acknowledgedBy, note, late := "", "", "", ""
	if f.claimedAt > 0 {
		claimedBy = of(g, "", "Olga", g.crowd.Member.Name)
	}
	if f.acknowledgedAt > 0 {
		acknowledgedBy, note = "Olga", of(g, strangeNames()...)
	}
	if f.lateAt > 0 {
		late = "3 more items"
	}
	queuedBefore := sometimes(g, 2, f.queuedAt)
	if f.startedAt > 0 {
		queuedBefore = f.queuedAt
	}
	g.rows["operation_runs"] = append(g.rows["operation_runs"], row{
		{"id", f.id}, {"workspace_id", f.place.WorkspaceID}, {"tenant_id", tenant},
		{"type", of(g, "sample.simulate", "sample.simulate", "inventory.sync", "retired.type")}, {"target", of(g, append(strangeNames(), "", "mailboxes")...)},
		{"queue", f.queue}, {"policy", g.policyJSON}, {"input", "{}"}, {"request_hash", f.id}, {"fingerprint", f.id},
		{"supersedes", false}, {"exclusive", false}, {"initiator_id", initiator}, {"initiator", name}, {"retry_of", retryOf},
		{"first_run_id", "first-" + f.id}, {"version", 1 + g.IntN(9)}, {"status", string(f.status)}, {"outcome", string(f.outcome)},
		{"queued_at", f.queuedAt}, {"dispatched_at", queuedBefore}, {"started_at", f.startedAt}, {"completed_at", f.completedAt},
		{"liveness_at", ended(f, f.livenessAt)}, {"progress_at", ended(f, f.progressAt)}, {"total", ended(f, f.total)}, {"succeeded", ended(f, f.succeeded)},
		{"failed", ended(f, f.failed)}, {"skipped", ended(f, f.skipped)}, {"first_stale_at", ended(f, f.firstStaleAt)},
		{"stale_episodes", ended(f, f.episodes)}, {"gap_episodes", ended(f, f.gapEpisodes)}, {"recovered_at", ended(f, f.recoveredAt)},
		{"verified_at", ended(f, f.verifiedAt)}, {"cancel_at", f.cancelAt}, {"cancel_by", f.cancelBy}, {"cancel_forced_at", f.cancelForcedAt},
		{"closing_id", f.closingID}, {"closing_at", f.closingAt}, {"closing_cause", string(f.closingCause)}, {"reconciled_at", f.reconciledAt},
		{"reconciled_cause", string(f.reconciledCause)}, {"silent_since", f.silentSince}, {"evidence", text(f.evidence)}, {"terminal_token", f.token},
		{"failure_code", f.failure.Code}, {"failure_message", f.failure.Message}, {"late_at", f.lateAt}, {"late_summary", late},
		{"acknowledged_at", f.acknowledgedAt}, {"acknowledged_by", acknowledgedBy}, {"acknowledged_note", note}, {"superseded_by", f.supersededBy},
		{"claimed_at", f.claimedAt}, {"claimed_by", claimedBy}, {"reasons", f.reasons}, {"top_reason", f.topReason},
		{"failure_reason", failureReason(f)},
	})
	g.event(f.id, f.queuedAt, lifecycle.Enqueued)
	if f.active() {
		g.storeActive(f)
		return
	}
	g.event(f.id, f.completedAt, lifecycle.Finished)
	g.rows["notifications"] = append(g.rows["notifications"], row{
		{"run_id", f.id}, {"workspace_id", f.place.WorkspaceID}, {"user_id", initiator}, {"created_at", f.completedAt},
	})
	for i := range min(f.failed, 2) {
		g.rows["run_items"] = append(g.rows["run_items"], row{
			{"run_id", f.id}, {"key", of(g, strangeNames()...) + string(rune('a'+i))}, {"state", "failed"}, {"code", "timeout"},
			{"message", "connection refused after 31 tries"}, {"reason", "connection refused after # tries"}, {"at", f.completedAt},
		})
	}
}

func (g *generator) storeActive(f facts) {
	p := g.policy
	durable, held := int64(0), int64(0)
	if f.waitKind == lifecycle.DurableWait {
		durable = f.waitUntil
	}
	if f.waitKind == lifecycle.HeldWait {
		held = f.waitUntil
	}
	g.rows["run_liveness"] = append(g.rows["run_liveness"], row{
		{"run_id", f.id}, {"queue", f.queue}, {"running", f.status == lifecycle.Running}, {"stale_after", p.StaleAfter.Microseconds()},
		{"queued_stale_after", p.QueuedStaleAfter.Microseconds()}, {"progress_timeout", p.ProgressTimeout.Microseconds()},
		{"wait_slack", p.WaitSlack.Microseconds()}, {"max_wait", p.MaxWait.Microseconds()}, {"liveness_at", f.livenessAt}, {"progress_at", f.progressAt},
		{"durable_until", durable}, {"held_until", held}, {"stale_at", f.staleAt}, {"wait_id", f.waitID}, {"total", f.total}, {"succeeded", f.succeeded},
		{"failed", f.failed}, {"skipped", f.skipped}, {"first_stale_at", f.firstStaleAt}, {"stale_episodes", f.episodes}, {"gap_episodes", f.gapEpisodes},
		{"recovered_at", f.recoveredAt}, {"in_gap", f.inGap}, {"flagged_at", f.flaggedAt}, {"verified_at", f.verifiedAt},
		{"silence_cause", string(f.silenceCause)}, {"silence_at", f.silenceAt}, {"silence_for", f.silenceTimes * minute}, {"silence_times", f.silenceTimes},
		{"silence_evidence", text(f.silence)},
	})
	if f.waitID != "" {
		g.rows["run_waits"] = append(g.rows["run_waits"], row{
			{"run_id", f.id}, {"id", f.waitID}, {"kind", string(f.waitKind)}, {"reason", f.waitReason}, {"declared_by", "step"},
			{"since_at", f.livenessAt}, {"until_at", f.waitUntil},
		})
	}
	if f.flaggedAt > 0 {
		g.event(f.id, f.flaggedAt, lifecycle.WentStale)
	}
}

func (g *generator) event(run string, at int64, kind lifecycle.Kind) {
	g.rows["run_events"] = append(g.rows["run_events"], row{{"run_id", run}, {"at", at}, {"kind", string(kind)}})
}

// ended is what only an ended run keeps beside its record.
func ended(f facts, v int64) int64 {
	if f.active() {
		return 0
	}
	return v
}

func failureReason(f facts) string {
	if f.active() {
		return ""
	}
	stored := lifecycle.Facts{Failure: f.failure, Reasons: lifecycle.Reasons{Count: f.reasons, Top: f.topReason}}
	return stored.FailureReason()
}
