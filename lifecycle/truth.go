package lifecycle

import "time"

// Facts are the stored facts that this truth was derived from.
func (t Truth) Facts() Facts { return t.facts }

// Now is the moment for which this truth holds, on the record database's clock.
func (t Truth) Now() time.Time { return t.now }
