package worker

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/operation"
)

func TestACancelReachesAStepWithTheNextBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, r, _ := batching(t)
		at := func(run string, stops, shared bool) context.Context {
			ctx, cancel := context.WithCancelCause(t.Context())
			a := one
			a.run, a.stops, a.shared = run, stops, shared
			b.Beat(a, time.Now(), nil, cancel)
			return ctx
		}
		step, other := at("r1", true, false), at("r2", true, false)
		finishing, wrapped := at("r3", false, false), at("r4", false, true)
		pass(2 * time.Second)
		synctest.Wait()
		require.NoError(t, step.Err())
		require.Equal(t, []string{"r1", "r2"}, r.asked[len(r.asked)-1], "of what may stop, and not only when it beats")

		r.set(func() { r.cancels = []string{"r1", "r3", "r4"} })
		pass(time.Second)
		synctest.Wait()
		require.ErrorIs(t, context.Cause(step), operation.ErrCancelAsked)
		require.NoError(t, other.Err())
		require.NoError(t, finishing.Err(), "it makes the results of what is done")
		require.NoError(t, wrapped.Err(), "Temporal tells it")

		pass(time.Second)
		synctest.Wait()
		require.Equal(t, []string{"r2"}, r.asked[len(r.asked)-1], "who was told is not asked for again")
		b.End(attempt{run: "r2", temporalRun: one.temporalRun, activity: one.activity, number: one.number, stops: true})
		pass(time.Second)
		synctest.Wait()
		require.Empty(t, r.asked[len(r.asked)-1], "nobody is left")
	})
}

// A record that cannot tell of cancels has taken the beats nevertheless.
func TestWhatFailsIsLoggedForWhatItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told strings.Builder
		b, r, f := logging(t, slog.New(slog.NewTextHandler(&told, nil)))
		step := one
		step.stops = true
		b.Beat(step, time.Now(), nil, none)
		r.set(func() { r.silent = true })
		pass(3 * time.Second)
		r.set(func() { r.silent, r.away = false, true })
		b.Beat(step, time.Now(), nil, none)
		pass(3 * time.Second)
		r.set(func() { r.away = false })
		pass(time.Second)
		synctest.Wait()
		var lines []string
		for line := range strings.Lines(told.String()) {
			_, line, _ = strings.Cut(line, "msg=")
			lines = append(lines, strings.TrimSpace(line))
		}
		require.Equal(t, []string{
			`"the record does not tell of cancels; they wait until it does, or for Temporal's word" error="connection reset"`,
			`"the record does not take heartbeats; work goes on, and they are dropped until it does" error="connection refused"`,
			`"heartbeats are written again"`,
			`"the record tells of cancels again"`,
		}, lines)
		require.Equal(t, 2, f.seen[metrics.Written])
	})
}
