package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/operation/odata"
)

// place is where the reading stands: the cursor of a chunk.
type place struct {
	Collection int    `json:"c"`           // index into the snapshot's collections
	Pages      int64  `json:"p,omitempty"` // of it that are read
	Objects    int64  `json:"o,omitempty"` // on these
	Link       string `json:"l,omitempty"` // to the next page; empty for the first one
	Mark       uint64 `json:"m,omitempty"` // of a link that was followed before, see repeats
	Tries      tries  `json:"t,omitzero"`
}

// tries counts in a row what kept the next page from being read.
type tries struct {
	Busy   int `json:"b,omitempty"`
	Broken int `json:"e,omitempty"`
}

func (p place) cursor() string {
	raw, err := json.Marshal(p)
	if err != nil {
		panic(err) // numbers and a string always have JSON
	}
	return string(raw)
}

// following is the begin of the next collection.
func (p place) following() place { return place{Collection: p.Collection + 1} }

// repeats reports whether a next link was followed before. Instead of all links
// it keeps one, and takes a later one at each power of two: however long the
// circle is, one of them lies on it and comes around.
func (p *place) repeats(link string) bool {
	h := fnv.New64a()
	_, _ = h.Write([]byte(link)) // never fails
	sum := h.Sum64()
	if p.Mark == sum {
		return true
	}
	if p.Pages&(p.Pages-1) == 0 {
		p.Mark = sum
	}
	return false
}

// longWait is a wait that no worker should sit through.
type longWait struct {
	d      time.Duration
	reason string
}

func (w *longWait) Error() string { return w.reason }

// read reads one page, and waits as the API asks or as an error makes sensible.
func (s *syncer) read(ctx context.Context, run *operation.Run[Input], client *odata.Client, what, link string, t *tries) (odata.Page, error) {
	for {
		page, err := client.Read(ctx, link)
		d, again := s.limits.again(err, t)
		if !again {
			return page, err
		}
		reason := what + ": " + err.Error()
		if d > s.limits.maxHold {
			return page, &longWait{d, reason}
		}
		if err := run.Hold(ctx, d, reason); err != nil {
			return page, err
		}
	}
}

// again says whether a failed reading is worth another one, and when.
func (l limits) again(err error, t *tries) (time.Duration, bool) {
	var busy *odata.BusyError
	var status *odata.StatusError
	switch {
	case errors.As(err, &busy):
		t.Busy++
		if busy.After >= 0 {
			return min(max(busy.After, l.backoff/2), l.maxWait), t.Busy < l.busyTries
		}
		return l.pause(t.Busy - 1), t.Busy < l.busyTries
	case errors.As(err, &status) && status.Passing():
		t.Broken++
		return l.pause(t.Broken - 1), t.Broken < l.brokenTries
	}
	return 0, false
}

// pause grows with the tries that were made before.
func (l limits) pause(tries int) time.Duration {
	return min(l.backoff<<min(tries, 20), l.maxBackoff)
}

// plan begins the snapshot.
func (s *syncer) plan(ctx context.Context, run *operation.Run[Input]) (operation.Plan, error) {
	client, conn, err := s.client(ctx, run)
	if err != nil {
		return operation.Plan{}, err
	}
	names := run.Input.Collections
	if len(names) == 0 {
		if names, err = s.list(ctx, run, client); err != nil {
			return operation.Plan{}, err
		}
	}
	inv, err := s.store.BeginInventory(ctx, run.ID, conn.ID, names)
	if err != nil {
		return operation.Plan{}, fmt.Errorf("begin the snapshot: %w", err)
	}
	return operation.Plan{Total: int64(len(inv.Collections)), Cursor: place{}.cursor()}, nil
}

// list asks the API which collections it has: its service document.
func (s *syncer) list(ctx context.Context, run *operation.Run[Input], client *odata.Client) ([]string, error) {
	var t tries
	page, err := s.read(ctx, run, client, "list of collections", client.First(""), &t)
	for wait := (*longWait)(nil); errors.As(err, &wait); {
		if err = run.Hold(ctx, wait.d, wait.reason); err == nil {
			page, err = s.read(ctx, run, client, "list of collections", client.First(""), &t)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list the collections: %w", err)
	}
	var names []string
	for _, raw := range page.Objects {
		var entry struct{ Name, Kind, URL string }
		if err := json.Unmarshal(raw, &entry); err != nil {
			return nil, operation.Blocked("the API's list of collections cannot be read; name those to read")
		}
		if entry.URL == "" {
			entry.URL = entry.Name
		}
		if (entry.Kind == "" || entry.Kind == "EntitySet") && collectionName.MatchString(entry.URL) {
			names = append(names, entry.URL)
		}
	}
	if len(names) == 0 {
		return nil, operation.Blocked("the API lists no collections; name those to read")
	}
	if len(names) > maxCollections {
		return nil, operation.Blocked(fmt.Sprintf("the API lists %d collections; name those to read, %d at most", len(names), maxCollections))
	}
	return names, nil
}

// problem is how far a collection was read, and why no further.
func (p place) problem(err error) models.InventoryCollection {
	what := fmt.Sprintf("page %d and what follows were not read: %v", p.Pages+1, err)
	return models.InventoryCollection{Pages: p.Pages, Problem: what}
}
