package auth

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter slows guessing down: each key may fail a few times at once and then only at a steady rate.
// Its memory is bounded; under a flood of keys the oldest are forgotten first.
type Limiter struct {
	every time.Duration
	burst int
	keep  int

	mu       sync.Mutex
	now, old map[string]*rate.Limiter // two generations: the old one goes when the new one is full
}

// NewLimiter allows burst attempts per key at once and one more every interval; it remembers at least
// keep keys and at most twice as many.
func NewLimiter(every time.Duration, burst, keep int) *Limiter {
	return &Limiter{every: every, burst: burst, keep: keep, now: map[string]*rate.Limiter{}}
}

// Allow takes an attempt for the key. If there is none left it says how long until the next.
func (l *Limiter) Allow(key string, at time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()

	r := l.find(key).ReserveN(at, 1)
	if wait := r.DelayFrom(at); wait > 0 {
		r.CancelAt(at)
		return wait, false
	}
	return 0, true
}

// Forgive forgets a key's failures after it proved itself.
func (l *Limiter) Forgive(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.now, key)
	delete(l.old, key)
}

func (l *Limiter) find(key string) *rate.Limiter {
	if r, ok := l.now[key]; ok {
		return r
	}
	r, ok := l.old[key]
	if !ok {
		r = rate.NewLimiter(rate.Every(l.every), l.burst)
	}
	if len(l.now) >= l.keep {
		l.now, l.old = map[string]*rate.Limiter{}, l.now
	}
	l.now[key] = r
	return r
}
