package apiclient

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// silence is how long a stream may say nothing at all: the server says something every 15 s.
const silence = 40 * time.Second

// Change is what a stream tells: that a run may have changed, or, without an id, that any may have.
type Change struct{ ID string }

// Changes is an open stream. It is for one goroutine.
type Changes struct {
	lines  *bufio.Scanner
	body   io.Closer
	idle   *time.Timer
	cancel context.CancelFunc
	last   string
}

// Changes opens the stream of what changes, of all workspaces where platform is set. Last is the place where an
// earlier stream ended; empty begins now. The stream ends with ctx, or when nothing is heard of the server.
func (c *Client) Changes(ctx context.Context, platform bool, last string) (*Changes, error) {
	ctx, cancel := context.WithCancel(ctx)
	idle := time.AfterFunc(silence, cancel)
	long := *c
	long.Client = &http.Client{CheckRedirect: stay} // it has no limit of its own: idle is the limit
	var answer *http.Response
	var err error
	as := func(_ context.Context, r *http.Request) error {
		r.Header.Set("Accept", "text/event-stream, application/problem+json")
		return nil
	}
	if place := optional(last); platform {
		answer, err = long.SystemStreamEvents(ctx, &SystemStreamEventsParams{LastEventID: place}, as) //nolint:bodyclose // Changes.Close or Read closes it
	} else {
		answer, err = long.StreamEvents(ctx, &StreamEventsParams{LastEventID: place}, as) //nolint:bodyclose // the same
	}
	if err == nil {
		if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); answer.StatusCode == http.StatusOK && kind == "text/event-stream" {
			return &Changes{lines: bufio.NewScanner(answer.Body), body: answer.Body, idle: idle, cancel: cancel, last: last}, nil
		}
		_, _, err = Read[struct{}](answer, nil)
		if err == nil {
			err = errors.New("what answered is not a stream")
		}
	} else {
		err = fmt.Errorf("%w: %w", errAway, err)
	}
	idle.Stop()
	cancel()
	return nil, err
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Next waits for a change. An error ends the stream.
func (s *Changes) Next() (Change, error) {
	var kind, data string
	for s.lines.Scan() {
		s.idle.Reset(silence)
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "id":
			s.last = value
		case "event":
			kind = value
		case "data":
			data = value
		case "":
			if s.lines.Text() != "" || kind == "" {
				continue // a comment, or a place that is named alone
			}
			var what struct{ ID string }
			if err := json.Unmarshal([]byte(data), &what); err != nil {
				return Change{}, fmt.Errorf("read the stream: %w", err)
			}
			return Change{ID: what.ID}, nil
		}
	}
	if err := s.lines.Err(); err != nil {
		return Change{}, fmt.Errorf("%w: %w", errAway, err)
	}
	return Change{}, fmt.Errorf("%w: the stream has ended", errAway)
}

// Last is the place up to which everything was told.
func (s *Changes) Last() string { return s.last }

// Close ends the stream.
func (s *Changes) Close() {
	s.idle.Stop()
	s.cancel()
	_ = s.body.Close()
}
