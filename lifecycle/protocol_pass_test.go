package lifecycle_test

import (
	"fmt"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
)

// pass is what activities.Reconciler.finish does, cut into steps between which anything may happen.
func (m *machine) pass(w world, i uint8, yield func(string, bool, world)) {
	p := w.passes[i]
	move := func(what string, next world, to inPass) {
		next.passes[i] = to
		yield(fmt.Sprintf("a pass (claim %d): %s", max(p.claim, to.claim), what), true, next)
	}
	if p.at != idle {
		move("crash", w, inPass{})
	}
	f := m.facts.values[w.facts]
	switch p.at {
	case idle:
		if f.Status.Active() && !(m.rules.forgetsToLook && f.Closing.ID != "") {
			move("read", w, inPass{at: read, sight: m.sights.put(sight{facts: w.facts})})
		}
	case read:
		to := inPass{at: seen, sight: m.see(w, p)}
		if f, e, v := m.judge(m.sights.values[to.sight]); f.Closing.ID == "" && v.Action != lifecycle.Adopt {
			if _, ok := wants(m.sights.values[to.sight], f, e, v); !ok {
				to = inPass{} // nothing is to be done
			}
		}
		move("ask Temporal", w, to)
	case seen:
		m.firstLook(w, p, move)
	case claimed:
		switch {
		case !f.Status.Active() || f.Closing.ID != claimID(p.claim):
			move("find the claim gone", w, inPass{})
		default:
			move("read again", w, inPass{at: readOver, sight: m.sights.put(sight{facts: w.facts}), claim: p.claim})
		}
	case readOver:
		move("ask Temporal again", w, inPass{at: decided, sight: m.see(w, p), claim: p.claim})
	case decided:
		m.act(w, p, move)
	case atEnd:
		m.recordEnd(&w, p)
		move("record the end", w, inPass{})
	}
}

func claimID(n uint8) string { return fmt.Sprintf("c%d", n) }

// see asks Temporal about the run that the pass has read.
func (m *machine) see(w world, p inPass) int32 {
	s := sight{facts: m.sights.values[p.sight].facts, day: w.day, wf: w.wf}
	switch w.wf {
	case live:
		s.step, s.up, s.ends = w.step, w.up, w.ends
	case closed:
		s.result = w.result
	case stopped:
		s.reason = w.reason
	}
	return m.sights.put(s)
}

// evidence is a sight as the reconciler observes it.
func (s sight) evidence() lifecycle.Evidence {
	e := lifecycle.Evidence{
		Answer: lifecycle.Answered, Retained: true, Execution: lifecycle.ExecRunning, RunID: "t1",
		ScheduledAge: -1, StartedAge: -1, HeartbeatAge: -1, PausedAge: -1, WorkersSeen: -1, PollerAge: -1,
	}
	switch s.wf {
	case absent, gone:
		e.Answer, e.Execution = lifecycle.NotFound, ""
	case closed:
		e.Execution, e.Result = lifecycle.ExecCompleted, outcome(s.result)
	case stopped:
		e.Execution, e.CloseReason = lifecycle.ExecTerminated, "by hand"
		if s.reason != byPerson {
			e.CloseReason = claimID(s.reason)
		}
	}
	if s.up {
		e.Workers, e.WorkersSeen, e.PollerAge = 1, 0, 0
	}
	switch s.step {
	case held:
		e.Activity, e.Attempt, e.StartedAge, e.HeartbeatAge = lifecycle.ActivityStarted, 1, 0, 0
	case cutOff:
		e.Activity, e.Attempt, e.StartedAge, e.HeartbeatAge = lifecycle.ActivityStarted, 1, 30*time.Hour, 30*time.Hour
	}
	e.RecordsEnd = s.ends
	return e
}

// judge weighs a sight. Earlier passes verified every silence of a day; they are not told one by one.
func (m *machine) judge(s sight) (lifecycle.Facts, lifecycle.Evidence, lifecycle.Verdict) {
	f, e, now := m.facts.values[s.facts], s.evidence(), day(s.day)
	if m.rules.closesEnding {
		e.RecordsEnd = false
	}
	if f.LivenessAt.Before(now) {
		f.Silence = lifecycle.Silence{Cause: lifecycle.NoWorkers, At: now.Add(-pass), For: 40 * time.Hour, Times: 9}
		if e.Answer == lifecycle.NotFound {
			f.Silence.Cause = lifecycle.WorkflowMissing
		}
	}
	return f, e, lifecycle.Judge(f, e, pass, now)
}

// wants is sight.wants of the reconciler.
func wants(s sight, f lifecycle.Facts, e lifecycle.Evidence, v lifecycle.Verdict) (lifecycle.Cause, bool) {
	gone, asked := e.Answer == lifecycle.NotFound, !f.Cancel.At.IsZero()
	cancel := asked && (!day(s.day).Before(f.Cancel.ForcedAt) || (gone && f.DispatchedAt.IsZero()))
	switch {
	case e.RecordsEnd:
		return "", false
	case v.Action == lifecycle.Unknown && !(gone && cancel):
		return "", false
	case cancel && (f.Closing.ID == "" || f.Closing.Cause == lifecycle.NoCause):
		return lifecycle.NoCause, true
	}
	return v.Cause, v.Action == lifecycle.Close && (f.Closing.ID == "" || f.Closing.Cause != lifecycle.NoCause)
}

