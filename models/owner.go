package models

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// settleOwners decides about each beat, and leaves in owners who owns a run afterwards. At most one beat per run is
// accepted: the youngest of its owner, as young as the youngest that comes from aside. Reading the clock took slack: of the
// moments at which an attempt may have begun the earliest is kept and the latest is compared, so that one that follows
// another is never taken for the earlier one.
func settleOwners(owners map[string]*Run, beats []Beat, handed time.Time, slack time.Duration) (accepted, rejected []Beat) {
	beats = slices.Clone(beats)
	sort.SliceStable(beats, func(i, j int) bool { // the attempt that began first goes first, its oldest beat before all
		if beats[i].StartedAge != beats[j].StartedAge {
			return beats[i].StartedAge > beats[j].StartedAge
		}
		return beats[i].Age > beats[j].Age
	})
	last := map[string]Beat{}
	var aside []Beat
	for _, b := range beats {
		run, active := owners[b.RunID]
		if active && b.Aside {
			aside = append(aside, b)
			continue
		}
		if !active || !run.Owner.yields(b, handed) {
			rejected = append(rejected, b)
			continue
		}
		if earlier, ok := last[b.RunID]; ok && !run.Owner.is(b) {
			rejected = append(rejected, earlier)
			b.MissedAge = max(b.MissedAge, earlier.MissedAge) // the run beat in vain before, too
		}
		run.Owner = run.Owner.next(b, handed.Add(-slack))
		last[b.RunID] = b
	}
	for _, b := range aside {
		if to, ok := last[b.RunID]; ok {
			to.Age, to.MissedAge = min(to.Age, b.Age), max(to.MissedAge, b.MissedAge)
			b = to
		}
		last[b.RunID] = b
	}
	for _, b := range last {
		accepted = append(accepted, b)
	}
	slices.SortFunc(accepted, func(a, b Beat) int { return strings.Compare(a.RunID, b.RunID) })
	return accepted, rejected
}

func (o Owner) sameActivity(b Beat) bool {
	return o.TemporalRunID == b.TemporalRunID && o.ActivityID == b.ActivityID
}

// is reports whether the beat comes from this very attempt.
func (o Owner) is(b Beat) bool { return o.sameActivity(b) && o.Attempt == b.Attempt }

// beganMargin is how much a beat's ages may be off: a batch is under way for at most two seconds or so. An attempt that
// began earlier or later than another by more did so for certain.
const beganMargin = 5 * time.Second

// yields reports whether the beat's attempt is the owner, or may take its place: a later attempt of the same activity, or
// an attempt of another one that began later. Somebody who resets an activity in Temporal makes its attempts count from
// one again, so that what began later counts, whatever its number.
func (o Owner) yields(b Beat, handed time.Time) bool {
	if o == (Owner{}) {
		return true
	}
	began := handed.Add(-b.StartedAge)
	switch {
	case !o.sameActivity(b):
		return !began.Before(o.StartedAt)
	case b.Attempt == o.Attempt:
		return true
	case b.Attempt > o.Attempt:
		return began.After(o.StartedAt.Add(-beganMargin))
	}
	return began.After(o.StartedAt.Add(beganMargin))
}

func (o Owner) next(b Beat, handed time.Time) Owner {
	if o.is(b) {
		return o
	}
	return Owner{TemporalRunID: b.TemporalRunID, ActivityID: b.ActivityID, Attempt: b.Attempt, StartedAt: handed.Add(-b.StartedAge)}
}
