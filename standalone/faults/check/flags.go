package check

import (
	"slices"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/standalone/faults/work"
)

// flags holds every time in which a run was called likely stuck against what its workers wrote down.
func (s Snapshot) flags(report *Report) []Invariant {
	real := Invariant{Name: "a flag is of real silence"}
	explained := Invariant{Name: "a flag has a cause that fits what was done"}
	cleared := Invariant{Name: "a flag goes with the next sign of life"}
	lineage := Invariant{Name: "lineage tells every episode, and no gap"}
	due := Invariant{Name: "real silence is flagged"}
	seen := attempts(s.Workers)
	for _, run := range s.Runs {
		w := s.witness(run, seen[run.ID])
		all := flags(run)
		own, gaps := 0, 0
		for _, f := range all {
			report.Flags++
			for _, c := range slices.Compact(slices.Sorted(slices.Values(f.causes))) {
				report.Causes[c]++
			}
			if !f.open {
				report.Longest = max(report.Longest, f.lasts())
			}
			if f.gap {
				gaps++
			} else {
				own++
			}
			s.judge(w, f, report, &real, &explained)
			cleared.Looked++
			if late, since := s.late(w, f); late {
				cleared.violated("%s was likely stuck from %s to %s, and at work since %s%s", run.ID, clock(f.from), end(f), clock(since), w.story())
			}
		}
		report.GapFlags += gaps
		lineage.Looked++
		if own != run.Facts.StaleEpisodes || gaps != run.GapEpisodes || (own > 0) != (!run.Facts.FirstStaleAt.IsZero()) {
			lineage.violated("%s has %d episodes and %d in gaps, and its timeline %d and %d%s", run.ID, run.Facts.StaleEpisodes, run.GapEpisodes, own, gaps, w.story())
		}
		s.dueOf(w, all, &due)
	}
	return []Invariant{real, explained, cleared, lineage, due}
}

// passRecovery is how long the reconciler may take to verify again after its process, Temporal or the database was away: a
// step of a pass that lost its worker is given to another one only when its time is over.
const passRecovery = 10 * time.Second

// judge says of one flag whether the run was silent, and whether its cause fits.
func (s Snapshot) judge(w witness, f flag, report *Report, real, explained *Invariant) {
	real.Looked++
	policy := w.run.Facts.Policy
	limit := policy.StaleAfter
	if f.queued {
		limit = policy.QueuedStaleAfter
	}
	window := span{f.from.Add(-limit), f.from}
	// What worked until long ago was silent since, and of what has only just begun nothing can have arrived.
	silent := !w.mayRest(f.from) &&
		!w.worked(window.from.Add(s.Settings.travel()+s.Settings.Slack), f.from.Add(-s.Settings.Timing.FlushEvery-s.Settings.Slack))
	away := s.during(span{window.from, f.from.Add(s.Settings.travel())}, DatabasePause, DatabaseRestart)
	switch {
	case silent && f.gap && !away:
		// Nothing that the harness did makes a gap of it; the product may have seen its own eyes fail.
	case silent:
	case w.backedOff(f.from) && s.during(span{window.from.Add(-passRecovery), f.from}, DatabasePause, DatabaseRestart, ConsoleKill, TemporalStop):
		return // only Temporal knew why it was silent, and nobody could ask
	case w.backedOff(f.from) && !f.open && f.lasts() <= s.Settings.Slack:
		return // the pass that asked was late, by no more than a busy machine may be
	case away && f.gap:
		return // the signs could not arrive, and that is what the record says
	case away:
		real.violated("%s was called likely stuck at %s while the database was away, and that is no gap in its record%s", w.run.ID, clock(f.from), w.story())
		return
	default:
		report.FalseFlags++
		real.violated("%s was called likely stuck at %s and was not silent%s", w.run.ID, clock(f.from), w.story())
		return
	}
	s.explain(w, f, explained)
}

// failed reports whether an attempt of the run failed by itself.
func (w witness) failed() bool {
	return slices.ContainsFunc(w.attempts, func(a attempt) bool { return a.how == work.FailedAttempt })
}

// backedOff reports whether the run was between two attempts of a failing step.
func (w witness) backedOff(at time.Time) bool {
	return slices.ContainsFunc(w.backoffs, func(b span) bool { return !at.Before(b.from) && at.Before(b.to) })
}

// fits says which faults a cause can come from. A console or a Temporal that is away delays what is known of every run.
var fits = map[lifecycle.Cause][]FaultKind{
	lifecycle.NoWorkers:           {Kill, Freeze, Restart, DatabasePause},
	lifecycle.WorkerLost:          {Kill, Freeze, Restart, DatabasePause, TemporalStop},
	lifecycle.Backlogged:          {Kill, Freeze, Restart, DatabasePause, DatabaseRestart, TemporalStop},
	lifecycle.WorkflowTaskFailing: {Kill, Freeze, Restart, TemporalStop},
	lifecycle.ActivityRetrying:    {DatabasePause, DatabaseRestart, TemporalStop}, // a heartbeat that fails for long interrupts its step
	lifecycle.Unverified:          {DatabasePause, DatabaseRestart, TemporalStop, ConsoleKill},
}

