package view

import "github.com/opstruth/opstruth/lifecycle"

// Badges are a run's state and its marks, the same on every surface.
func Badges(t lifecycle.Truth) []Badge {
	return append([]Badge{t.Badge()}, t.Marks()...)
}

// DecisionOf words a run's decision zone; the caller adds the actions its reader may take.
func DecisionOf(t lifecycle.Truth, actions ...Action) Decision {
	step := t.NextStep()
	d := Decision{
		Badges:         Badges(t),
		Headline:       t.Headline(),
		Reconciliation: t.ReconciliationNote(),
		Next:           NextStep{Text: step.Text, Calm: step.Kind == lifecycle.StepNone, Actions: actions},
	}
	for _, text := range t.Evidence() {
		d.Evidence = append(d.Evidence, Evidence{Text: text})
	}
	return d
}

// ProgressOf shows a run's counts.
func ProgressOf(t lifecycle.Truth) Progress {
	f := t.Facts()
	return Progress{
		Total: f.Counts.Total, Processed: f.Counts.Processed,
		Succeeded: f.Counts.Succeeded, Failed: f.Counts.Failed, Skipped: f.Counts.Skipped,
		Active: f.Status.Active(),
		Stuck:  t.ProblemClass == lifecycle.ActiveStaleAttention,
		Moved:  At(f.ProgressAt, t.Now()),
		Last:   f.LastItem,
	}
}

// TruthAgeOf says how old the truth is for which the reconciler's check was read at asOf.
func TruthAgeOf(c lifecycle.Check, asOf Instant) TruthAge {
	return TruthAge{
		AsOf:            asOf,
		LastPass:        At(c.PassAt, asOf.At),
		UnverifiedSince: At(c.UnverifiedSince(asOf.At), asOf.At),
		Gap:             c.Gap,
	}
}

// Took is how long a run took, or has taken so far.
func Took(t lifecycle.Truth) string {
	f := t.Facts()
	if f.StartedAt.IsZero() {
		return "–"
	}
	end := f.CompletedAt
	if end.IsZero() {
		end = t.Now()
	}
	return Duration(end.Sub(f.StartedAt))
}
