package worker

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

// record keeps what a batcher writes.
type record struct {
	mu      sync.Mutex
	batches [][]models.Beat
	reject  func(models.Beat) bool
	away    bool
	hangs   bool
	handed  []string
	cancels []string // runs that are to be cancelled
	silent  bool     // about cancels
	asked   [][]string
}

func (r *record) CancelAsked(_ context.Context, runs []string) (asked []string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, runs)
	if r.silent {
		return nil, errors.New("connection reset")
	}
	for _, run := range runs {
		if slices.Contains(r.cancels, run) {
			asked = append(asked, run)
		}
	}
	return asked, nil
}

func (r *record) RecordBeats(ctx context.Context, _ models.WorkerRow, beats []models.Beat) (rejected []models.Beat, err error) {
	r.mu.Lock()
	hangs := r.hangs
	r.mu.Unlock()
	if hangs { // not under the lock, which a bubble's clock does not wait for
		<-ctx.Done()
		return nil, ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return nil, errors.New("connection refused")
	}
	r.batches = append(r.batches, beats)
	for _, b := range beats {
		if r.reject != nil && r.reject(b) {
			rejected = append(rejected, b)
		}
	}
	return rejected, nil
}

func (r *record) HandOver(_ context.Context, _ string, runs []string, _ time.Duration) error {
	r.handed = runs
	return nil
}

// set changes the record between two batches.
func (r *record) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// beats lists all that were written, in order.
func (r *record) beats() (all []models.Beat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.batches {
		all = append(all, b...)
	}
	return all
}

type fates struct {
	mu   sync.Mutex
	seen map[metrics.BeatResult]int
}

func (f *fates) Beats(r metrics.BeatResult, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen[r] += n
}
func (f *fates) Flushed(time.Duration, time.Duration) {}

// Beats every 5 s: a flush every second, coalesced over 2.5 s.
func batching(t *testing.T) (*Batcher, *record, *fates) {
	t.Helper()
	return logging(t, slog.New(slog.DiscardHandler))
}

func logging(t *testing.T, logger *slog.Logger) (*Batcher, *record, *fates) {
	t.Helper()
	r, f := &record{}, &fates{seen: map[metrics.BeatResult]int{}}
	timing := lifecycle.NewTiming(5*time.Second, 5*time.Second)
	b := NewBatcher(r, models.WorkerRow{ID: "w1"}, timing, f, logger)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	pass(time.Millisecond) // after the first, empty batch; the next ones fall between a test's own steps
	return b, r, f
}

// pass lets time go by in a test's bubble.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // a bubble's clock stands still but for its sleepers
}

var one = attempt{run: "r1", temporalRun: "t1", activity: "5", number: 1}

func none(error) {}

func TestABatchGoesOutEverySecondAlsoWhenEmpty(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, r, _ := batching(t)
		pass(3 * time.Second)
		synctest.Wait()
		require.Len(t, r.batches, 4)
		require.Empty(t, r.beats())
	})
}

func TestAFirstBeatIsWrittenWithTheNextBatchAndTravelsAsAnAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, r, _ := batching(t)
		started := time.Now()
		pass(400 * time.Millisecond)
		b.Beat(one, started, nil, none)
		pass(600 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, []models.Beat{{
			RunID: "r1", TemporalRunID: "t1", ActivityID: "5", Attempt: 1, Age: 599 * time.Millisecond, StartedAge: 999 * time.Millisecond,
		}}, r.beats())
	})
}

func TestBeatsThatSayNothingNewAreCoalesced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, r, f := batching(t)
		started := time.Now()
		for range 100 { // ten seconds
			b.Beat(one, started, nil, none)
			pass(100 * time.Millisecond)
		}
		synctest.Wait()
		require.Len(t, r.beats(), 4, "at 1, 4, 7 and 10 s")
		require.Equal(t, 4, f.seen[metrics.Written])
		require.Equal(t, 96, f.seen[metrics.Coalesced])
		for _, beat := range r.beats() {
			require.LessOrEqual(t, beat.Age, 100*time.Millisecond, "only the newest counts")
		}
	})
}

func TestABeatDuringAWriteIsNoNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, r, _ := batching(t)
		started := time.Now()
		r.set(func() {
			r.reject = func(models.Beat) bool {
				b.Beat(one, started, nil, none)
				return false
			}
		})
		b.Beat(one, started, nil, none)
		pass(2 * time.Second)
		synctest.Wait()
		require.Len(t, r.beats(), 1, "the newer one waits until it is due")
		pass(2 * time.Second)
		synctest.Wait()
		require.Len(t, r.beats(), 2)
	})
}

func TestAHeldWaitIsNewsAndSoIsItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, r, _ := batching(t)
		started := time.Now()
		second := func(held *contract.Held) *models.HeldWait {
			b.Beat(one, started, held, none)
			pass(time.Second)
			synctest.Wait()
			all := r.beats()
			return all[len(all)-1].Held
		}
		require.Nil(t, second(nil))
		require.Equal(t, &models.HeldWait{Reason: "rate limit", Lasts: 9*time.Second + time.Millisecond},
			second(&contract.Held{Reason: "rate limit", For: 10 * time.Second}))
		require.Nil(t, second(nil))
		require.Len(t, r.beats(), 3)
	})
}

func TestARejectedAttemptIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, r, f := batching(t)
		r.set(func() { r.reject = func(b models.Beat) bool { return b.RunID == "r1" } })
		cut, cancelCut := context.WithCancelCause(t.Context())
		other, cancelOther := context.WithCancelCause(t.Context())
		b.Beat(one, time.Now(), nil, cancelCut)
		b.Beat(attempt{run: "r2"}, time.Now(), nil, cancelOther)
		pass(time.Second)
		synctest.Wait()
		require.ErrorIs(t, context.Cause(cut), operation.ErrCutOff)
		require.NoError(t, other.Err())
		require.Equal(t, 1, f.seen[metrics.Rejected])
		require.Equal(t, 1, f.seen[metrics.Written])
		cancelOther(nil)
	})
}

func TestWhileTheDatabaseIsAwayOnlyTheNewestBeatIsKept(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]func(*record, bool){
		"refusing": func(r *record, on bool) { r.away = on },
		"hanging":  func(r *record, on bool) { r.hangs = on },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, r, f := batching(t)
				r.set(func() { outage(r, true) })
				started := time.Now()
				for range 12 { // a minute
					b.Beat(one, started, nil, none) // returns at once
					pass(5 * time.Second)
				}
				require.Empty(t, r.batches[1:])
				r.set(func() { outage(r, false) })
				pass(4 * time.Second)
				synctest.Wait()
				require.Len(t, r.beats(), 1)
				require.Equal(t, 11, f.seen[metrics.Dropped])
			})
		})
	}
}

func TestAnEndedAttemptIsForgottenAfterItsLastBeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, r, _ := batching(t)
		b.Beat(one, time.Now(), nil, none)
		pass(time.Second)
		b.Beat(one, time.Now(), nil, none)
		b.End(one)
		require.Equal(t, []string{"r1"}, b.Runs())
		pass(time.Second)
		synctest.Wait()
		require.Len(t, r.beats(), 2, "the last one was not coalesced away")
		require.Empty(t, b.Runs())
	})
}
