package lifecycle

// Notification is the words of a message about the run: its state and subject,
// then what happened, its class, whether it was ever stuck, and the next step.
func (t Truth) Notification() (title, body string) {
	f := &t.facts
	title = t.Badge().Label + ": " + brief(f.Type, 1)
	if target := brief(f.Target, 6); target != "" {
		title += " for " + target
	}
	body = t.Headline() + "."
	if t.ProblemClass != NoProblem {
		body += " " + t.ProblemClass.Label() + "."
	}
	if t.wasStuck() {
		body += " " + markWasStuck.Label + "."
	}
	return title, body + " " + t.NextStep().Text
}
