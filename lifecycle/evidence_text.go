package lifecycle

// Evidence says how we know, with ages and times. It never guesses: where the
// evidence does not tell, it says so.
func (t Truth) Evidence() []string { return nil }

// ReconciliationNote says whether opstruth closed the run, and what that means.
func (t Truth) ReconciliationNote() string { return "" }
