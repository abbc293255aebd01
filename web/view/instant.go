package view

import (
	"fmt"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
)

// Instant is a moment together with the database's clock reading at which the page was made, so that
// every age on a page is counted from the same "as of". The zero Instant means "has not happened".
type Instant struct {
	At   time.Time
	AsOf time.Time
}

// At makes an Instant.
func At(at, asOf time.Time) Instant { return Instant{At: at, AsOf: asOf} }

// IsZero reports whether the moment has not happened.
func (i Instant) IsZero() bool { return i.At.IsZero() }

// ISO is the machine form for the datetime attribute.
func (i Instant) ISO() string { return i.At.UTC().Format("2006-01-02T15:04:05.000Z") }

// Full is the exact moment for people, in UTC.
func (i Instant) Full() string { return i.At.UTC().Format("2 Jan 2006, 15:04:05 UTC") }

// Clock is the time of day, with the date when it is not today's.
func (i Instant) Clock() string {
	at, asOf := i.At.UTC(), i.AsOf.UTC()
	switch {
	case at.Year() == asOf.Year() && at.YearDay() == asOf.YearDay():
		return at.Format("15:04:05")
	case at.Year() == asOf.Year():
		return at.Format("2 Jan 15:04")
	}
	return at.Format("2 Jan 2006")
}

// Ago says how long before "as of" the moment was, or how long until it comes.
func (i Instant) Ago() string {
	d := i.AsOf.Sub(i.At)
	if d <= -time.Second {
		return "in " + lifecycle.Span(-d)
	}
	return lifecycle.Ago(d)
}

// Duration writes how long something took, in its two largest units: "4 s", "3 min 20 s", "2 h 5 min", "6 d 1 h".
func Duration(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return pair(d, time.Minute, "min", time.Second, "s")
	case d < 24*time.Hour:
		return pair(d, time.Hour, "h", time.Minute, "min")
	}
	return pair(d, 24*time.Hour, "d", time.Hour, "h")
}

func pair(d, big time.Duration, bigName string, small time.Duration, smallName string) string {
	text := fmt.Sprintf("%d %s", d/big, bigName)
	if rest := d % big / small; rest > 0 {
		text += fmt.Sprintf(" %d %s", rest, smallName)
	}
	return text
}

// Count writes a number as every number is written.
func Count(n int64) string { return lifecycle.Number(n) }
