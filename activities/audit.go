package activities

import (
	"context"
	"errors"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

const (
	// auditSize is how many runs a pass compares with their workflows, beside those that differed in the pass before.
	auditSize   = 16
	auditProbes = 8
	// auditTimeout is short: a query that no worker serves fails only after about ten seconds.
	auditTimeout = time.Second
	// doubtsMax bounds what is remembered from one pass to the next.
	doubtsMax = 64
)

// audit compares some runs' records with what their own workflows say, and leaves in the report what differs. It is no
// part of any verdict: that nobody answers says nothing, and no run changes by it.
func (r *Reconciler) audit(ctx context.Context, l *look, report *models.PassReport) {
	was := l.state.Audit
	sample, _, next, err := r.Record.ActiveSample(ctx, l.state.Cursors.Audit, auditSize)
	if err != nil {
		r.Logger.WarnContext(ctx, "cannot read runs to compare with their workflows; the next pass tries again", "error", err)
		return
	}
	report.Cursors.Audit = next
	ids := map[string]bool{}
	for _, run := range sample {
		if live, _ := l.workers.serving(run.Facts.Queue); live > 0 {
			ids[run.ID] = true
		}
	}
	for id := range was.Doubts {
		ids[id] = true
	}
	found := models.Audit{At: l.now(), Asked: len(ids), Disagreements: was.Disagreements, Doubts: map[string]models.Doubt{}}
	var (
		mu    sync.Mutex
		group errgroup.Group
	)
	group.SetLimit(auditProbes)
	for id := range ids {
		group.Go(func() error {
			activity.RecordHeartbeat(ctx)
			what, answered := r.compare(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			doubt, known := was.Doubts[id]
			switch {
			case answered:
				found.Answered++
			case known && l.now().Sub(doubt.Since) < forgetAfter && len(found.Doubts) < doubtsMax:
				found.Doubts[id] = doubt // not taken back either
				return nil
			}
			if what == "" || len(found.Doubts) >= doubtsMax {
				return nil
			}
			if !known || doubt.What != what {
				found.Doubts[id] = models.Doubt{What: what, Since: found.At}
				return nil
			}
			if !doubt.Confirmed {
				doubt.Confirmed = true
				found.Disagreements++
				r.Logger.ErrorContext(ctx, "the record and the workflow of a run disagree", "run", id, "about", what)
			}
			found.Doubts[id] = doubt
			return nil
		})
	}
	_ = group.Wait()
	report.Audit = &found
}

// compare asks a run's workflow for its state, then reads the record: the record is written first, so what the workflow
// knows the record must know. answered is false where nobody can tell.
func (r *Reconciler) compare(ctx context.Context, id string) (what string, answered bool) {
	asking, done := context.WithTimeout(ctx, auditTimeout)
	defer done()
	response, err := r.Cluster.QueryWorkflowWithOptions(asking, &client.QueryWorkflowWithOptionsRequest{
		WorkflowID: contract.WorkflowID(id), QueryType: contract.LifecycleQuery,
		QueryRejectCondition: enumspb.QUERY_REJECT_CONDITION_NOT_OPEN, // one that was terminated says for ever that it runs
	})
	var gone *serviceerror.NotFound
	if err != nil {
		return "", errors.As(err, &gone)
	}
	var answer contract.LifecycleAnswer
	closed := response.QueryRejected != nil
	if !closed {
		if err := response.QueryResult.Get(&answer); err != nil || answer.RunID != id {
			return "", false
		}
	}
	run, _, err := r.Record.Run(ctx, models.Engine(), id)
	if err != nil {
		return "", errors.Is(err, models.ErrNotFound)
	}
	return differs(run.Facts, closed, answer), true
}

// differs tells in what a record and its workflow differ, which is closed or gives an answer; empty where they agree.
func differs(f lifecycle.Facts, closed bool, a contract.LifecycleAnswer) string {
	ended := f.Status == lifecycle.Completed
	switch {
	case closed && ended:
		return ""
	case ended != (closed || a.Status == lifecycle.Completed):
		return "ended"
	case ended && f.Outcome != a.Outcome:
		return "outcome"
	case f.Status == lifecycle.Queued && a.Status == lifecycle.Running:
		return "status" // the other way round its first step has begun and not ended
	}
	return ""
}
