package lifecycle_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
)

// This file models one run and everybody who may end it, for protocol_test.go. The record is changed by
// lifecycle.Apply and judged by lifecycle.Judge; the rest is what the run workflow, its workers, Temporal and the
// passes of the reconciler do around them, one step at a time. docs/protocol.md tells the same in words.

// Temporal's word on the workflow.
const (
	absent uint8 = iota // never started
	live
	closed  // ended by itself
	stopped // terminated
	gone    // Temporal lost it
)

// Where the run workflow stands.
const (
	beginning uint8 = iota
	working
	ending  // the terminal record is to be written
	closing // it is written; the workflow returns
)

// Who has the step that works.
const (
	free uint8 = iota
	held
	cutOff // a worker that Temporal has given up, and that works on
)

// Where a pass of the reconciler stands.
const (
	idle     uint8 = iota
	read           // it has read the record
	seen           // and asked Temporal
	claimed        // it has stored its intent
	readOver       // and read the record again
	decided        // and asked Temporal again
	atEnd          // it has terminated the workflow, or found none
)

const (
	byPerson uint8 = 99 // a Terminate of somebody else
	ownToken       = "own"
)

// world is one state. It is small and comparable; facts and sights are numbers in the machine's tables.
type world struct {
	facts   int32
	day     uint8 // of the record's clock; silence of a day closes
	wf      uint8
	reason  uint8 // of the Terminate: a claim's number, or byPerson
	result  int8  // what the workflow returned: an outcome's number, or -1
	phase   uint8
	outcome int8 // what the work came to
	starter bool // whoever inserted the record may yet start the workflow
	up      bool // a worker polls
	step    uint8
	ends    bool  // the activity that writes the terminal record is scheduled
	writes  uint8 // its attempts that a worker has; they outlive the workflow
	flight  uint8 // claim whose Terminate was sent, lost its answer and may land later
	claims  uint8
	onIt    uint8 // how often somebody has said to look after the run
	passes  [2]inPass

	// What happened, for the invariants.
	dropped uint8 // claims that were dropped, as bits
	tooLate uint8 // claims that were stored when the terminal record was on its way
	told    bool  // a worker reported after the end
	hitEnd  bool  // we terminated although the terminal record was on its way before we claimed
}

// inPass is where one pass of the reconciler is over this run.
type inPass struct {
	at    uint8
	sight int32
	claim uint8
}

// sight is what a pass has read of the record and seen in Temporal.
type sight struct {
	facts  int32
	day    uint8
	wf     uint8
	reason uint8
	result int8
	ends   bool
	up     bool
	step   uint8
}

// rules are the parts of the protocol that a mutant leaves out. The zero value is the protocol.
type rules struct {
	blindClaim    bool // the claim does not compare what was judged
	oneLook       bool // what was seen before the claim is terminated without a second look
	noReason      bool // Terminate does not carry the claim
	noClaim       bool // terminate and record without a claim of one's own
	anyClaim      bool // an end is recorded under whatever claim stands
	lastWins      bool // a later end overwrites an earlier one
	lateCounts    bool // items of a run that ended are applied
	closesEnding  bool // a pending terminal record does not hold back a close
	forgetsToLook bool // a claim that an earlier pass left is not picked up
}

// bounds keep the exploration finite: how many passes at a time, claims in all, days, attempts to write the end that
// are under way, and times that somebody takes the run on; and whether the start, people at Temporal, lost and late
// Terminates and cut-off workers are explored too.
type bounds struct {
	passes, claims, days, writes, onIt uint8
	wide                               bool
}

// machine explores worlds.
type machine struct {
	rules  rules
	bounds bounds
	facts  table[lifecycle.Facts]
	sights table[sight]
	broken string // the first invariant that a step broke
}

// table numbers values.
type table[V comparable] struct {
	number map[V]int32
	values []V
}

func (t *table[V]) put(v V) int32 {
	if n, ok := t.number[v]; ok {
		return n
	}
	if t.number == nil {
		t.number = map[V]int32{}
	}
	n := int32(len(t.values))
	t.number[v], t.values = n, append(t.values, v)
	return n
}

func day(d uint8) time.Time { return noon.Add(time.Duration(d) * 48 * time.Hour) }

func (m *machine) start() world {
	f := queued()
	f.DispatchedAt = time.Time{}
	f.StaleAt = staleAt(f)
	w := world{wf: absent, result: -1, outcome: -1, starter: true, up: true}
	if !m.bounds.wide {
		f.DispatchedAt, w.wf, w.starter = noon, live, false
	}
	w.facts = m.facts.put(f)
	return w
}

