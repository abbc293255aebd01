package lifecycle

import "time"

// Facts are the stored facts that this truth was derived from.
func (t Truth) Facts() Facts { return t.facts }

// Now is the moment for which this truth holds, on the record database's clock.
func (t Truth) Now() time.Time { return t.now }

// Headline tells in at most ten words whether the run is still active and how it is.
func (t Truth) Headline() string { return t.Badge().Label }

// Notification is the words of a message about the run: its class and whether
// it was ever stuck are always in them.
func (t Truth) Notification() (title, body string) {
	return t.Headline(), t.NextStep().Text
}
