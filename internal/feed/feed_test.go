package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opstruth/opstruth/models"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// record is a reader whose readings a test lays down.
type record struct {
	mu       sync.Mutex
	readings int
	next     []models.Changed
	broken   error
	partial  bool
}

func (r *record) Next(context.Context) ([]models.Changed, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readings++
	changed, complete := r.next, !r.partial
	if r.broken != nil {
		return nil, false, r.broken
	}
	r.next, r.partial = nil, false
	return changed, complete, nil
}

// lay changes what the next readings find.
func (r *record) lay(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func (r *record) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.readings
}

func runs(ids ...string) []models.Changed {
	var all []models.Changed
	for _, id := range ids {
		all = append(all, models.Changed{RunID: id})
	}
	return all
}

// bench runs a feed over a record within a bubble of its own time, and ends it after the test.
func bench(t *testing.T, test func(t *testing.T, f *Feed, r *record)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &record{}
		f := New(func() Reader { return r }, time.Second, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		test(t, f, r)
		stop()
		require.NoError(t, <-ended)
	})
}

func listen(t *testing.T, f *Feed) *Listener {
	t.Helper()
	l, err := f.Listen(t.Context(), "olga")
	require.NoError(t, err)
	return l
}

func next(t *testing.T, l *Listener) Batch {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	b, err := l.Next(ctx)
	require.NoError(t, err)
	return b
}

func TestOneReadingServesEveryListener(t *testing.T) {
	t.Parallel()
	bench(t, func(t *testing.T, f *Feed, r *record) {
		t.Helper()
		var all []*Listener
		for range 10 {
			all = append(all, listen(t, f))
		}
		synctest.Wait()
		before := r.count()
		r.lay(func() { r.next = runs("a", "b") })
		for _, l := range all {
			require.Equal(t, runs("a", "b"), next(t, l).Changed)
			defer l.Close()
		}
		require.Equal(t, before+1, r.count())
	})
}

// pass lets time go by in a test's bubble.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // a bubble's clock stands still but for its sleepers
}

func TestNothingIsReadForNobody(t *testing.T) {
	t.Parallel()
	bench(t, func(t *testing.T, f *Feed, r *record) {
		t.Helper()
		pass(time.Minute)
		require.Zero(t, r.count())
		l := listen(t, f)
		l.Close()
		pass(linger + 2*time.Second)
		stopped := r.count()
		pass(time.Minute)
		require.Equal(t, stopped, r.count())
		listen(t, f).Close()
		require.Greater(t, r.count(), stopped)
	})
}

func TestAListenerThatComesBackMissesNothing(t *testing.T) {
	t.Parallel()
	bench(t, func(t *testing.T, f *Feed, r *record) {
		t.Helper()
		l := listen(t, f)
		r.lay(func() { r.next = runs("a") })
		at := next(t, l).At
		l.Close()
		r.lay(func() { r.next = runs("b") })
		pass(2 * time.Second)

		again := listen(t, f)
		defer again.Close()
		again.Resume(ParsePosition(at.String()))
		require.Equal(t, runs("b"), next(t, again).Changed)
	})
}

func TestWhoReadsFirstAndListensAfterwardsMissesNothing(t *testing.T) {
	t.Parallel()
	bench(t, func(t *testing.T, f *Feed, r *record) {
		t.Helper()
		before := f.At()
		l := listen(t, f)
		defer l.Close()
		l.Resume(ParsePosition(before.String()))
		require.True(t, next(t, l).Resync, "nobody knows what changed while nothing was read")

		read := f.At()
		r.lay(func() { r.next = runs("a") })
		pass(2 * time.Second)
		later := listen(t, f)
		defer later.Close()
		later.Resume(ParsePosition(read.String()))
		require.Equal(t, runs("a"), next(t, later).Changed)
	})
	require.Equal(t, Position{}, (*Feed)(nil).At())
}

