// Package feed tells many listeners which runs have changed, from one reading of the record. It says
// nothing about how they are: whoever is told reads the run again. Listeners share one bounded memory, so
// that none costs the database anything or can hold up another; one that falls behind is told so.
package feed

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/opstruth/opstruth/models"
)

const (
	kept       = 4096             // notices that a listener may be behind
	linger     = 30 * time.Second // reading goes on so long after the last listener, who may come back
	perOwner   = 20               // streams of one account
	perProcess = 256              // streams of all
)

var (
	// ErrClosed says that no changes are told here, or no longer.
	ErrClosed = errors.New("changes are not told here now; read again from time to time instead")
	// ErrFull refuses a listener too many.
	ErrFull = errors.New("too many streams are open; close some, or read again from time to time instead")
)

// Reader reads what has changed since the last reading; *models.ChangeReader is one.
type Reader interface {
	Next(ctx context.Context) (changed []models.Changed, complete bool, err error)
}

// Feed is one process's. Run makes it work.
type Feed struct {
	reader func() Reader
	every  time.Duration
	logger *slog.Logger

	mu      sync.Mutex
	news    chan struct{} // closed and replaced when anything below changes
	epoch   string        // empty while nothing is read
	notices []models.Changed
	next    uint64 // number of the notice to come; the first is 1
	oldest  uint64 // of those that are kept
	owners  map[string]int
	all     int
	left    time.Time
	closed  bool
}

// New makes a feed that reads so often. Reader begins a reading anew.
func New(reader func() Reader, every time.Duration, logger *slog.Logger) *Feed {
	return &Feed{reader: reader, every: every, logger: logger, news: make(chan struct{}), owners: map[string]int{}}
}

// Run reads while somebody listens, until ctx ends; then every listener is let go.
func (f *Feed) Run(ctx context.Context) error {
	defer f.close()
	for ctx.Err() == nil {
		f.mu.Lock()
		idle, news := f.all == 0, f.news
		f.mu.Unlock()
		if !idle {
			f.read(ctx)
			continue
		}
		select {
		case <-news:
		case <-ctx.Done():
		}
	}
	return nil
}

// read reads until nobody has listened for a while.
func (f *Feed) read(ctx context.Context) {
	reader, tick := f.reader(), time.NewTicker(f.every)
	defer tick.Stop()
	defer f.forget()
	failing := false
	for {
		changed, complete, err := reader.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !failing {
				f.logger.WarnContext(ctx, "changes are not told until the record can be read again", "error", err)
			}
		default:
			f.publish(changed, complete)
		}
		failing = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if f.abandoned() {
			return
		}
	}
}

func (f *Feed) abandoned() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all == 0 && time.Since(f.left) > linger
}

// publish keeps what has changed. The first reading begins an epoch, and so does an incomplete one.
func (f *Feed) publish(changed []models.Changed, complete bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	begins := f.epoch == "" || !complete
	if begins {
		f.epoch, f.notices, f.next, f.oldest = rand.Text()[:8], nil, 1, 1
	}
	f.notices = append(f.notices, changed...)
	f.next += uint64(len(changed))
	if more := len(f.notices) - kept; more > 0 {
		f.notices = append([]models.Changed(nil), f.notices[more:]...)
		f.oldest += uint64(more)
	}
	if begins || len(changed) > 0 {
		f.wake()
	}
}

func (f *Feed) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.epoch, f.notices = "", nil
	f.wake()
}

func (f *Feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.wake()
}

// wake is called with the lock held.
func (f *Feed) wake() {
	close(f.news)
	f.news = make(chan struct{})
}

// Position is a place among a feed's notices, as it travels in an event's id.
type Position struct {
	epoch string
	after uint64
}

// At is the end of the feed now. Who takes it before reading the record, and listens from there afterwards, misses
// nothing that changed in between; while nothing is read it is no feed's, of which a listener is told everything again.
func (f *Feed) At() Position {
	if f == nil {
		return Position{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.epoch == "" {
		return Position{}
	}
	return Position{f.epoch, f.next - 1}
}

func (p Position) String() string { return p.epoch + "-" + strconv.FormatUint(p.after, 10) }

// ParsePosition reads a position back. What is none is the position of a feed that is no more.
func ParsePosition(s string) Position {
	epoch, number, _ := strings.Cut(s, "-")
	after, err := strconv.ParseUint(number, 10, 64)
	if err != nil || epoch == "" {
		return Position{epoch: "?"}
	}
	return Position{epoch, after}
}
