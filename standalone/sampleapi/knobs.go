package sampleapi

import (
	"net/http"
	"strconv"
	"time"
)

// Knobs make a tenant's API misbehave in the ways that real ones do. The zero value behaves.
type Knobs struct {
	Latency time.Duration // before each answer

	ThrottleNext    int           // the next n requests are answered 429
	UnavailableNext int           // the next n requests, after the throttled ones, are answered 503
	ThrottleEvery   int           // every n-th request is answered 429; 0 is never
	RetryAfter      time.Duration // what 429 and 503 ask for, rounded up to a second; 0 sends no such header
	RetryAfterDate  bool          // as a date and not in seconds, which HTTP allows as well

	BrokenPage map[string]int  // collection to the number of a page, from 1, that is answered 500 for ever
	Forbidden  map[string]bool // collections that are answered 403, as if a permission were missing
	Endless    map[string]bool // collections whose every page has a next one
	NextLink   string          // origin that next links point to instead of this server's
}

// refusal is an answer other than the asked one.
type refusal struct {
	status        int
	code, message string
	retryAfter    string
}

// refuse says whether the knobs answer the request in the data's place, and counts it.
func (s *state) refuse(collection string, page int, now time.Time) *refusal {
	k := &s.knobs
	s.stats.Requests++
	switch {
	case k.ThrottleNext > 0:
		k.ThrottleNext--
		return s.busy(http.StatusTooManyRequests, now)
	case k.UnavailableNext > 0:
		k.UnavailableNext--
		return s.busy(http.StatusServiceUnavailable, now)
	case k.ThrottleEvery > 0 && s.stats.Requests%k.ThrottleEvery == 0:
		return s.busy(http.StatusTooManyRequests, now)
	case k.Forbidden[collection]:
		return &refusal{status: http.StatusForbidden, code: "Authorization_RequestDenied",
			message: "Insufficient privileges to read " + collection + "."}
	case k.BrokenPage[collection] > 0 && k.BrokenPage[collection] == page:
		return &refusal{status: http.StatusInternalServerError, code: "generalException",
			message: "Page " + strconv.Itoa(page) + " of " + collection + " cannot be read."}
	}
	return nil
}

func (s *state) busy(status int, now time.Time) *refusal {
	s.stats.Throttled++
	r := &refusal{status: status, code: "TooManyRequests", message: "Too many requests."}
	if status == http.StatusServiceUnavailable {
		r.code, r.message = "serviceNotAvailable", "The service is temporarily unavailable."
	}
	if after := s.knobs.RetryAfter; after > 0 {
		seconds := int((after + time.Second - 1) / time.Second)
		r.retryAfter = strconv.Itoa(seconds)
		if s.knobs.RetryAfterDate {
			r.retryAfter = now.Add(time.Duration(seconds) * time.Second).UTC().Format(http.TimeFormat)
		}
	}
	return r
}