func TestAListenerIsToldWhatItMissed(t *testing.T) {
	t.Parallel()
	for name, position := range map[string]func(*Feed, *record, *Listener) Position{
		"another feed": func(*Feed, *record, *Listener) Position { return ParsePosition("ABCDEFGH-7") },
		"nonsense":     func(*Feed, *record, *Listener) Position { return ParsePosition("garbage") },
		"the future": func(_ *Feed, _ *record, l *Listener) Position {
			return Position{l.at.epoch, l.at.after + 1000}
		},
		"too far behind": func(_ *Feed, r *record, l *Listener) Position {
			at := l.At()
			var many []models.Changed
			for i := range kept + 1 {
				many = append(many, models.Changed{RunID: fmt.Sprint(i)})
			}
			r.lay(func() { r.next = many })
			return at
		},
		"a reading that was cut": func(_ *Feed, r *record, l *Listener) Position {
			r.lay(func() { r.partial = true })
			return l.At()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bench(t, func(t *testing.T, f *Feed, r *record) {
				t.Helper()
				l := listen(t, f)
				defer l.Close()
				l.Resume(position(f, r, l))
				pass(2 * time.Second)
				require.True(t, next(t, l).Resync)
				r.lay(func() { r.next = runs("after") })
				require.Equal(t, runs("after"), next(t, l).Changed, "told once, it goes on")
			})
		})
	}
}

func TestASlowListenerHoldsUpNobody(t *testing.T) {
	t.Parallel()
	bench(t, func(t *testing.T, f *Feed, r *record) {
		t.Helper()
		slow, quick := listen(t, f), listen(t, f)
		defer slow.Close()
		defer quick.Close()
		for i := range 3 * kept / 100 {
			r.lay(func() { r.next = nil })
			for j := range 100 {
				r.lay(func() { r.next = append(r.next, models.Changed{RunID: fmt.Sprint(i, j)}) })
			}
			require.Len(t, next(t, quick).Changed, 100)
			require.LessOrEqual(t, len(f.notices), kept)
		}
		require.True(t, next(t, slow).Resync)
	})
}

func TestAReadingThatFailsIsMadeUpFor(t *testing.T) {
	t.Parallel()
	bench(t, func(t *testing.T, f *Feed, r *record) {
		t.Helper()
		l := listen(t, f)
		defer l.Close()
		r.lay(func() { r.broken = errors.New("away") })
		pass(10 * time.Second)
		r.lay(func() { r.broken, r.next = nil, runs("a") })
		require.Equal(t, runs("a"), next(t, l).Changed)
	})
}

func TestListenersEndWithTheFeedAndWithTheirOwnContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &record{}
		f := New(func() Reader { return r }, time.Second, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = f.Run(ctx) }()
		l := listen(t, f)
		defer l.Close()
		own, gone := context.WithCancel(t.Context())
		gone()
		_, err := l.Next(own)
		require.ErrorIs(t, err, context.Canceled)

		ended := make(chan error, 1)
		go func() { _, err := l.Next(t.Context()); ended <- err }()
		synctest.Wait()
		stop()
		require.ErrorIs(t, <-ended, ErrClosed)
		_, err = f.Listen(t.Context(), "olga")
		require.ErrorIs(t, err, ErrClosed)
		_, err = (*Feed)(nil).Listen(t.Context(), "olga")
		require.ErrorIs(t, err, ErrClosed)
	})
}

func TestListenersAreLimited(t *testing.T) {
	t.Parallel()
	bench(t, func(t *testing.T, f *Feed, r *record) {
		t.Helper()
		var all []*Listener
		for range perOwner {
			all = append(all, listen(t, f))
		}
		_, err := f.Listen(t.Context(), "olga")
		require.ErrorIs(t, err, ErrFull)
		all[0].Close()
		all[0] = listen(t, f)
		for i := perOwner; i < perProcess; i++ {
			l, err := f.Listen(t.Context(), fmt.Sprint("other", i))
			require.NoError(t, err)
			all = append(all, l)
		}
		_, err = f.Listen(t.Context(), "one more")
		require.ErrorIs(t, err, ErrFull)
		for _, l := range all {
			l.Close()
		}
		require.Empty(t, f.owners)

		r.lay(func() { r.broken = errors.New("away") })
		pass(linger + 2*time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = f.Listen(ctx, "olga")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Empty(t, f.owners, "who was refused takes no place")
	})
}