// explain holds the causes of a flag of real silence against what was done. One that was gone before a second pass could
// look needs none, but it too must come from something.
func (s Snapshot) explain(w witness, f flag, explained *Invariant) {
	explained.Looked++
	around := span{f.from.Add(-w.run.Facts.Policy.StaleAfter - handover - s.Settings.Slack), f.to}
	if f.open {
		around.to = f.from.Add(time.Hour)
	}
	picky := w.run.Facts.Type == work.TypePicky && w.run.Input.Flaky >= work.PickyAttempts-1
	if !s.during(around) && !picky {
		explained.violated("%s was silent from before %s and nothing was done%s", w.run.ID, clock(f.from), w.story())
		return
	}
	for _, c := range f.causes {
		if c == lifecycle.ActivityRetrying && (picky || w.failed()) || s.during(around, fits[c]...) && len(fits[c]) > 0 {
			continue
		}
		explained.violated("%s was called likely stuck at %s by %s, which nothing that was done explains%s", w.run.ID, clock(f.from), c, w.story())
	}
	patience := 3*s.Settings.Timing.PassEvery + s.Settings.Slack
	blind := s.during(span{f.from.Add(-s.Settings.Timing.PassEvery), f.to}, DatabasePause, DatabaseRestart, TemporalStop, ConsoleKill)
	if len(f.causes) == 0 && !f.open && f.lasts() > patience && !blind {
		explained.violated("%s was likely stuck from %s to %s and no cause was found%s", w.run.ID, clock(f.from), end(f), w.story())
	}
}

// during reports whether faults of some kinds, or any, meet a stretch of time.
func (s Snapshot) during(within span, kinds ...FaultKind) bool {
	return slices.ContainsFunc(s.Faults, func(f Fault) bool {
		return f.Kind != Clock && (len(kinds) == 0 || slices.Contains(kinds, f.Kind)) && (span{f.From, f.To}).meets(within)
	})
}

// late reports whether a run was at work for longer than a sign of life may take, with the database there, and still
// flagged. Of several attempts that the faults left at work side by side only the newest speaks for the run.
func (s Snapshot) late(w witness, f flag) (late bool, since time.Time) {
	var away []span
	for _, fault := range s.Faults {
		if fault.Kind == DatabasePause || fault.Kind == DatabaseRestart {
			away = append(away, span{fault.From, fault.To.Add(s.Settings.Slack)})
		}
	}
	to := f.to
	if f.open {
		to = f.from.Add(time.Hour)
	}
	for i, a := range w.attempts {
		own := slices.Clone(away)
		for _, other := range w.attempts[i+1:] {
			own = append(own, span{other.alive[0].from, to})
		}
		for _, alive := range a.alive {
			for _, part := range without(span{later(alive.from, f.from), earlier(alive.to, to)}, own) {
				if part.lasts() > s.Settings.clear() {
					return true, part.from
				}
			}
		}
	}
	return false, time.Time{}
}

// dueOf requires a flag for every silence between two attempts of one step that was longer than allowed.
func (s Snapshot) dueOf(w witness, all []flag, due *Invariant) {
	for i := 1; i < len(w.attempts); i++ {
		before, after := w.attempts[i-1], w.attempts[i]
		if before.Item != after.Item {
			continue
		}
		gap := span{before.alive[len(before.alive)-1].to, after.alive[0].from}
		limit := w.run.Facts.Policy.StaleAfter + w.comesAgain(before)
		rest := slices.ContainsFunc(w.excused, func(e span) bool { return e.meets(gap) })
		if rest || gap.lasts() < limit+s.Settings.Slack || s.during(span{gap.from.Add(-s.Settings.travel()), gap.to}, DatabasePause, DatabaseRestart) {
			continue
		}
		due.Looked++
		if !slices.ContainsFunc(all, func(f flag) bool { return f.meets(gap) || f.open && f.from.Before(gap.to) }) {
			due.violated("%s was silent from %s to %s and never called likely stuck%s", w.run.ID, clock(gap.from), clock(gap.to), w.story())
		}
	}
}

// comesAgain is for how long an attempt whose context was cancelled may wait for the next one without being flagged. Where
// its failure still reached Temporal it is a failed one, and its backoff explains the silence; where Temporal had given the
// attempt up before, nothing does. The worker cannot know which, so a flag is neither required nor false.
func (w witness) comesAgain(a attempt) time.Duration {
	if limit := w.run.Facts.Policy.RetryAttempts; a.how != work.CutOff || (limit > 0 && a.Number+1 >= limit) {
		return 0
	}
	return work.Backoff(a.Number)
}

func end(f flag) string {
	if f.open {
		return "the end"
	}
	return clock(f.to)
}
