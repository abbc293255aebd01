package lifecycle

import "time"

// Breaker holds closes back while opstruth's own eyes are in doubt: a telemetry
// gap. It is a level, stored, one per task queue and one overall.
type Breaker struct {
	Open  bool
	Since time.Time
	Below int // passes in a row under the threshold while open
}

// Sample is what one pass saw within a breaker's scope.
type Sample struct {
	Active      int // active runs
	Unconfirmed int // of those, silent here while Temporal's evidence is fresh, or fallen silent together without a known cause
}

// Tripped reports whether the share of unconfirmed silence is too large to be
// the runs' own: a third of the active ones and at least three.
func (s Sample) Tripped() bool {
	return s.Unconfirmed >= 3 && 3*s.Unconfirmed >= s.Active
}

// Next is the breaker after a pass: a tripped sample opens it at once, two
// passes below close it.
func (b Breaker) Next(s Sample, now time.Time) Breaker {
	switch {
	case s.Tripped() && b.Open:
		b.Below = 0
	case s.Tripped():
		b = Breaker{Open: true, Since: now}
	case b.Open && b.Below >= 1:
		b = Breaker{}
	case b.Open:
		b.Below++
	}
	return b
}
