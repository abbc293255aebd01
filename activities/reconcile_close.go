package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/serviceerror"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

// sight is a run and what was just seen of it.
type sight struct {
	run     models.Run
	e       lifecycle.Evidence
	v       lifecycle.Verdict
	at      time.Time // on the record's clock
	present bool      // it is still active
}

// finish closes one run, or drops an intent whose run lives after all: intend, look again, terminate, record. It can be cut
// off anywhere; the intent's id, which is the Terminate's reason, tells the next pass how far it came.
func (r *Reconciler) finish(ctx context.Context, l *look, id string) error {
	s, err := r.see(ctx, l, id)
	if err != nil || !s.present {
		return err
	}
	if s.run.Facts.Closing.ID == "" && s.v.Action != lifecycle.Adopt {
		cause, ok := s.wants()
		if !ok || !l.allow(s) {
			return nil
		}
		claim := lifecycle.Closing{ID: uuid.NewString(), Cause: cause}
		err := r.change(ctx, s.run, lifecycle.Change{
			Kind: lifecycle.CloseClaimed, Actor: actor, Closing: claim,
			Version: s.run.Facts.Version, LivenessAt: s.run.Facts.LivenessAt,
		})
		if err != nil {
			return err
		}
		if s, err = r.see(ctx, l, id); err != nil || !s.present || s.run.Facts.Closing.ID != claim.ID {
			return err // it ended, beat or changed meanwhile
		}
	}
	switch _, ok := s.wants(); {
	case s.v.Action == lifecycle.Adopt:
		return r.adopt(ctx, s.run, s.e, s.v)
	case ok:
		return r.end(ctx, s)
	case s.v.Action == lifecycle.Unknown:
		return nil // nothing is known, so the intent neither ends nor frees the run
	}
	return r.change(ctx, s.run, lifecycle.Change{Kind: lifecycle.CloseDropped, Actor: actor, Closing: s.run.Facts.Closing})
}

// end terminates the workflow of a run that is to be closed and records the end.
func (r *Reconciler) end(ctx context.Context, s sight) error {
	if s.e.Answer == lifecycle.Answered {
		gone, err := r.terminate(ctx, s.run, s.e.RunID)
		if err != nil || gone {
			return err // gone: it ended by itself in between, which the next pass adopts
		}
	}
	return r.closed(ctx, s.run, s.v.Silence)
}

// closed records the end that an intent of ours brought: a forced cancel where it names no cause.
func (r *Reconciler) closed(ctx context.Context, run models.Run, s lifecycle.Silence) error {
	c := lifecycle.Change{Kind: lifecycle.Reconciled, Actor: actor, Closing: run.Facts.Closing, Silence: s}
	if c.Closing.Cause == lifecycle.NoCause {
		c.Kind = lifecycle.CancelForced
	}
	return r.change(ctx, run, c)
}

// see reads a run and judges it on new evidence.
func (r *Reconciler) see(ctx context.Context, l *look, id string) (sight, error) {
	runs, _, err := r.Record.ActiveByID(ctx, []string{id})
	if err != nil {
		return sight{}, fmt.Errorf("read run %s: %w", id, err)
	}
	if len(runs) == 0 {
		return sight{}, nil
	}
	f, e, v := r.judge(ctx, l, runs[0])
	runs[0].Facts = f
	return sight{run: runs[0], e: e, v: v, at: l.now(), present: true}, nil
}

// wants reports whether the run is to be closed now, and for which cause; none for a forced cancel. Without a positive
// answer of the right Temporal no run is, nor is one whose end is just being recorded.
func (s sight) wants() (lifecycle.Cause, bool) {
	gone := s.e.Answer == lifecycle.NotFound
	cancel := graceOver(s.run, s.at) || (gone && s.run.Facts.DispatchedAt.IsZero() && !s.run.Facts.Cancel.At.IsZero())
	claimed := s.run.Facts.Closing
	switch {
	case s.e.RecordsEnd:
		return "", false
	case s.v.Action == lifecycle.Unknown && !(gone && cancel): // a workflow that is gone is nobody's to cancel but ours
		return "", false
	case cancel && (claimed.ID == "" || claimed.Cause == lifecycle.NoCause):
		return lifecycle.NoCause, true
	}
	return s.v.Cause, s.v.Action == lifecycle.Close && (claimed.ID == "" || claimed.Cause != lifecycle.NoCause)
}

// terminate ends the very execution that was judged. gone tells that it had ended already.
func (r *Reconciler) terminate(ctx context.Context, run models.Run, temporalRunID string) (gone bool, err error) {
	ctx, done := context.WithTimeout(ctx, askTimeout)
	defer done()
	err = r.Cluster.TerminateWorkflow(ctx, contract.WorkflowID(run.ID), temporalRunID, run.Facts.Closing.ID)
	var notFound *serviceerror.NotFound
	if errors.As(err, &notFound) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("terminate the workflow of run %s: %w", run.ID, err)
	}
	return false, nil
}
