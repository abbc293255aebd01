package worker

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/metrics"
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

func TestTheLastBeatOfAStepThatEndedWhileTheDatabaseWasAwayIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		away time.Duration
		told bool
	}{
		"after a minute":         {away: time.Minute, told: true},
		"not after half an hour": {away: 30 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, r, f := batching(t)
				started := time.Now()
				b.Beat(one, started, nil, none)
				pass(time.Second)
				r.set(func() { r.away = true })
				for range 3 {
					b.Beat(one, started, nil, none)
					pass(5 * time.Second)
				}
				b.End(one) // it could not write its items
				pass(5 * time.Second)
				require.Equal(t, []string{"r1"}, b.Runs())
				pass(c.away - 5*time.Second)
				require.Empty(t, b.Runs(), "nothing to hand over any more")
				r.set(func() { r.away = false })
				pass(time.Second)
				synctest.Wait()
				all := r.beats()
				if !c.told {
					require.Len(t, all, 1)
					require.Equal(t, 1, f.seen[metrics.Dropped]-2, "beside those that newer ones replaced")
					return
				}
				require.Len(t, all, 2)
				require.InDelta(t, c.away+5*time.Second, all[1].Age, float64(time.Second))
				require.InDelta(t, c.away+15*time.Second, all[1].MissedAge, float64(time.Second), "since the first that was missed")
				pass(5 * time.Second)
				require.Len(t, r.beats(), 2, "told once")
			})
		})
	}
}

func TestEndedStepsThatAreKeptAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, r, _ := batching(t)
		r.set(func() { r.away = true })
		for i := range 2 * keptMost {
			a := one
			a.run = strconv.Itoa(i)
			b.Beat(a, time.Now(), nil, none)
			b.End(a)
		}
		pass(time.Second)
		synctest.Wait()
		b.mu.Lock()
		defer b.mu.Unlock()
		require.Len(t, b.live, keptMost)
	})
}
