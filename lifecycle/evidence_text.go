package lifecycle

import "strings"

// evidences hold every state but the stuck ones, whose cause tells more. A line
// that has nothing to say is empty and dropped.
var evidences = map[State]func(Truth) []string{
	StateQueued:     func(t Truth) []string { return []string{t.queuedFor(), t.servedBy(), t.unanswered()} },
	StateBacklogged: func(t Truth) []string { return []string{t.queuedFor(), t.taskWaits(), t.unanswered()} },
	StateRunning:    func(t Truth) []string { return []string{t.heard(), t.counts(), t.unanswered()} },
	StateWaiting:    func(t Truth) []string { return []string{t.waitReason(), t.counts(), t.unanswered()} },
	StateCancelling: func(t Truth) []string { return []string{t.cancelAsked(), t.counts(), t.unanswered()} },
	StatePaused:     func(t Truth) []string { return []string{t.pausedSince(), t.checked(), t.unanswered()} },
	StateStuck:      Truth.stuckEvidence,
	StateUnverified: func(t Truth) []string { return []string{t.lastHeard(), t.unanswered(), t.knownBefore()} },
	StateReconciled: func(t Truth) []string { return []string{t.silentSpan(), t.reconciledCause()} },
	StateFailed:     func(t Truth) []string { return []string{t.failure("Error: "), t.reasons(), t.ended()} },
	StatePartial:    func(t Truth) []string { return []string{t.counts(), t.reasons(), t.ended()} },
	StateBlocked:    func(t Truth) []string { return []string{t.failure("Reason: "), t.ended()} },
	StateCancelled:  func(t Truth) []string { return []string{t.ended(), t.counts()} },
	StateSucceeded:  func(t Truth) []string { return []string{t.ended()} },
}

// ZoneWords is how many words the decision zone may have, with all that is shown
// in it: what a person reads in ten seconds.
const ZoneWords = 60

// Evidence says how we know, with ages and times, the strongest first. It never
// guesses: where the evidence does not tell, it says so. Where all of it would
// make the decision zone too long, the weakest lines are left to the marks.
func (t Truth) Evidence() []string {
	step := t.NextStep()
	room := ZoneWords - words(t.Headline()) - words(t.ReconciliationNote()) - words(step.Label) - words(step.Text)
	var lines []string
	for _, line := range append(evidences[t.State](t), t.disclosures()...) {
		if n := words(line); n > 0 && n <= room {
			lines, room = append(lines, line), room-n
		}
	}
	return lines
}

// disclosures are what stays to be known whatever the state is.
func (t Truth) disclosures() []string {
	return []string{t.lateResult(), t.recovered(), t.superseded(), t.retried(), t.noted(), t.claimed()}
}

func (t Truth) queuedFor() string {
	s := "Queued " + t.ago(t.facts.QueuedAt)
	if t.facts.DispatchedAt.IsZero() {
		return s + "; not handed to Temporal yet."
	}
	return s + "."
}

func (t Truth) heard() string { return "Heard " + t.ago(t.facts.LivenessAt) + "." }
func (t Truth) lastHeard() string {
	return "Last heard " + t.ago(t.facts.LivenessAt) + ", at " + t.at(t.facts.LivenessAt) + "."
}
func (t Truth) ended() string {
	return "Ended " + t.ago(t.facts.CompletedAt) + ", at " + t.at(t.facts.CompletedAt) + "."
}

func (t Truth) counts() string {
	c := t.facts.Counts
	if c.all() == 0 {
		return ""
	}
	s := Number(c.Succeeded) + " of " + items(c.all()) + " done"
	if c.Failed > 0 {
		s += ", " + Number(c.Failed) + " failed"
	}
	if c.Skipped > 0 {
		s += ", " + Number(c.Skipped) + " skipped"
	}
	return s + "."
}

// unanswered says since when truth is unverified.
func (t Truth) unanswered() string {
	what, since := "Temporal", t.facts.Check.TemporalAt
	if !t.facts.Check.Unverified(t.now) {
		if t.Cause != Unverified {
			return ""
		}
		what, since = "this run", t.facts.VerifiedAt
	}
	if since.IsZero() {
		return "No check has reached " + what + " yet."
	}
	return "Unverified: no check has reached " + what + " since " + t.at(since) + "."
}

