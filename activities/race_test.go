package activities

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"golang.org/x/sync/errgroup"

	"github.com/opstruth/opstruth/internal/dbfault"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/workflows/contract"
)

// Each race lets several parties act on one run at once, a thousand times, each time on a run of its own in the same
// database; fewer on SQLite, whose writers take turns, so that less can happen. They are released together, and each stands aside at a place of its own that differs from round to round.

// duel is one round: a run and those who act on it.
type duel struct {
	*bench

	id string
	r  *rand.Rand
}

// party is one of them. Its context carries the place at which it stands aside.
type party func(ctx context.Context, d *duel) error

// race plays the rounds and calls check with each run as it ended up.
func race(t *testing.T, prepare func(*testing.T, *models.Store, modelstest.World) models.Run, parties []party,
	check func(d *duel, run models.Run) error,
) {
	t.Helper()
	n := rounds
	if testing.Short() {
		n = min(n, 100)
	}
	dbfault.ForEachStore(t, func(t *testing.T, s *models.Store) {
		t.Helper()
		n := n
		if s.DB().Name() == "sqlite" {
			n = min(n, 250)
		}
		w := modelstest.Seed(t, s)
		prototype := prepare(t, s, w)
		ids := modelstest.Clones(t, s, prototype, n)
		b := newBench(s, prototype, ids...)
		var group errgroup.Group
		group.SetLimit(4)
		began := time.Now()
		for i, id := range ids {
			group.Go(func() error {
				d := &duel{bench: b, id: id, r: rand.New(rand.NewPCG(11, uint64(i)))}
				if err := d.play(t.Context(), parties); err != nil {
					return fmt.Errorf("round %d: %w", i, err)
				}
				run, _, err := s.Run(t.Context(), models.Engine(), id)
				if err == nil {
					err = check(d, run)
				}
				if err != nil {
					return fmt.Errorf("round %d: %w", i, err)
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		t.Logf("%d rounds in %v", n, time.Since(began).Round(time.Millisecond))
		settled(t, s)
	})
}

// play releases the parties of one round together. Each stands aside once, somewhere on its way, for the others to go on;
// the first one begins a while after them in every other round.
func (d *duel) play(ctx context.Context, parties []party) error {
	const longest = 60 // points on the way of a party
	var steps, over int
	moved := sync.NewCond(&sync.Mutex{})
	move := func(what *int) {
		moved.L.Lock()
		*what++
		moved.L.Unlock()
		moved.Broadcast()
	}
	start := make(chan struct{})
	errs := make([]error, len(parties))
	var all sync.WaitGroup
	for i, p := range parties {
		aside, late := d.r.IntN(longest), 0
		if i == 0 && d.r.IntN(2) == 0 {
			late = d.r.IntN(longest)
		}
		at := 0
		watched := dbfault.Watch(ctx, func(dbfault.Point) error {
			move(&steps)
			if at++; at == aside {
				for range 100 { // not for ever: the others may wait for a lock that this one holds
					runtime.Gosched()
				}
			}
			return nil
		})
		all.Go(func() {
			defer move(&over)
			<-start
			moved.L.Lock()
			for steps < late && over == 0 {
				moved.Wait()
			}
			moved.L.Unlock()
			errs[i] = p(watched, d)
		})
	}
	close(start)
	all.Wait()
	return errors.Join(errs...)
}

// settled asserts of all runs together what every end leaves behind.
func settled(t *testing.T, s *models.Store) {
	t.Helper()
	for what, query := range map[string]string{
		"runs that ended, with another number of ends": `SELECT COUNT(*) FROM operation_runs r WHERE r.status = 'completed' AND 1 <>
			(SELECT COUNT(*) FROM run_events e WHERE e.run_id = r.id AND e.kind IN ('finished', 'adopted', 'reconciled', 'cancel_forced'))`,
		"runs that ended, with another number of notifications": `SELECT COUNT(*) FROM operation_runs r WHERE r.status = 'completed' AND 1 <>
			(SELECT COUNT(*) FROM notifications n WHERE n.run_id = r.id)`,
		"active runs with a notification": `SELECT COUNT(*) FROM notifications n JOIN operation_runs r ON r.id = n.run_id WHERE r.status <> 'completed'`,
		"ended runs with liveness":        `SELECT COUNT(*) FROM run_liveness l JOIN operation_runs r ON r.id = l.run_id WHERE r.status = 'completed'`,
		"active runs without liveness": `SELECT COUNT(*) FROM operation_runs r WHERE r.status <> 'completed' AND
			NOT EXISTS (SELECT 1 FROM run_liveness l WHERE l.run_id = r.id)`,
		"reconciled runs whose end does not say so": `SELECT COUNT(*) FROM operation_runs r WHERE (r.reconciled_at > 0) <>
			EXISTS (SELECT 1 FROM run_events e WHERE e.run_id = r.id AND e.kind = 'reconciled')`,
		"late results that were told more than once": `SELECT COUNT(*) FROM (SELECT run_id FROM run_events WHERE kind = 'late_result'
			GROUP BY run_id HAVING COUNT(*) > 1) x`,
	} {
		var n int64
		require.NoError(t, s.DB().Raw(query).Scan(&n).Error)
		require.Zero(t, n, what)
	}
}

// untilEnded is what the passes after a round do: they go on until the run has ended.
func untilEnded(next party) party {
	return func(ctx context.Context, d *duel) error {
		for range 6 {
			run, _, err := d.store.Run(ctx, models.Engine(), d.id)
			if err != nil || run.Facts.Status == lifecycle.Completed {
				return err
			}
			if err := next(ctx, d); err != nil {
				return err
			}
		}
		return errors.New("the run does not end")
	}
}

func closes(ctx context.Context, d *duel) error { return d.closePass(ctx, d.id) }

func finishes(ctx context.Context, d *duel) error { return d.end(ctx, d.id, lifecycle.Succeeded) }

// theEnd checks one end against what happened in Temporal.
func theEnd(d *duel, run models.Run) error {
	f, w := run.Facts, d.c.of(d.id)
	ours := w.status == enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED && w.reason == f.TerminalToken
	byItself := f.TerminalToken == contract.WorkflowID(d.id)
	forced := f.Outcome == lifecycle.Cancelled && f.TerminalToken == f.Closing.ID
	switch {
	case f.Status != lifecycle.Completed:
		return errors.New("it did not end")
	case f.StaleEpisodes != 1 || f.FirstStaleAt.IsZero():
		return fmt.Errorf("its silence was counted %d times", f.StaleEpisodes)
	case f.Counts != lifecycle.Counts{Total: 2, Processed: 2, Succeeded: 1, Failed: 1}:
		return fmt.Errorf("its counts are %+v", f.Counts)
	case !f.Reconciliation.At.IsZero() && (f.Outcome != lifecycle.Failed || !ours):
		return fmt.Errorf("reconciled as %s under %s, and Temporal says %+v", f.Outcome, f.TerminalToken, w)
	case f.Reconciliation.At.IsZero() && !byItself && !forced:
		return fmt.Errorf("ended as %s by %s (%s), and Temporal says %+v", f.Outcome, f.TerminalToken, f.Failure.Code, w)
	case forced && !ours:
		return fmt.Errorf("cancel forced under %s, and Temporal says %+v", f.TerminalToken, w)
	case byItself && f.Outcome != lifecycle.Succeeded:
		return fmt.Errorf("it succeeded and is recorded as %s", f.Outcome)
	case w.status == wfRunning:
		return errors.New("its workflow goes on")
	}
	return nil
}

// both counts that the rounds of a race came out in more than one way: else nothing raced.
type both struct{ own, other atomic.Int64 }

func (b *both) note(own bool) {
	if own {
		b.own.Add(1)
	} else {
		b.other.Add(1)
	}
}

func (b *both) check(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		t.Logf("%d one way, %d the other", b.own.Load(), b.other.Load())
		require.NotZero(t, b.own.Load())
		require.NotZero(t, b.other.Load())
	})
}

// closed closes what is left of a duel, and notes whether its run had succeeded.
func (b *both) closed(t *testing.T) func(*duel, models.Run) error {
	t.Helper()
	return func(d *duel, _ models.Run) error {
		if err := untilEnded(closes)(t.Context(), d); err != nil {
			return err
		}
		run, _, err := d.store.Run(t.Context(), models.Engine(), d.id)
		if err != nil {
			return err
		}
		b.note(run.Facts.Outcome == lifecycle.Succeeded)
		return theEnd(d, run)
	}
}

func TestRaceOfAFinishAgainstAClose(t *testing.T) {
	t.Parallel()
	var ways both
	ways.check(t)
	race(t, lost, []party{finishes, closes}, ways.closed(t))
}

func TestRaceOfACancelAgainstAFinish(t *testing.T) {
	t.Parallel()
	var ways both
	ways.check(t)
	cancels := func(ctx context.Context, d *duel) error {
		_, err := d.store.Transition(ctx, d.id, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Olga"})
		if errors.Is(err, lifecycle.ErrEnded) {
			return nil
		}
		if err == nil {
			err = d.closePass(ctx, d.id) // its grace is over at once
		}
		return err
	}
	race(t, stuckWith, []party{finishes, cancels}, func(d *duel, _ models.Run) error {
		if err := untilEnded(closes)(t.Context(), d); err != nil {
			return err
		}
		run, _, err := d.store.Run(t.Context(), models.Engine(), d.id)
		if err != nil {
			return err
		}
		if !run.Facts.Reconciliation.At.IsZero() {
			return errors.New("a cancel is no loss")
		}
		ways.note(run.Facts.Outcome == lifecycle.Succeeded)
		return theEnd(d, run)
	})
}

// stuckWith is a silent run whose type forbids closing it.
func stuckWith(t *testing.T, s *models.Store, w modelstest.World) models.Run {
	t.Helper()
	run := lost(t, s, w)
	policy := `{"StaleAfter":20000000000,"QueuedStaleAfter":60000000000,"CancelGrace":1000}`
	require.NoError(t, s.DB().Exec(`UPDATE operation_runs SET policy = ? WHERE id = ?`, policy, run.ID).Error)
	return run
}

func TestRaceOfTwoReconcilers(t *testing.T) {
	t.Parallel()
	race(t, lost, []party{closes, closes, closes}, func(d *duel, _ models.Run) error {
		if err := untilEnded(closes)(t.Context(), d); err != nil {
			return err
		}
		run, _, err := d.store.Run(t.Context(), models.Engine(), d.id)
		if err == nil && run.Facts.Reconciliation.At.IsZero() {
			err = fmt.Errorf("nobody else ended it, and it is recorded as %s: %s", run.Facts.Outcome, run.Facts.Failure.Message)
		}
		return errors.Join(err, theEnd(d, run))
	})
}

// beatOf is a beat of the worker that Temporal has given up.
func beatOf(id string) []models.Beat {
	return []models.Beat{{RunID: id, TemporalRunID: "t", ActivityID: "1", Attempt: 1}}
}

func TestRaceOfACloseAgainstHeartbeats(t *testing.T) {
	t.Parallel()
	var ways both
	ways.check(t)
	row := models.WorkerRow{ID: "w1", Host: "h", Queues: []string{"other"}}
	beats := func(ctx context.Context, d *duel) error {
		_, err := d.store.RecordBeats(ctx, row, beatOf(d.id))
		return err
	}
	race(t, lost, []party{beats, closes}, func(d *duel, run models.Run) error {
		rejected, err := d.store.RecordBeats(t.Context(), row, beatOf(d.id))
		if err != nil {
			return err
		}
		ended := run.Facts.Status == lifecycle.Completed
		ways.note(ended)
		switch {
		case ended && len(rejected) != 1:
			return errors.New("the cut-off worker is not told")
		case ended:
			return theEnd(d, run)
		case len(rejected) > 0:
			return errors.New("a living run's own beat was rejected")
		}
		// It was heard before it was claimed, or before anything was done about the claim: it lives.
		if err := d.closePass(t.Context(), d.id); err != nil {
			return err
		}
		run, now, err := d.store.Run(t.Context(), models.Engine(), d.id)
		if err != nil {
			return err
		}
		if f := run.Truth(now); f.Freshness != lifecycle.FreshActive || run.Facts.Closing.ID != "" || d.c.of(d.id).status != wfRunning {
			return fmt.Errorf("heard in time, and yet %s, claimed by %q, in Temporal %+v", f.Freshness, run.Facts.Closing.ID, d.c.of(d.id))
		}
		return nil
	})
}

func TestRaceOfAResetAgainstAnEnd(t *testing.T) {
	t.Parallel()
	// What a workflow does that was reset after its run had ended, from whichever step on.
	begins := func(ctx context.Context, d *duel) error {
		begun, err := d.steps.Begin(ctx, contract.StepInput{RunID: d.id})
		if err == nil && begun.Ended != lifecycle.Failed {
			err = fmt.Errorf("begins again: %+v", begun)
		}
		return err
	}
	works := func(ctx context.Context, d *duel) error {
		if _, err := d.steps.Execute(ctx, contract.ExecuteInput{RunID: d.id}); err == nil {
			return errors.New("works on")
		}
		err := d.store.RecordItems(ctx, d.id, []models.Item{{Key: "z", State: models.ItemSucceeded}})
		if !errors.Is(err, lifecycle.ErrEnded) {
			return fmt.Errorf("a late item: %w", err)
		}
		return nil
	}
	ends := func(ctx context.Context, d *duel) error {
		in := contract.EndInput{RunID: d.id, Token: "another", Ended: true, Outcome: lifecycle.Failed}
		result, err := d.steps.RecordEnd(ctx, in)
		if err == nil && (result.Outcome != lifecycle.Failed || !result.Late) {
			err = fmt.Errorf("ends again: %+v", result)
		}
		return err
	}
	reconciled := func(t *testing.T, s *models.Store, w modelstest.World) models.Run {
		t.Helper()
		run := lost(t, s, w)
		b := newBench(s, run, run.ID)
		require.NoError(t, b.closePass(t.Context(), run.ID))
		run, _, err := s.Run(t.Context(), models.Engine(), run.ID)
		require.NoError(t, err)
		require.False(t, run.Facts.Reconciliation.At.IsZero())
		return run
	}
	race(t, reconciled, []party{begins, works, ends}, func(d *duel, run models.Run) error {
		f := run.Facts
		switch {
		case f.Late.At.IsZero():
			return errors.New("that it went on is not disclosed")
		case f.Reconciliation.At.IsZero() || f.Outcome != lifecycle.Failed || f.Counts.Processed != 2:
			return fmt.Errorf("the end has changed: %+v", f)
		}
		return nil
	})
}

// TestRaceOfACrashBetweenClaimTerminateAndRecord cuts a close off somewhere while the run may finish by itself. The
// passes after it go on from what it left.
func TestRaceOfACrashBetweenClaimTerminateAndRecord(t *testing.T) {
	t.Parallel()
	var ways both
	ways.check(t)
	crashes := func(ctx context.Context, d *duel) error {
		err := d.closePass(dbfault.Watch(ctx, dbfault.BreakAt(d.r.IntN(60))), d.id)
		if errors.Is(err, dbfault.ErrLost) {
			return nil
		}
		return err
	}
	mayFinish := func(ctx context.Context, d *duel) error {
		if d.id[len(d.id)-1]%2 == 0 {
			return nil // its worker is gone for good
		}
		return finishes(ctx, d)
	}
	race(t, lost, []party{mayFinish, crashes}, ways.closed(t))
}
