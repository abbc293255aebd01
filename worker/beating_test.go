package worker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
)

// An activity of a wrapped workflow may look at no context. What Temporal has given up is no life of its run.
func TestAnAttemptThatTemporalGaveUpBeatsNoMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cause error         // of its context's end after half a minute
		lasts time.Duration // of its beats
	}{
		"its time is up":             {lasts: time.Minute},
		"it winds down for a cancel": {cause: temporal.NewCanceledError(), lasts: time.Minute},
		"Temporal knows it no more":  {cause: serviceerror.NewNotFound("activity"), lasts: 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, r, _ := batching(t)
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				l := &listener{heartbeats: &heartbeats{batcher: b}, attempt: one, started: time.Now(), cancel: none, heard: context.WithoutCancel(ctx)}
				stop := l.beating(ctx, time.Now().Add(time.Minute))
				defer stop()
				pass(30 * time.Second)
				if c.cause != nil {
					cancel(c.cause)
				}
				pass(2 * time.Minute)
				synctest.Wait()
				beats := r.beats()
				last := beats[len(beats)-1]
				require.InDelta(t, c.lasts.Seconds(), (last.StartedAge - last.Age).Seconds(), 5)
				require.Error(t, l.heard.Err(), "nor is it heard")
			})
		})
	}
}
