package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opstruth/opstruth/internal/apiclient"
)

const (
	connectAgain  = time.Second      // after a stream ended, and twice as long after each that did not come about
	connectAtMost = 30 * time.Second // at most
)

// news tells that a run may have changed, from the console's stream where there is one.
type news struct {
	changed   chan struct{} // something to look at, told once however often
	connected atomic.Bool
	done      sync.WaitGroup
}

// listen listens until ctx ends. A stream that ends is opened again; one that is refused for good is done
// without.
func (c *caller) listen(ctx context.Context, id string) *news {
	n := &news{changed: make(chan struct{}, 1)}
	n.done.Go(func() {
		last, wait := "", connectAgain
		for ctx.Err() == nil {
			stream, err := c.Changes(ctx, c.platform, last)
			if err == nil {
				wait = connectAgain
				last = n.relay(stream, id)
			} else if !apiclient.Passing(err) {
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
			if err != nil {
				wait = min(2*wait, connectAtMost)
			}
		}
	})
	return n
}

// relay passes on what a stream tells, until it ends.
func (n *news) relay(stream *apiclient.Changes, id string) (last string) {
	defer stream.Close()
	n.connected.Store(true)
	defer n.connected.Store(false)
	n.tell() // what happened until now
	for {
		change, err := stream.Next()
		if err != nil {
			n.tell()
			return stream.Last()
		}
		if change.ID == "" || change.ID == id {
			n.tell()
		}
	}
}

func (n *news) tell() {
	select {
	case n.changed <- struct{}{}:
	default:
	}
}
