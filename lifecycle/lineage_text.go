package lifecycle

import "strings"

// LineageText says whether and how often the run was stuck, for a column of its own in lists.
func (t Truth) LineageText() string {
	n := t.facts.StaleEpisodes
	switch {
	case !t.StaleLineage:
		return "Never"
	case t.ProblemClass == ActiveStaleAttention && n > 0:
		return "Now, and " + timesStuck(n) + " before"
	case t.ProblemClass == ActiveStaleAttention:
		return "Now"
	case t.Freshness == ReconciledFailed:
		return "When closed"
	}
	return strings.ToUpper(timesStuck(n)[:1]) + timesStuck(n)[1:]
}

// LineageTone is the tone of LineageText: the state's own while the run is stuck, and none of a past.
func (t Truth) LineageTone() Tone {
	if t.ProblemClass == ActiveStaleAttention {
		return t.Badge().Tone
	}
	return ToneNeutral
}

// StuckBefore reports a stuck past that neither the state nor the class tells.
func (t Truth) StuckBefore() bool {
	return t.StaleLineage && (t.ProblemClass != ActiveStaleAttention || t.facts.StaleEpisodes > 0)
}

func timesStuck(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return Number(int64(n)) + " times"
}
