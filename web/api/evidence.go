package api

import (
	"context"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
)

// GetEvidence is what is known about a run, and since when.
func (s *Server) GetEvidence(ctx context.Context, _ GetEvidenceRequestObject) (GetEvidenceResponseObject, error) {
	a := access.From(ctx)
	return GetEvidence200JSONResponse{RunEvidenceJSONResponse(evidenceOf(a.Run, a.Now))}, nil
}

// SystemGetEvidence is what is known about a run of any workspace.
func (s *Server) SystemGetEvidence(ctx context.Context, _ SystemGetEvidenceRequestObject) (SystemGetEvidenceResponseObject, error) {
	a := access.From(ctx)
	return SystemGetEvidence200JSONResponse{RunEvidenceJSONResponse(evidenceOf(a.Run, a.Now))}, nil
}

func evidenceOf(r models.Run, now time.Time) RunEvidence {
	f := r.Facts
	out := RunEvidence{
		AsOf: now, VerifiedAt: happened(f.VerifiedAt), LastHeartbeatAt: happened(f.LivenessAt),
		LastProgressAt: happened(f.ProgressAt), FirstStaleAt: happened(f.FirstStaleAt),
		StaleEpisodes: f.StaleEpisodes, RecoveredAt: happened(f.RecoveredAt),
		LastPassAt: happened(f.Check.PassAt), LastAnswerAt: happened(f.Check.TemporalAt), TelemetryGap: f.Check.Gap,
	}
	if f.Status.Active() {
		out.StaleAt = happened(f.StaleAt)
	}
	if w := f.Wait; !w.Until.IsZero() {
		out.Wait = &Wait{Kind: WaitKind(w.Kind), Reason: w.Reason, By: w.By, Since: w.Since, Until: w.Until}
	}
	if x := f.Silence; !x.At.IsZero() {
		out.Silence = &Silence{
			Cause: optional(Cause(x.Cause)), At: x.At, AgeSeconds: now.Sub(x.At).Seconds(),
			SilentSeconds: x.For.Seconds(), Evidence: observed(x.Evidence, x.At),
		}
	}
	if x := f.Reconciliation; !x.At.IsZero() {
		out.Reconciliation = &Silence{
			Cause: optional(Cause(x.Cause)), At: x.At, AgeSeconds: now.Sub(x.At).Seconds(),
			SilentSeconds: x.At.Sub(x.SilentSince).Seconds(), Evidence: observed(x.Evidence, x.At),
		}
	}
	return out
}

// observed tells raw evidence. Its ages become the moments that they meant when it was observed.
func observed(e lifecycle.Evidence, at time.Time) Evidence {
	moment := func(x time.Time) *Moment {
		if x.IsZero() {
			return nil
		}
		return &Moment{At: x, AgeSeconds: at.Sub(x).Seconds()}
	}
	m := e.Moments(at)
	out := Evidence{
		ObservedAt: at, Answer: NotAsked, Execution: optional(EvidenceExecution(e.Execution)),
		TemporalRunId: optional(e.RunID), CloseReason: optional(e.CloseReason), ClosedBy: optional(e.ClosedBy),
		Result: optional(Outcome(e.Result)),
	}
	if e.Answer != lifecycle.NotAsked {
		out.Answer = EvidenceAnswer(e.Answer)
	}
	if e.Answer == lifecycle.NotFound {
		out.Retained = &e.Retained
	}
	if e.Paused {
		out.Paused, out.PausedBy = moment(m.Paused), optional(e.PausedBy)
	}
	if e.WorkflowTask {
		out.WorkflowTask = &WorkflowTask{
			Attempt: e.WorkflowTaskAttempt, Started: e.WorkflowTaskStarted, Scheduled: Moment{At: m.WorkflowTask, AgeSeconds: e.WorkflowTaskAge.Seconds()},
		}
	}
	if e.Activity != lifecycle.ActivityNone {
		out.Activity = &PendingActivity{
			Name: e.ActivityName, State: PendingActivityState(e.Activity), Attempt: e.Attempt,
			Scheduled: moment(m.Scheduled), Started: moment(m.Started),
			Heartbeat:   moment(m.Heartbeat),
			NextAttempt: moment(m.NextAttempt),
			Failure:     optional(e.FailureText), FailureKind: optional(PendingActivityFailureKind(e.LastFailure)), Host: optional(e.Host),
		}
	}
	if e.Answer == lifecycle.Answered {
		out.Workers = &e.Workers
		out.WorkersSeen = moment(m.WorkersSeen)
		out.Polled = moment(m.Polled)
	}
	return out
}
