package activities

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// badRow fails to write about one run.
type badRow struct {
	Record

	id string
}

func (b badRow) RecordVerdict(ctx context.Context, run models.Run, v lifecycle.Verdict) error {
	if run.ID == b.id {
		return errors.New("row is broken")
	}
	return b.Record.RecordVerdict(ctx, run, v)
}

func TestOneBadRunStopsNoOther(t *testing.T) {
	t.Parallel()
	s := modelstest.New(t)
	w := modelstest.Seed(t, s)
	prototype := lost(t, s, w)
	ids := modelstest.Clones(t, s, prototype, 3)
	b := newBench(s, prototype, ids...)
	measured := &counted{}
	b.r.Record, b.r.Measure = badRow{s, ids[0]}, quietBut{counted: measured}
	require.NoError(t, b.pass(t.Context()))
	require.EqualValues(t, 1, measured.troubles.Load())
	for _, id := range ids[1:] {
		run, _, err := s.Run(t.Context(), models.Engine(), id)
		require.NoError(t, err)
		require.False(t, run.Facts.Reconciliation.At.IsZero())
	}
	state, _, err := s.ReconcilerState(t.Context())
	require.NoError(t, err)
	require.False(t, state.PassAt.IsZero(), "the pass ends")
}

// quietBut counts troubles alone.
type quietBut struct {
	quiet

	counted *counted
}

func (q quietBut) PassTrouble() { q.counted.PassTrouble() }
