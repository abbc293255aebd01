package page

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/web/act"
	"github.com/opstruth/opstruth/web/view"
)

// decision is the first block of a run's page: words from its truth, and the actions its reader may take,
// the truth's own next step first.
func (d RunData) decision(t lifecycle.Truth) view.Decision {
	zone := view.DecisionOf(t, d.actions(t)...)
	// What does not fit is the weakest evidence; it stands in the timeline too.
	for len(zone.Evidence) > 1 && shownWords(zone) > lifecycle.ZoneWords {
		zone.Evidence = zone.Evidence[:len(zone.Evidence)-1]
	}
	return zone
}

func shownWords(zone view.Decision) int {
	text := []string{"How we know", "Next step", zone.Headline, zone.Reconciliation, zone.Next.Text}
	for _, b := range zone.Badges {
		text = append(text, b.Label)
	}
	for _, e := range zone.Evidence {
		text = append(text, e.Text)
	}
	for _, a := range zone.Next.Actions {
		text = append(text, a.Label)
	}
	return len(strings.Fields(strings.Join(text, " ")))
}

// actions are what the reader may do about the run: the next step's own is the one primary button.
func (d RunData) actions(t lifecycle.Truth) []view.Action {
	var first, others []view.Action
	if open := d.openRetry(t); open != nil {
		first = append(first, *open)
	}
	if !d.may(d.Run.WorkspaceID) {
		return first
	}
	step := t.NextStep().Kind
	put := func(is lifecycle.StepKind, a view.Action) {
		if step == is {
			a.Primary = true
			first = append(first, a)
			return
		}
		others = append(others, a)
	}
	f := t.Facts()
	switch {
	case f.Status.Active() && f.Cancel.At.IsZero():
		put(lifecycle.StepCancel, d.cancel())
	case t.ProblemClass == lifecycle.TerminalFollowUp:
		if step != lifecycle.StepOpen && (t.Open || step == lifecycle.StepRetry) {
			put(lifecycle.StepRetry, d.retry(t))
		}
		switch {
		case t.Open:
			others = append(others, d.acknowledge())
		case !f.Acknowledged.At.IsZero():
			others = append(others, d.post("Reopen", "refresh", "reopen"))
		}
	}
	others = append(others, d.claims(t)...)
	return append(first, others...)
}

// openRetry leads to the run that tries this one again, where that is the next step.
func (d RunData) openRetry(t lifecycle.Truth) *view.Action {
	step := t.NextStep()
	if step.Kind != lifecycle.StepOpen {
		return nil
	}
	for _, r := range d.Lineage.Retries {
		if r.ID == t.Facts().RetriedBy {
			return &view.Action{Label: step.Label, Icon: "arrow-right", Primary: true, Href: links.Run(d.Who.Plane, r.ID, d.From)}
		}
	}
	return nil
}

// claims are what the reader may say about who is on it.
func (d RunData) claims(t lifecycle.Truth) []view.Action {
	c := t.Facts().Claim
	switch {
	case c.HeldBy(d.Who.User.ID):
		return []view.Action{d.post("Release", "user", "release")}
	case !t.Claimable():
		return nil
	case c.Held():
		return []view.Action{d.post("Take over", "user-check", "claim")}
	}
	return []view.Action{d.post("I am on it", "user-check", "claim")}
}

// post is a button. Its form carries the list that the page was opened from.
func (d RunData) post(label, icon, action string) view.Action {
	return view.Action{Label: label, Icon: icon, Post: true, Href: links.RunAction(d.Who.Plane, d.Run.ID, action), Hidden: d.kept()}
}

// kept are the fields that tell a form's receiver where its page was opened from.
func (d RunData) kept() []view.Pair {
	var fields []view.Pair
	from := d.From.Values()
	for _, name := range slices.Sorted(maps.Keys(from)) {
		fields = append(fields, view.Pair{Name: name, Value: from.Get(name)})
	}
	return fields
}

func (d RunData) cancel() view.Action {
	a := d.post("Cancel run", "player-stop", "cancel")
	a.Danger = true
	a.Confirm = &view.Ask{
		Text:  "It finishes the item it is at and stops. What is done stays done. If it does not stop within " + lifecycle.Span(d.Run.Facts.Policy.CancelGrace) + ", it is forced.",
		Label: "Cancel run",
	}
	return a
}

// retry carries a key that is the same for everybody who looks at this record, so that two people, or two
// clicks, start one new run.
func (d RunData) retry(t lifecycle.Truth) view.Action {
	a := d.post("Retry", "rotate-clockwise", "retry")
	a.Hidden = append(a.Hidden, view.Pair{Name: KeyField, Value: "retry-" + d.Run.ID + "-" + strconv.FormatInt(t.Facts().Version, 10)})
	return a
}

func (d RunData) acknowledge() view.Action {
	a := d.post("Note", "notes", "acknowledge")
	a.Confirm = &view.Ask{
		Text:  "Say what you found or did. The run leaves the list of open follow-ups and stays on record.",
		Note:  &view.Field{Name: "note", Label: "Note", Kind: view.TextAreaField, Required: true, MaxLength: act.MaxNote},
		Label: "Save note",
	}
	return a
}
