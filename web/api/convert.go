package api

import (
	"strings"
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/fault"
	"github.com/opstruth/opstruth/workflows/contract"
)

// runOf is a run as the API tells it to readers of a plane at now.
func runOf(p links.Plane, r models.Run, now time.Time) Run {
	f, t := r.Facts, r.Truth(now)
	if p == links.System {
		t = t.ForStaff()
	}
	step := t.NextStep()
	out := Run{
		Id: r.ID, Workspace: r.WorkspaceSlug, Tenant: optional(r.TenantSlug), Type: f.Type, Target: f.Target,
		Status: Status(f.Status), Outcome: Outcome(f.Outcome), Freshness: Freshness(t.Freshness),
		ProblemClass: ProblemClass(t.ProblemClass), StaleLineage: t.StaleLineage, Open: t.Open,
		Badge: t.Badge().Label, Marks: marksOf(t), Headline: t.Headline(), Evidence: t.Evidence(),
		NextStep: NextStep{Kind: NextStepKind(step.Kind), Label: step.Label, Text: step.Text},
		Cause:    optional(Cause(t.Cause)),
		Progress: Progress{
			Total: f.Counts.Total, Processed: f.Counts.Processed,
			Succeeded: f.Counts.Succeeded, Failed: f.Counts.Failed, Skipped: f.Counts.Skipped,
		},
		Initiator: optional(f.Initiator), InitiatorId: optional(r.InitiatorID),
		QueuedAt: f.QueuedAt, StartedAt: happened(f.StartedAt), CompletedAt: happened(f.CompletedAt),
		LastHeartbeatAt: happened(f.LivenessAt), LastProgressAt: happened(f.ProgressAt),
		ClaimedBy: optional(f.Claim.By), ClaimedAt: happened(f.Claim.At),
		RetryOf: optional(f.RetryOf), RetriedBy: optional(f.RetriedBy), SupersededBy: optional(f.SupersededBy),
		WorkflowId: contract.WorkflowID(r.ID), Version: f.Version, AsOf: now,
	}
	if out.Evidence == nil {
		out.Evidence = []string{}
	}
	if f.Status.Active() {
		out.StaleAt = happened(f.StaleAt)
	}
	told(&out, t)
	return out
}

// told adds what happened only to some runs.
func told(out *Run, t lifecycle.Truth) {
	f := t.Facts()
	if c := f.Cancel; !c.At.IsZero() {
		out.CancelRequested = &CancelRequest{At: c.At, By: c.By, ForcedAt: c.ForcedAt}
	}
	if x := f.Failure; x.Code != "" || x.Message != "" {
		out.Failure = &Failure{Code: x.Code, Message: x.Message}
	}
	if r := f.Reconciliation; !r.At.IsZero() {
		out.Reconciliation = &Reconciliation{At: r.At, Cause: Cause(r.Cause), SilentSince: r.SilentSince, Note: t.ReconciliationNote()}
	}
	if l := f.Late; !l.At.IsZero() {
		out.LateResult = &LateResult{At: l.At, Summary: l.Summary}
	}
	if a := f.Acknowledged; !a.At.IsZero() {
		out.Acknowledged = &Acknowledgement{At: a.At, By: a.By, Note: a.Note}
	}
}

func marksOf(t lifecycle.Truth) []string {
	words := []string{}
	for _, m := range t.Marks() {
		words = append(words, m.Label)
	}
	return words
}

func happened(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func optional[T ~string](s T) *T {
	if s == "" {
		return nil
	}
	return &s
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// ProblemOf is a fault as the API tells it. Number is the request's, for internal errors.
func ProblemOf(f fault.Fault, number string) Problem {
	p := Problem{Type: "urn:opstruth:problem:" + strings.ReplaceAll(strings.ToLower(f.Title), " ", "-"), Title: f.Title, Status: f.Status, Detail: f.Detail, Instance: optional(number)}
	if len(f.Fields) > 0 {
		list := make([]FieldProblem, len(f.Fields))
		for i, field := range f.Fields {
			list[i] = FieldProblem{Field: field.Name, Detail: field.Detail}
		}
		p.Errors = &list
	}
	return p
}
