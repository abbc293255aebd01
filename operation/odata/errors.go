package odata

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/opstruth/opstruth/internal/outbound"
)

// BusyError says that the API wants fewer or later requests (429 or 503).
type BusyError struct {
	Status int
	After  time.Duration // what it asked to wait; negative when it did not say
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("the API is busy (HTTP %d)", e.Status)
}

// CredentialError says that the API or its token endpoint refuses the credential.
type CredentialError struct{ Reason string }

func (e *CredentialError) Error() string { return "the credential is refused: " + e.Reason }

// StatusError is any other answer than the asked one.
type StatusError struct {
	Status  int
	Code    string
	Message string
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("HTTP %d", e.Status)
	if e.Code != "" {
		s += " " + e.Code
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// Passing reports whether the same request may fare better soon.
func (e *StatusError) Passing() bool {
	return e.Status >= 500 && e.Status != http.StatusNotImplemented || e.Status == http.StatusRequestTimeout
}

// ContentError says that an answer is not what it should be.
type ContentError struct{ What string }

func (e *ContentError) Error() string { return "the answer cannot be used: " + e.What }

// ReachError says that no whole answer came.
type ReachError struct {
	Host string
	Err  error
}

func (e *ReachError) Error() string { return fmt.Sprintf("cannot reach %s: %v", e.Host, e.Err) }
func (e *ReachError) Unwrap() error { return e.Err }

func (c *Client) statusError(res *http.Response) error {
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return &BusyError{Status: res.StatusCode, After: outbound.RetryAfter(res.Header, c.now())}
	}
	e := &StatusError{Status: res.StatusCode}
	if where := res.Header.Get("Location"); where != "" {
		e.Message = "it redirects to " + clip(where) + "; correct the connection's URL"
	}
	var body struct {
		Error struct{ Code, Message string }
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err == nil && json.Unmarshal(raw, &body) == nil && body.Error.Message != "" {
		e.Code, e.Message = clip(body.Error.Code), clip(body.Error.Message)
	}
	if res.StatusCode == http.StatusUnauthorized {
		return &CredentialError{brief(strings.TrimSpace(e.Code+" "+e.Message), res.StatusCode)}
	}
	return e
}

func brief(reason string, status int) string {
	if reason == "" {
		return fmt.Sprintf("HTTP %d", status)
	}
	return clip(reason)
}

// clip keeps foreign text short and on one line.
func clip(s string) string {
	const most = 300
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
