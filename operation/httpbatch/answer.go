package httpbatch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/oauth2"

	"github.com/opstruth/opstruth/internal/outbound"
)

const (
	excerptBytes = 4 << 10  // of an answer that are looked at
	drainBytes   = 64 << 10 // of an answer that are read so that its connection can be used again
	excerptRunes = 200
)

// answer is what came of one attempt.
type answer struct {
	status  int // 0: none came
	excerpt string
	reason  string // what the other side says about a failure
	code    string // of the failure; empty for a success
	message string
	again   bool          // another attempt may fare better
	after   time.Duration // what the other side asked to wait; negative where it did not say
}

// courier sends messages of one run.
type courier struct {
	http      *http.Client // follows no redirect
	tokens    oauth2.TokenSource
	home      string // origin that the tokens are for
	timeout   time.Duration
	redirects int
}

// send makes one attempt. Its error concerns the run, not the line: there is no token to send with.
func (c *courier) send(ctx context.Context, m message) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	from := m.url
	for hop := 0; ; hop++ {
		res, err := c.call(ctx, m, origin(m.url) == origin(from))
		var none *credentialError
		if errors.As(err, &none) {
			return answer{code: "no_token"}, err
		}
		if err != nil {
			a := c.failure(ctx, err)
			if hop > 0 {
				a.message = "it redirects to " + clip(m.url.Redacted(), 120) + ", and " + a.message
			}
			return a, nil
		}
		to, follow := redirection(res, m)
		if to == nil {
			return read(res), nil
		}
		discard(res)
		if !follow || hop >= c.redirects {
			return answer{
				status: res.StatusCode, code: "redirected", after: -1,
				message: fmt.Sprintf("HTTP %d: it redirects to %s; %s", res.StatusCode, clip(to.Redacted(), 120), whyNot(m)),
			}, nil
		}
		m.url = to
	}
}

func whyNot(m message) string {
	if m.method == http.MethodGet || m.method == http.MethodHead {
		return "that was one redirect too many"
	}
	return "a " + m.method + " is not sent on; correct the URL"
}

// call sends a message. Away from home it takes along nothing but the method: headers may hold what is meant for one
// host alone.
func (c *courier) call(ctx context.Context, m message, atHome bool) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, m.method, m.url.String(), strings.NewReader(m.body))
	if err != nil {
		return nil, err
	}
	if m.body == "" {
		req.Body, req.GetBody, req.ContentLength = http.NoBody, nil, 0
	}
	if atHome {
		req.Header = m.header.Clone()
	}
	if c.tokens != nil && origin(m.url) == c.home {
		token, err := c.tokens.Token()
		if err != nil {
			return nil, &credentialError{err}
		}
		token.SetAuthHeader(req)
	}
	return c.http.Do(req)
}

// credentialError says that no token could be had. It concerns the run, not the line.
type credentialError struct{ err error }

func (e *credentialError) Error() string { return "cannot get a token: " + e.err.Error() }
func (e *credentialError) Unwrap() error { return e.err }

// redirection is where an answer leads, and whether this request may follow. Nothing with a body, and nothing that may
// change anything, is sent to another place than was asked for.
func redirection(res *http.Response, m message) (to *url.URL, follow bool) {
	switch res.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, false
	}
	to, err := res.Location()
	if err != nil {
		return nil, false
	}
	safe := (m.method == http.MethodGet || m.method == http.MethodHead) && m.body == ""
	web := (to.Scheme == "http" || to.Scheme == "https") && to.Host != "" && to.User == nil
	return to, safe && web
}

// read tells what an answer means.
func read(res *http.Response) answer {
	text := begin(res)
	a := answer{status: res.StatusCode, excerpt: clip(text, excerptRunes), after: -1}
	if a.status >= 200 && a.status < 300 {
		return a
	}
	a.code, a.reason = fmt.Sprintf("http_%d", a.status), clip(reason(text), excerptRunes)
	a.message = strings.TrimSpace(fmt.Sprintf("HTTP %d %s", a.status, http.StatusText(a.status)))
	switch {
	case a.status == http.StatusTooManyRequests, a.status == http.StatusServiceUnavailable:
		a.again, a.after = true, outbound.RetryAfter(res.Header, time.Now())
	case a.status == http.StatusRequestTimeout, a.status >= 500:
		a.again = true
	}
	return a
}

func (c *courier) failure(ctx context.Context, err error) answer {
	var refused *outbound.RefusedError
	var call *url.Error
	if errors.As(err, &call) {
		err = call.Err // the URL is the line's and known
	}
	switch {
	case errors.As(err, &refused):
		return answer{code: "refused_address", message: refused.Error(), after: -1}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return answer{code: "timeout", message: fmt.Sprintf("no answer within %s seconds", strconv.FormatFloat(c.timeout.Seconds(), 'f', -1, 64)), again: true, after: -1}
	}
	return answer{code: "unreachable", message: "no answer: " + clip(err.Error(), 200), again: true, after: -1}
}

// reason is the message within an error that is told in one of the usual JSON forms, or else the text itself.
func reason(text string) string {
	var told struct {
		Error                  json.RawMessage
		Message, Detail, Title string
		Description            string `json:"error_description"`
	}
	if json.Unmarshal([]byte(text), &told) != nil {
		return text
	}
	var inner struct{ Message string }
	var plain string
	_ = json.Unmarshal(told.Error, &inner) // it may be the one or the other, or not there
	_ = json.Unmarshal(told.Error, &plain)
	return cmp.Or(inner.Message, told.Message, told.Detail, told.Description, told.Title, plain, text)
}

// begin is the begin of a textual answer. The rest is read, within bounds, and forgotten.
func begin(res *http.Response) string {
	defer discard(res)
	raw, _ := io.ReadAll(io.LimitReader(res.Body, excerptBytes)) // what came before an error is worth showing too
	if bytes.IndexByte(raw, 0) >= 0 {
		return ""
	}
	return strings.ToValidUTF8(string(raw), "")
}

func discard(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, drainBytes) // only to use the connection again
	_ = res.Body.Close()
}

// clip keeps foreign text short and on one line.
func clip(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
