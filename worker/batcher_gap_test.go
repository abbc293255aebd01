package worker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/models"
)

func TestBeatsThatCouldNotBeWrittenAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, r, _ := batching(t)
		started := time.Now()
		missed := func(quiet time.Duration) time.Duration {
			b.Beat(one, started, nil, none)
			pass(5 * time.Second)
			r.set(func() { r.away = true })
			for range 6 {
				b.Beat(one, started, nil, none)
				pass(5 * time.Second)
			}
			pass(quiet)
			r.set(func() { r.away = false })
			b.Beat(one, started, nil, none)
			pass(time.Second)
			synctest.Wait()
			all := r.beats()
			return all[len(all)-1].MissedAge
		}
		require.InDelta(t, 31*time.Second, missed(0), float64(time.Second), "since the first of them")
		require.Zero(t, missed(time.Minute), "an attempt that stood still meanwhile was silent itself")
		b.Beat(one, started, nil, none)
		pass(5 * time.Second)
		synctest.Wait()
		all := r.beats()
		require.Zero(t, all[len(all)-1].MissedAge, "told once")
	})
}

func TestAnAttemptThatWasCutOffIsNotHandedOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, r, _ := batching(t)
		cut, cancelCut := context.WithCancelCause(t.Context())
		b.Beat(one, time.Now(), nil, cancelCut)
		other := attempt{run: "r2", temporalRun: "t2", activity: "5", number: 1}
		b.Beat(other, time.Now(), nil, none)
		r.set(func() { r.reject = func(b models.Beat) bool { return b.RunID == one.run } })
		pass(time.Second)
		synctest.Wait()
		require.Error(t, cut.Err())
		require.Equal(t, []string{"r2"}, b.Leaving(), "another worker has the run")
		b.End(one)
		require.Equal(t, []string{"r2"}, b.Leaving())
	})
}
