package feed

import (
	"context"
	"time"

	"github.com/opstruth/opstruth/models"
)

// Listener reads a feed in its own time. It is for one goroutine.
type Listener struct {
	feed  *Feed
	owner string
	at    Position
}

// Batch is what a listener is told at once.
type Batch struct {
	Changed []models.Changed
	Resync  bool     // some are missing: everything may have changed
	At      Position // after the batch
}

// Listen adds a listener for an account, at the end of the feed. It waits until the feed reads: what
// changes after Listen returned is told. It fails with ErrFull, ErrClosed or the context's error.
func (f *Feed) Listen(ctx context.Context, owner string) (*Listener, error) {
	if f == nil {
		return nil, ErrClosed
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all >= perProcess || f.owners[owner] >= perOwner {
		return nil, ErrFull
	}
	f.all++
	f.owners[owner]++
	f.wake()
	l := &Listener{feed: f, owner: owner}
	for f.epoch == "" && !f.closed {
		if err := f.wait(ctx); err != nil {
			f.leave(owner)
			return nil, err
		}
	}
	if f.closed {
		f.leave(owner)
		return nil, ErrClosed
	}
	l.at = Position{f.epoch, f.next - 1}
	return l, nil
}

// wait is called with the lock held, and gives it up while it waits for news.
func (f *Feed) wait(ctx context.Context) error {
	news := f.news
	f.mu.Unlock()
	defer f.mu.Lock()
	select {
	case <-news:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *Feed) leave(owner string) {
	f.all--
	if f.owners[owner]--; f.owners[owner] == 0 {
		delete(f.owners, owner)
	}
	f.left = time.Now()
}

// Close lets the listener go.
func (l *Listener) Close() {
	l.feed.mu.Lock()
	defer l.feed.mu.Unlock()
	l.feed.leave(l.owner)
}

// At is where the listener is.
func (l *Listener) At() Position { return l.at }

// Resume goes back to where an earlier listener was.
func (l *Listener) Resume(p Position) { l.at = p }

// Next waits for news. It fails with ErrClosed when the feed ends, or with the context's error.
func (l *Listener) Next(ctx context.Context) (Batch, error) {
	f := l.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.closed:
			return Batch{}, ErrClosed
		case f.epoch == "": // between two epochs
		case l.at.epoch != f.epoch || l.at.after+1 < f.oldest || l.at.after >= f.next:
			l.at = Position{f.epoch, f.next - 1}
			return Batch{Resync: true, At: l.at}, nil
		case l.at.after+1 < f.next:
			changed := append([]models.Changed(nil), f.notices[l.at.after+1-f.oldest:]...)
			l.at.after = f.next - 1
			return Batch{Changed: changed, At: l.at}, nil
		}
		if err := f.wait(ctx); err != nil {
			return Batch{}, err
		}
	}
}