// firstLook claims what is to be closed. A claim that an earlier pass left needs none.
func (m *machine) firstLook(w world, p inPass, move func(string, world, inPass)) {
	s := m.sights.values[p.sight]
	f, e, v := m.judge(s)
	if f.Closing.ID != "" || v.Action == lifecycle.Adopt {
		p.at = decided
		m.act(w, p, move)
		return
	}
	cause, _ := wants(s, f, e, v)
	if m.rules.noClaim {
		p.at = decided
		m.act(w, p, move)
		return
	}
	if w.claims == m.bounds.claims {
		return
	}
	next := w
	c := lifecycle.Change{
		Kind: lifecycle.CloseClaimed, Version: f.Version, LivenessAt: f.LivenessAt,
		Closing: lifecycle.Closing{ID: claimID(w.claims + 1), Cause: cause},
	}
	if m.apply(&next, c) != nil {
		move("claim in vain", next, inPass{})
		return
	}
	next.claims++
	if next.ends {
		next.tooLate |= 1 << next.claims
	}
	to := inPass{at: claimed, claim: next.claims}
	if m.rules.oneLook {
		s.facts = next.facts
		to = inPass{at: decided, sight: m.sights.put(s), claim: next.claims}
	}
	move("claim", next, to)
}

// act does what the look after the claim asks for.
func (m *machine) act(w world, p inPass, move func(string, world, inPass)) {
	s := m.sights.values[p.sight]
	f, e, v := m.judge(s)
	_, ok := wants(s, f, e, v)
	switch {
	case v.Action == lifecycle.Adopt:
		_ = m.apply(&w, adoption(f, e, v))
		move("adopt", w, inPass{})
	case ok && e.Answer == lifecycle.Answered:
		m.terminate(w, p, f, move)
	case ok:
		m.recordEnd(&w, p)
		move("record the end of what is not there", w, inPass{})
	case v.Action == lifecycle.Unknown:
		move("know nothing", w, inPass{})
	default:
		standing := m.facts.values[w.facts].Closing.ID
		if m.apply(&w, lifecycle.Change{Kind: lifecycle.CloseDropped, Closing: lifecycle.Closing{ID: f.Closing.ID}}) == nil {
			w.dropped |= bit(standing)
		}
		move("drop the claim", w, inPass{})
	}
}

// adoption is Reconciler.adopt.
func adoption(f lifecycle.Facts, e lifecycle.Evidence, v lifecycle.Verdict) lifecycle.Change {
	ours := lifecycle.Closing{ID: f.Closing.ID}
	switch {
	case v.Ours && f.Closing.Cause == lifecycle.NoCause:
		return lifecycle.Change{Kind: lifecycle.CancelForced, Closing: ours}
	case v.Ours:
		return lifecycle.Change{Kind: lifecycle.Reconciled, Closing: ours, Silence: f.Silence}
	}
	return lifecycle.Change{Kind: lifecycle.Adopted, Closing: ours, Token: "temporal:" + e.RunID, Outcome: v.Outcome, Failure: v.Failure}
}

// terminate ends the workflow with the claim as the reason. The answer may be lost, and the call may land late.
func (m *machine) terminate(w world, p inPass, f lifecycle.Facts, move func(string, world, inPass)) {
	if w.wf != live {
		move("find that it ended by itself", w, inPass{})
		return
	}
	reason := claimNumber(f.Closing.ID)
	switch {
	case m.rules.noReason:
		reason = byPerson
	case m.rules.noClaim:
		reason = 1 // of a claim that is not stored
	}
	done := w
	done.hitEnd = w.ends && w.tooLate&(1<<reason) != 0
	m.stop(&done, reason)
	move("terminate", done, inPass{at: atEnd, sight: p.sight})
	if w.flight == 0 && m.bounds.wide {
		sent := w
		sent.flight = reason
		move("terminate, no answer yet", sent, inPass{})
	}
}

// recordEnd records the close under the claim that the pass has seen.
func (m *machine) recordEnd(w *world, p inPass) {
	f, _, v := m.judge(m.sights.values[p.sight])
	c := lifecycle.Change{Kind: lifecycle.Reconciled, Closing: lifecycle.Closing{ID: f.Closing.ID}, Silence: v.Silence}
	if f.Closing.Cause == lifecycle.NoCause {
		c.Kind = lifecycle.CancelForced
	}
	_ = m.apply(w, c)
}

func claimNumber(id string) uint8 {
	for n := uint8(1); n < 8; n++ {
		if id == claimID(n) {
			return n
		}
	}
	return 0
}

func bit(id string) uint8 { return 1 << claimNumber(id) }