// apply makes one transition of the record, as models.Transition does: decided on the facts that it holds the lock on.
func (m *machine) apply(w *world, c lifecycle.Change) error {
	before := m.facts.values[w.facts]
	judged := before
	if m.rules.lastWins && before.Status == lifecycle.Completed && c.Kind == lifecycle.Finished {
		judged.Status = lifecycle.Running
	}
	if m.rules.blindClaim && c.Kind == lifecycle.CloseClaimed {
		c.Version, c.LivenessAt = before.Version, before.LivenessAt
	}
	if m.rules.anyClaim && (c.Kind == lifecycle.Reconciled || c.Kind == lifecycle.CancelForced || c.Kind == lifecycle.CloseDropped || c.Kind == lifecycle.Adopted) {
		c.Closing = before.Closing
	}
	after, err := lifecycle.Apply(judged, c, day(w.day))
	if err != nil {
		if judged == before && after != before {
			m.fail("a refused %s changed the record", c.Kind)
		}
		if c.Kind == lifecycle.Finished && before.TerminalToken == c.Token && !errors.Is(err, lifecycle.ErrUnchanged) {
			m.fail("the same token again is no no-op: %v", err)
		}
		return err
	}
	if after.Status == lifecycle.Running {
		after.StaleAt = staleAt(after)
	}
	for _, at := range []*time.Time{&after.DispatchedAt, &after.StartedAt, &after.ProgressAt, &after.Closing.At, &after.Late.At, &after.Claim.At} {
		if !at.IsZero() {
			*at = noon // no rule here asks when that was
		}
	}
	w.facts = m.facts.put(after)
	return nil
}

func (m *machine) fail(format string, args ...any) {
	if m.broken == "" {
		m.broken = fmt.Sprintf(format, args...)
	}
}

// plain is the same world without what can make no difference any more, so that fewer have to be explored.
func (m *machine) plain(w world) world {
	if w.step == cutOff && !m.bounds.wide {
		w.step = free
	}
	if w.wf != live {
		w.flight, w.tooLate, w.ends = 0, 0, false
		if w.wf != absent {
			w.up, w.phase = true, beginning
		}
		if w.wf == stopped {
			w.dropped &= 1 << w.reason
		}
		if w.writes == 0 {
			w.outcome = -1
		}
		if w.step == held {
			w.step = cutOff
		}
	}
	if m.facts.values[w.facts].Status == lifecycle.Completed {
		w.day, w.claims = m.bounds.days, 0
	}
	if a, b := w.passes[0], w.passes[1]; a.at < b.at || (a.at == b.at && a.sight < b.sight) {
		w.passes = [2]inPass{b, a} // the passes are alike
	}
	return w
}

// next calls yield with every world that is one step away. engine marks the steps of the reconciler, of Temporal and
// of time: those that need no worker and no person.
func (m *machine) next(w world, yield func(what string, engine bool, w world)) {
	m.people(w, yield)
	m.workflow(w, yield)
	m.worker(w, yield)
	if w.day < m.bounds.days {
		next := w
		next.day++
		yield("time passes", true, next)
	}
	if w.flight != 0 {
		landed := w
		landed.flight = 0
		yield("the Terminate is lost", true, landed)
		if w.wf == live {
			m.stop(&landed, w.flight)
			yield("the Terminate lands late", true, landed)
		}
	}
	for i := range m.bounds.passes {
		m.pass(w, i, yield)
	}
}

// people: whoever starts the run, an operator, and somebody at Temporal.
func (m *machine) people(w world, yield func(string, bool, world)) {
	f := m.facts.values[w.facts]
	if w.wf == absent && (w.starter || (f.Status.Active() && f.Cancel.At.IsZero())) {
		next := w
		next.wf, next.starter = live, false
		yield("start the workflow", true, next)
	}
	if w.starter {
		next := w
		next.starter = false
		yield("the starter crashes", true, next)
	}
	if w.wf != absent && w.wf != gone && f.DispatchedAt.IsZero() {
		next := w
		if m.apply(&next, kind(lifecycle.Dispatched)) == nil {
			yield("stamp dispatched", true, next)
		}
	}
	if f.Cancel.At.IsZero() {
		next := w
		if m.apply(&next, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Ada"}) == nil {
			yield("ask for a cancel", false, next)
		}
	}
	if w.onIt < m.bounds.onIt {
		next := w
		next.onIt++
		if m.apply(&next, lifecycle.Change{Kind: lifecycle.Claimed, Actor: "Ada"}) == nil {
			yield("somebody takes it on", false, next)
		}
	}
	if f.Claim.Held() {
		next := w
		if m.apply(&next, kind(lifecycle.Released)) == nil {
			yield("nobody is on it any more", false, next)
		}
	}
	if w.wf == live && m.bounds.wide {
		next := w
		m.stop(&next, byPerson)
		yield("a person terminates", false, next)
	}
	if w.wf == live && !f.DispatchedAt.IsZero() && m.bounds.wide {
		next := w
		next.wf, next.ends = gone, false
		yield("Temporal loses it", false, next)
	}
}

