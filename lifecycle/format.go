package lifecycle

import (
	"strconv"
	"time"
)

// Span is a duration as people say it, in its one largest unit: "12 s", "5 min",
// "3 h", "2 days". A negative one counts as zero.
func Span(d time.Duration) string {
	switch {
	case d < time.Second:
		return "0 s"
	case d < 2*time.Minute:
		return strconv.FormatInt(int64(d/time.Second), 10) + " s"
	case d < 2*time.Hour:
		return strconv.FormatInt(int64(d/time.Minute), 10) + " min"
	case d < 48*time.Hour:
		return strconv.FormatInt(int64(d/time.Hour), 10) + " h"
	}
	return strconv.FormatInt(int64(d/(24*time.Hour)), 10) + " days"
}

// Ago is how long ago something was: "just now" below a second, else "12 s ago".
func Ago(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	return Span(d) + " ago"
}

// Clock is the time of day in UTC, "15:04". The zero time is told as unknown.
func Clock(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.UTC().Format("15:04")
}
