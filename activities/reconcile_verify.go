package activities

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

// Verify judges one batch of the runs whose deadline falls before the end of the next pass, and of those that nobody
// verified for minutes.
func (r *Reconciler) Verify(ctx context.Context, in contract.VerifyInput) (contract.VerifyResult, error) {
	l, ok, err := r.look(ctx)
	if err != nil || !ok {
		return contract.VerifyResult{}, err
	}
	runs, _, next, err := r.Record.DueForCheck(ctx, r.Timing.PassEvery+r.Timing.PassBudget, in.After, batchSize)
	if err != nil {
		return contract.VerifyResult{}, fmt.Errorf("read the runs that are due: %w", err)
	}
	out, err := r.examine(ctx, l, runs)
	out.Next = next
	return out, err
}

// examine judges runs, a few at a time, and records what was found.
func (r *Reconciler) examine(ctx context.Context, l *look, runs []models.Run) (contract.VerifyResult, error) {
	var (
		mu       sync.Mutex
		out      = contract.VerifyResult{Suspects: map[string]int{}}
		answered int
		group    errgroup.Group
	)
	group.SetLimit(probes)
	for _, run := range runs {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			activity.RecordHeartbeat(ctx)
			f, e, v := r.judge(ctx, l, run)
			if err := r.record(ctx, run, e, v, l.now()); err != nil && ctx.Err() == nil {
				r.trouble(ctx, "cannot record what was found out about a run; the next pass tries again", run.ID, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if e.Answer != lifecycle.Unreachable {
				answered++
			}
			if v.Action == lifecycle.Close || (f.Closing.ID != "" && v.Action != lifecycle.Adopt) {
				out.Close = append(out.Close, run.ID)
			}
			if suspect(f, e, v, l, r.Timing) {
				out.Suspects[f.Queue]++
			}
			return nil
		})
	}
	_ = group.Wait()
	out.Answered = answered > 0 || len(runs) == 0
	return out, ctx.Err()
}

// record stores a verdict. A run that is to be closed is silent until it is.
func (r *Reconciler) record(ctx context.Context, run models.Run, e lifecycle.Evidence, v lifecycle.Verdict, now time.Time) error {
	r.Measure.Verdict(v)
	r.measure(run.Facts, v, now)
	switch v.Action {
	case lifecycle.Adopt:
		return r.adopt(ctx, run, e, v)
	case lifecycle.Refresh, lifecycle.Silent, lifecycle.Close:
		err := r.Record.RecordVerdict(ctx, run, v)
		if errors.Is(err, lifecycle.ErrOvertaken) || errors.Is(err, lifecycle.ErrEnded) {
			return nil
		}
		return err
	case lifecycle.Unknown:
	}
	return nil
}

// measure counts how soon a silence got its cause, and flags that were wrong: a sign of life from before the flag, or a
// wait that explains it.
func (r *Reconciler) measure(f lifecycle.Facts, v lifecycle.Verdict, now time.Time) {
	if now.Before(f.StaleAt) {
		return
	}
	known := !f.Silence.At.Before(f.LivenessAt) && f.Silence.Cause != lifecycle.NoCause
	switch {
	case v.Action == lifecycle.Refresh:
		if v.Wait.ID != "" || (!v.Sign.IsZero() && v.Sign.Before(f.StaleAt)) {
			r.Measure.FalseFlag()
		}
	case v.Action != lifecycle.Silent && v.Action != lifecycle.Close:
	case !known:
		r.Measure.Detected(now.Sub(f.StaleAt))
	case f.Silence.At.Before(f.StaleAt):
		r.Measure.Detected(0) // it was known before it was due
	}
}

// suspect reports a silence that speaks against our own eyes: Temporal has heard from the run for longer than a beat
// takes to reach the record, or the worker that holds it lives and yet nothing of the run arrives.
func suspect(f lifecycle.Facts, e lifecycle.Evidence, v lifecycle.Verdict, l *look, t lifecycle.Timing) bool {
	now := l.now()
	travel := t.HeartbeatEvery + t.Coalesce + t.FlushEvery
	quiet := f.LivenessAt.Add(f.Policy.StaleAfter - t.PassEvery - t.PassBudget)
	if f.Status != lifecycle.Running || now.Before(quiet) {
		return false
	}
	if v.Action == lifecycle.Refresh && !v.Sign.IsZero() {
		return v.Sign.Sub(f.LivenessAt) > travel && e.StartedAge > travel
	}
	return v.Action == lifecycle.Silent && v.Cause == lifecycle.WorkerLost && e.Attempt == 1 && l.workers.living(e.Host)
}
