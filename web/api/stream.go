package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/opstruth/opstruth/internal/feed"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
)

// The addresses of the API that are answered by a stream.
const (
	Stream       = "/api/v1/events"
	SystemStream = "/api/v1/system/events"
)

// Streams reports whether a route, of the API or of the pages, is answered by a stream, which lasts longer than other
// requests may.
func Streams(path string) bool {
	return path == Stream || path == SystemStream || path == links.Events(links.Admin) || path == links.Events(links.System)
}

const (
	heartbeat = 10 * time.Second // how long a stream is silent at most
	patience  = 10 * time.Second // how long a listener may take to take in what is written
	rightsFor = time.Second      // how old the knowledge may be of what a listener may see
)

// StreamEvents tells which runs of the member's scope have changed.
func (s *Server) StreamEvents(ctx context.Context, r StreamEventsRequestObject) (StreamEventsResponseObject, error) {
	return listen(ctx, s.feed, named(r.Params.LastEventID))
}

// SystemStreamEvents tells which runs of any workspace have changed.
func (s *Server) SystemStreamEvents(ctx context.Context, r SystemStreamEventsRequestObject) (SystemStreamEventsResponseObject, error) {
	return listen(ctx, s.feed, named(r.Params.LastEventID))
}

// named is the id of a last event; an empty one names none.
func named(id *string) *string {
	if id != nil && *id == "" {
		return nil
	}
	return id
}

// TellPages answers the script of a page, which was read when the feed was at a position, with the same stream. What
// cannot be told from there, since that feed is no more, is told as a resync.
func TellPages(ctx context.Context, f *feed.Feed, position string, w http.ResponseWriter) error {
	s, err := listen(ctx, f, &position)
	if err != nil {
		return err
	}
	return s.write(w) //nolint:contextcheck // it has the context that it began with
}

// stream is one listener's answer. It ends with the request, with the feed, or with the right to listen.
type stream struct {
	ctx      context.Context //nolint:containedctx // it is the answer's own, which is written after the handler
	listener *feed.Listener
	access   access.Access
	known    time.Time // when access was found out
	sent     time.Time // when something was last written

	w   http.ResponseWriter
	out *http.ResponseController
}

// listen begins a stream after the position of the last event, or where the feed is now if there was none.
func listen(ctx context.Context, f *feed.Feed, last *string) (*stream, error) {
	a := access.From(ctx)
	begin, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l, err := f.Listen(begin, string(a.Plane)+" "+a.User.ID)
	if err != nil {
		return nil, err
	}
	if last != nil {
		l.Resume(feed.ParsePosition(*last))
	}
	return &stream{ctx: ctx, listener: l, access: a, known: time.Now()}, nil
}

func (s *stream) VisitStreamEventsResponse(w http.ResponseWriter) error       { return s.write(w) }
func (s *stream) VisitSystemStreamEventsResponse(w http.ResponseWriter) error { return s.write(w) }

// write tells until there is nobody to tell. That is how a stream ends, and no failure.
func (s *stream) write(w http.ResponseWriter) error {
	defer s.listener.Close()
	s.w, s.out = w, http.NewResponseController(w)
	if err := s.out.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("begin a stream: %w", err)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // a proxy that collects would hold back what is news now
	w.WriteHeader(http.StatusOK)
	if s.send("retry: 2000\nid: "+s.listener.At().String()+"\n: told from here on\n\n") != nil {
		return nil
	}
	for s.turn() {
	}
	return nil
}

// turn waits for news, or says that there are none. It reports whether the stream goes on. News that are for others
// alone do not put off the time for that.
func (s *stream) turn() bool {
	ctx, cancel := context.WithDeadline(s.ctx, s.sent.Add(heartbeat))
	defer cancel()
	batch, err := s.listener.Next(ctx)
	switch {
	case s.ctx.Err() != nil || errors.Is(err, feed.ErrClosed):
		return false
	case err != nil: // nothing happened; but the right to listen may be gone, or be more
		return s.allowed(0) && s.send(": nothing new\n\n") == nil
	case batch.Resync:
		return s.allowed(rightsFor) && s.send(notice("resync", batch.At, "{}")) == nil
	}
	if !s.sees(batch.Changed) {
		return true
	}
	if !s.allowed(rightsFor) {
		return false
	}
	text := s.tell(batch)
	return text == "" || s.send(text) == nil
}

// sees reports whether any of the runs was within the scope when that was last found out.
func (s *stream) sees(changed []models.Changed) bool {
	scope := s.access.Scope()
	for _, c := range changed {
		if scope.Sees(c.WorkspaceID, c.TenantID) {
			return true
		}
	}
	return false
}

// tell words those changes that the listener may see now. All but the last keep the position before the
// batch: who reads only a part of it is told all of it again.
func (s *stream) tell(b feed.Batch) string {
	scope, told := s.access.Scope(), map[string]bool{}
	var text strings.Builder
	for _, c := range b.Changed {
		if scope.Sees(c.WorkspaceID, c.TenantID) && !told[c.RunID] {
			told[c.RunID] = true
			fmt.Fprintf(&text, "event: run\ndata: {\"id\":%q}\n\n", c.RunID)
		}
	}
	if len(told) == 0 {
		return ""
	}
	fmt.Fprintf(&text, "id: %s\n\n", b.At)
	return text.String()
}

func notice(event string, at feed.Position, data string) string {
	return "event: " + event + "\nid: " + at.String() + "\ndata: " + data + "\n\n"
}

// allowed finds out anew what the listener may see, where that is older than age.
func (s *stream) allowed(age time.Duration) bool {
	if age > 0 && time.Since(s.known) < age {
		return true
	}
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	a, err := s.access.Again(ctx)
	if err != nil {
		return false
	}
	s.access, s.known = a, time.Now()
	return true
}

func (s *stream) send(text string) error {
	if err := s.out.SetWriteDeadline(time.Now().Add(patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	s.sent = time.Now()
	return s.out.Flush()
}
