package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

// overall is the scope of the breaker over all task queues.
const overall = ""

// Settle moves the breakers, closes what may be closed and ends the pass.
func (r *Reconciler) Settle(ctx context.Context, in contract.SettleInput) error {
	var l *look
	ok := in.Answered
	if ok {
		var err error
		if l, ok, err = r.look(ctx); err != nil {
			return err
		}
		if ok && in.Pass != "" && l.state.Cursors.Pass == in.Pass {
			return nil // it was done, and only its answer was lost: nothing may move twice in one pass
		}
	}
	report := models.PassReport{
		Every: r.Timing.PassEvery, Took: in.Took, TemporalAnswered: ok, ClosedUpTo: in.ClosedUpTo,
	}
	if ok {
		if len(in.Suspects) > 0 || len(l.state.Breakers) > 0 { // else every breaker is closed and stays so
			active, err := r.Record.ActiveByQueue(ctx)
			if err != nil {
				return err
			}
			l.state.Breakers = nextBreakers(l.state.Breakers, active, in.Suspects, l.now())
		}
		report.Breakers = l.state.Breakers
		r.close(ctx, l, in.Close)
		report.Cursors = &models.Cursors{
			Dispatch: in.Cursors.Dispatch, Cancel: in.Cursors.Cancel, Verify: in.Cursors.Verify, Audit: l.state.Cursors.Audit,
			Pass: in.Pass,
		}
		r.audit(ctx, l, &report)
	}
	if err := r.Record.ForgetWorkers(ctx, forgetAfter); err != nil {
		return err
	}
	if ok {
		r.Measure.Pass(in.Took)
	}
	return r.Record.FinishPass(ctx, report)
}

// nextBreakers moves every breaker by what the pass saw within its scope.
func nextBreakers(was map[string]lifecycle.Breaker, active, suspects map[string]int, now time.Time) map[string]lifecycle.Breaker {
	var all lifecycle.Sample
	next := map[string]lifecycle.Breaker{}
	move := func(scope string, s lifecycle.Sample) {
		if b := was[scope].Next(s, now); b.Open || was[scope].Open {
			next[scope] = b // a closed one is told once
		}
	}
	for queue, n := range active {
		s := lifecycle.Sample{Active: n, Unconfirmed: suspects[queue]}
		all.Active += s.Active
		all.Unconfirmed += s.Unconfirmed
		move(queue, s)
	}
	for scope := range was {
		if _, seen := active[scope]; !seen && scope != overall {
			move(scope, lifecycle.Sample{})
		}
	}
	move(overall, all)
	return next
}

// close finishes what is to be closed, within its time. One that fails does not hold back the others: the next pass meets
// it again.
func (r *Reconciler) close(ctx context.Context, l *look, ids []string) {
	began := time.Now()
	for _, id := range ids {
		if ctx.Err() != nil || time.Since(began) > 2*stepFor {
			return
		}
		activity.RecordHeartbeat(ctx)
		if err := r.finish(ctx, l, id); err != nil {
			r.trouble(ctx, "cannot close a run; the next pass tries again", id, err)
		}
	}
}

// holding reports whether closes on a queue are held back at now. After breakerMax the gap holds back no more what
// Temporal and the workers' absence confirm.
func (l *look) holding(queue string, now time.Time) bool {
	for _, scope := range []string{queue, overall} {
		if b := l.state.Breakers[scope]; b.Open && now.Sub(b.Since) < breakerMax {
			return true
		}
	}
	return false
}

// allow slows closes down while a breaker is open that holds them back no more: one a pass, and none that only our own
// missing heartbeats speak for. A cancel that a person asked for is not slowed down.
func (l *look) allow(s sight) bool {
	open := l.state.Breakers[s.run.Facts.Queue].Open || l.state.Breakers[overall].Open
	if !open || s.v.Action != lifecycle.Close {
		return true
	}
	if s.v.Cause == lifecycle.WorkerLost {
		return false
	}
	l.slow++
	return l.slow == 1
}
