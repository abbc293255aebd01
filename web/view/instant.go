package view

import (
	"fmt"
	"time"
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
	switch {
	case d <= -time.Second:
		return "in " + Span(-d)
	case d < time.Second:
		return "just now"
	}
	return Span(d) + " ago"
}

// Span writes a duration in its one or two largest units, rounded down: "4 s", "3 min 20 s", "2 h 5 min", "6 d 1 h".
func Span(d time.Duration) string {
	type unit struct {
		size time.Duration
		name string
	}
	units := []unit{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, u := range units {
		n := d / u.size
		if n == 0 {
			continue
		}
		text := fmt.Sprintf("%d %s", n, u.name)
		if i+1 < len(units) && n < 10 {
			if rest := (d % u.size) / units[i+1].size; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text
	}
	return "0 s"
}

// Count writes a number with thin spaces between thousands.
func Count(n int64) string {
	digits := fmt.Sprintf("%d", n)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return sign + digits
}
