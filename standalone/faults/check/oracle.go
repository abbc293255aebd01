package check

import (
	"cmp"
	"slices"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/faults/work"
)

// span is a stretch of time.
type span struct{ from, to time.Time }

func (s span) lasts() time.Duration { return s.to.Sub(s.from) }

func (s span) meets(o span) bool { return s.from.Before(o.to) && o.from.Before(s.to) }

// frozen is how far two pulses of a process may lie apart while it runs.
const frozen = 6 * work.PulseEvery

// handover is how long the product lets a run be silent after its worker said goodbye.
const handover = 30 * time.Second

// attempt is what a worker wrote down about one attempt.
type attempt struct {
	work.Attempt

	alive []span // while its process ran
	end   time.Time
	how   string // empty where its process never wrote its end
	lasts time.Duration
}

// attempts reads the logs of the workers, by run, in the order of their beginnings.
func attempts(workers []Worker) map[string][]attempt {
	all := map[string][]attempt{}
	for _, w := range workers {
		for _, life := range w.Lives {
			for _, a := range lived(within(w.Lines, life)) {
				all[a.Run] = append(all[a.Run], a)
			}
		}
	}
	for _, of := range all {
		slices.SortFunc(of, func(a, b attempt) int { return a.alive[0].from.Compare(b.alive[0].from) })
	}
	return all
}

func within(lines []work.Line, life Life) []work.Line {
	var own []work.Line
	for _, l := range lines {
		if !l.At.Before(life.From) && (life.To.IsZero() || !l.At.After(life.To)) {
			own = append(own, l)
		}
	}
	return own
}

// lived reads the attempts of one process.
func lived(lines []work.Line) []attempt {
	pulses := pulsing(lines)
	begun := map[work.Attempt]time.Time{}
	var all []attempt
	finish := func(a work.Attempt, end time.Time, how string, lasts time.Duration) {
		got := attempt{Attempt: a, end: end, how: how, lasts: lasts}
		for _, p := range pulses {
			if part := (span{later(p.from, begun[a]), earlier(p.to, end)}); !part.to.Before(part.from) {
				got.alive = append(got.alive, part)
			}
		}
		delete(begun, a)
		if len(got.alive) > 0 {
			all = append(all, got)
		}
	}
	for _, l := range lines {
		switch l.Kind {
		case work.Pulse:
		case work.Begin:
			begun[l.Of] = l.At
		default:
			if _, ok := begun[l.Of]; ok {
				finish(l.Of, l.At, l.Kind, l.Lasts)
			}
		}
	}
	for a := range begun { // cut off with their process
		finish(a, lines[len(lines)-1].At, "", 0)
	}
	return all
}

// pulsing is when a process ran.
func pulsing(lines []work.Line) []span {
	var spans []span
	for _, l := range lines {
		if n := len(spans); n > 0 && l.At.Sub(spans[n-1].to) <= frozen {
			spans[n-1].to = l.At
			continue
		}
		spans = append(spans, span{l.At, l.At})
	}
	return spans
}

// witness knows what really happened to one run.
type witness struct {
	run      Run
	attempts []attempt
	alive    []span // an attempt was at work
	excused  []span // nothing was to be heard of it: a wait, a backoff, a handover, the way from one step to the next
	backoffs []span // the part of it that only Temporal knows
}

func (s Snapshot) witness(r Run, of []attempt) witness {
	w := witness{run: r, attempts: of}
	policy := r.Facts.Policy
	for _, a := range of {
		w.alive = append(w.alive, a.alive...)
		from, lasts := a.end, time.Duration(0)
		switch a.how {
		case work.Waits:
			lasts = a.lasts + policy.WaitSlack
		case work.FailedAttempt:
			if limit := policy.RetryAttempts; limit == 0 || a.Number+1 < limit {
				lasts = a.lasts
				w.backoffs = append(w.backoffs, span{from, from.Add(lasts + s.Settings.Slack)})
			}
		case work.HandedOver:
			lasts = handover
		case work.CutOff, "":
			continue
		}
		if a.how == work.Ended || a.how == work.FailedAttempt {
			lasts += s.Settings.Slack // the next step has to find a worker
		}
		w.excused = append(w.excused, span{from, untilNext(of, from, from.Add(lasts))})
	}
	w.alive, w.excused = merged(w.alive), merged(w.excused)
	return w
}

// untilNext ends an excuse early where work went on before it was over.
func untilNext(of []attempt, from, to time.Time) time.Time {
	for _, a := range of {
		if begun := a.alive[0].from; begun.After(from) {
			to = earlier(begun, to)
		}
	}
	return to
}

// worked reports whether the run was at work until some moment, or longer, and since another, or longer.
func (w witness) worked(until, since time.Time) bool {
	return slices.ContainsFunc(w.alive, func(s span) bool { return s.to.After(until) && s.from.Before(since) })
}

// mayRest reports whether nothing was to be heard of the run at a moment.
func (w witness) mayRest(at time.Time) bool {
	return slices.ContainsFunc(w.excused, func(s span) bool { return !at.Before(s.from) && at.Before(s.to) })
}

// merged joins spans that meet.
func merged(spans []span) []span {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && !s.from.After(out[n-1].to) {
			out[n-1].to = later(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// without cuts stretches of time out of a span.
func without(s span, cut []span) []span {
	left := []span{s}
	for _, c := range cut {
		var next []span
		for _, l := range left {
			if !l.meets(c) {
				next = append(next, l)
				continue
			}
			if l.from.Before(c.from) {
				next = append(next, span{l.from, c.from})
			}
			if c.to.Before(l.to) {
				next = append(next, span{c.to, l.to})
			}
		}
		left = next
	}
	return left
}

// flag is one time in which the record called a run likely stuck.
type flag struct {
	span

	open   bool // to the end of the harness
	gap    bool // recorded as one of a telemetry gap
	queued bool // before the run's first step
	causes []lifecycle.Cause
}

// flags reads the flags of a run from its timeline.
func flags(r Run) []flag {
	var all []flag
	var causes []models.Event
	started := r.Facts.StartedAt
	for _, e := range r.Events {
		switch e.Kind { //nolint:exhaustive // the others tell nothing of flags
		case lifecycle.WentStale:
			all = append(all, flag{span: span{from: e.At}, open: true, gap: data(e).Gap, queued: started.IsZero() || e.At.Before(started)})
		case lifecycle.CauseFound:
			causes = append(causes, e)
		case lifecycle.Recovered:
			if n := len(all); n > 0 && all[n-1].open {
				all[n-1].to, all[n-1].open = e.At, false
				all[n-1].gap = data(e).Gap
			}
		case lifecycle.Finished, lifecycle.Adopted, lifecycle.Reconciled, lifecycle.CancelForced:
			if n := len(all); n > 0 && all[n-1].open { // what was flagged before the record was known to be away, or after
				all[n-1].gap = data(e).Gap
			}
		}
	}
	for i := range all {
		f := &all[i]
		if f.open {
			f.to = r.Facts.CompletedAt
			f.open = f.to.IsZero()
		}
		for _, e := range causes {
			if !e.At.Before(f.from) && (f.open || !e.At.After(f.to)) {
				f.causes = append(f.causes, data(e).Cause)
			}
		}
	}
	return all
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