func (t Truth) waitReason() string {
	w := t.facts.Wait
	by, reason := brief(w.By, 4), brief(w.Reason, 8)
	if by == "" {
		by = "Its operation"
	}
	if reason == "" {
		return by + " declared this wait and gave no reason."
	}
	return ended(by + " declared it: " + reason)
}

func (t Truth) cancelAsked() string {
	by := brief(t.facts.Cancel.By, 3)
	if by == "" {
		by = "someone unrecorded"
	}
	return "Asked for by " + by + " " + t.ago(t.facts.Cancel.At) + "."
}

// failure tells the recorded failure after a lead word, at length where nothing
// else has to be disclosed: what to do about it stands at its end.
func (t Truth) failure(lead string) string {
	long := 28
	if strings.Join(t.disclosures(), "") != "" {
		long = 14
	}
	if m := brief(t.facts.Failure.Message, long); m != "" {
		return ended(lead + m)
	}
	return lead + "none was recorded."
}

// reasons tells why items failed.
func (t Truth) reasons() string {
	r := t.facts.Reasons
	top := brief(r.Top, 10)
	switch {
	case r.Count == 0 || (r.Count == 1 && top == ""):
		return ""
	case r.Count == 1:
		return ended("1 reason: " + top)
	case top == "":
		return Number(r.Count) + " reasons."
	}
	return ended(Number(r.Count) + " reasons, most often: " + top)
}

func (t Truth) silentSpan() string {
	r := t.facts.Reconciliation
	return "Silent since " + t.at(r.SilentSince) + "; closed " + t.ago(r.At) + ", at " + t.at(r.At) + "."
}

func (t Truth) reconciledCause() string {
	if t.Cause == NoCause {
		return "Evidence did not tell the cause."
	}
	return "Cause: " + lowerFirst(t.Cause.Label()) + "."
}

// knownBefore is the cause that was verified before Temporal fell silent too.
func (t Truth) knownBefore() string {
	s := t.facts.Silence
	if s.Cause == NoCause || s.Cause == Unverified || s.At.Before(t.facts.LivenessAt) {
		return ""
	}
	return "At " + t.at(s.At) + ": " + lowerFirst(s.Cause.Label()) + "."
}

func (t Truth) recovered() string {
	f := &t.facts
	switch {
	case !t.wasStuck() || f.FirstStaleAt.IsZero():
		return ""
	case f.StaleEpisodes > 1:
		return "Likely stuck " + Number(int64(f.StaleEpisodes)) + " times since " + t.at(f.FirstStaleAt) + "."
	case f.RecoveredAt.IsZero():
		return "Likely stuck from " + t.at(f.FirstStaleAt) + "."
	}
	return "Likely stuck from " + t.at(f.FirstStaleAt) + " to " + t.at(f.RecoveredAt) + "."
}

func (t Truth) lateResult() string {
	late := t.facts.Late
	if late.At.IsZero() {
		return ""
	}
	summary := brief(late.Summary, 6)
	if summary == "" {
		summary = "no summary"
	}
	return ended("Late result ignored at " + t.at(late.At) + ": " + summary)
}

func (t Truth) noted() string {
	a := t.facts.Acknowledged
	if a.At.IsZero() {
		return ""
	}
	s := "Noted"
	if by := brief(a.By, 3); by != "" {
		s += " by " + by
	}
	if note := brief(a.Note, 6); note != "" {
		s += ": " + note
	}
	return ended(s)
}

func (t Truth) superseded() string {
	if t.facts.SupersededBy == "" {
		return ""
	}
	return "Run " + shortID(t.facts.SupersededBy) + " succeeded later."
}

func (t Truth) retried() string {
	if t.facts.RetriedBy == "" || t.ProblemClass != TerminalFollowUp {
		return ""
	}
	return "Run " + shortID(t.facts.RetriedBy) + " retries it."
}

func (t Truth) claimed() string {
	c := t.facts.Claim
	if !c.Held() {
		return ""
	}
	by := brief(c.By, 3)
	if by == "" {
		by = "Somebody"
	}
	return by + " is on it since " + t.at(c.At) + "."
}