func (m *machine) stop(w *world, reason uint8) {
	w.wf, w.reason, w.ends = stopped, reason, false
	if w.step == held {
		w.step = cutOff
	}
}

// workflow is workflows.Run.
func (m *machine) workflow(w world, yield func(string, bool, world)) {
	if w.wf != live || !w.up {
		return
	}
	f := m.facts.values[w.facts]
	switch w.phase {
	case beginning:
		next := w
		switch err := m.apply(&next, kind(lifecycle.Started)); {
		case f.Status == lifecycle.Completed:
			next.phase, next.outcome = closing, number(f.Outcome)
		case !f.Cancel.At.IsZero():
			next = w
			next.phase, next.outcome = ending, number(lifecycle.Cancelled)
		case err == nil || errors.Is(err, lifecycle.ErrUnchanged):
			next.phase = working
		}
		yield("begin", false, next)
	case working:
		if !f.Cancel.At.IsZero() || f.Status == lifecycle.Completed {
			next := w
			next.phase, next.outcome, next.step = ending, number(lifecycle.Cancelled), free
			yield("stop between chunks", false, next)
		}
	case ending:
		if !w.ends {
			next := w
			next.ends = true
			yield("schedule the terminal record", false, next)
		}
	case closing:
		next := w
		next.wf, next.result = closed, w.outcome
		yield("close the workflow", false, next)
	}
}

// worker takes steps and writes the record.
func (m *machine) worker(w world, yield func(string, bool, world)) {
	f := m.facts.values[w.facts]
	if w.up {
		next := w
		next.up = false
		if w.step == held {
			next.step = cutOff
		}
		yield("the worker is cut off", false, next)
	} else {
		next := w
		next.up = true
		yield("a worker comes back", false, next)
	}
	if w.up && w.wf == live && w.phase == working && w.step == free {
		next := w
		next.step = held
		yield("take the step", false, next)
	}
	if w.step == held && f.LivenessAt.Before(day(w.day)) && f.Status.Active() {
		next := w
		m.beat(&next)
		yield("beat", false, next)
	}
	if w.step == held && w.wf == live {
		next := w
		m.items(&next)
		next.step, next.phase, next.outcome = free, ending, number(lifecycle.Succeeded)
		yield("finish the work", false, next)
	}
	if w.step == cutOff {
		next := w
		m.items(&next)
		next.step = free
		yield("a cut-off worker reports", false, next)
		next = w
		next.step = free
		yield("a cut-off worker dies", false, next)
	}
	if w.up && w.ends && w.writes < m.bounds.writes {
		next := w
		next.writes++
		yield("take the terminal record", false, next)
	}
	if w.writes > 0 {
		m.finish(w, yield)
	}
}

// beat is models.RecordBeats: a sign of life outside of the record's version.
func (m *machine) beat(w *world) {
	f := m.facts.values[w.facts]
	f.LivenessAt = day(w.day)
	f.StaleAt = staleAt(f)
	w.facts = m.facts.put(f)
}

// items is models.RecordItems: one item, which counts once and only while the run is active.
func (m *machine) items(w *world) {
	f := m.facts.values[w.facts]
	if !f.Status.Active() && !m.rules.lateCounts {
		m.late(w)
		return
	}
	f.Counts = lifecycle.Counts{Total: 1, Processed: 1, Succeeded: 1}
	w.facts = m.facts.put(f)
}

func (m *machine) late(w *world) {
	err := m.apply(w, lifecycle.Change{Kind: lifecycle.LateReported, Note: "1 item"})
	if err != nil && !errors.Is(err, lifecycle.ErrUnchanged) {
		m.fail("a late result was not disclosed: %v", err)
	}
	w.told = true
}

// finish is activities.RecordEnd, whose answer may be lost: then Temporal has it written again.
func (m *machine) finish(w world, yield func(string, bool, world)) {
	lost := w
	lost.writes--
	err := m.apply(&lost, lifecycle.Change{Kind: lifecycle.Finished, Token: ownToken, Outcome: outcome(w.outcome)})
	if errors.Is(err, lifecycle.ErrEnded) {
		m.late(&lost)
	}
	yield("write the terminal record, answer lost", false, lost)
	if w.wf == live && w.ends {
		told := lost
		told.ends, told.phase, told.outcome = false, closing, number(m.facts.values[lost.facts].Outcome)
		yield("write the terminal record", false, told)
	}
	dead := w
	dead.writes--
	yield("the write dies", false, dead)
}

func number(o lifecycle.Outcome) int8 {
	for i, each := range lifecycle.Outcomes() {
		if each == o {
			return int8(i)
		}
	}
	return -1
}

func outcome(n int8) lifecycle.Outcome {
	if n < 0 {
		return ""
	}
	return lifecycle.Outcomes()[n]
}
