package page

import (
	"strconv"
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/find"
	"github.com/opstruth/opstruth/web/view"
)

// TriageData is what the system plane loads for a run beside what both planes show.
type TriageData struct {
	Group  *models.StuckGroup // the likely stuck runs of the same cause and queue, this one among them; nil where it is not stuck
	CanAsk bool               // this installation can ask Temporal for its readers
	Asked  *view.Asked        // what Temporal said, where it was asked with the page
}

// triage is what platform staff need beside the decision: its likes, its past, and what the truth rests on.
func (d RunData) triage(t lifecycle.Truth) *view.Triage {
	v := &view.Triage{Asked: d.Triage.Asked}
	if g := d.Triage.Group; g != nil && g.Runs > 1 {
		others := view.Count(g.Runs-1) + " other runs are"
		if g.Runs == 2 {
			others = "1 other run is"
		}
		v.Siblings = &view.Link{
			Label: others + " stuck for the same cause on this queue: show all " + view.Count(g.Runs),
			Href:  links.Runs(links.System, find.List(g.Filter(models.Filter{}, d.Now), "", "")),
		}
	}
	for _, group := range []view.TriageGroup{
		{Title: "Stuck before and now", Facts: d.pastFacts(t)}, {Title: "What the truth rests on", Facts: d.groundFacts()},
		{Title: "Who is on it", Facts: d.handsFacts()}, {Title: "Record", Facts: d.recordFacts()},
	} {
		if len(group.Facts) > 0 {
			v.Groups = append(v.Groups, group)
		}
	}
	if d.Triage.CanAsk {
		v.AskHref = links.AskTemporal(d.Run.ID)
	}
	return v
}

// factList collects facts that there are.
type factList struct {
	facts []view.Fact
	now   time.Time
}

func (l *factList) say(label, value string) {
	if value != "" {
		l.facts = append(l.facts, view.Fact{Label: label, Value: value})
	}
}

func (l *factList) id(label, value string) {
	if value != "" {
		l.facts = append(l.facts, view.Fact{Label: label, Value: value, Mono: true, Copy: true})
	}
}

func (l *factList) at(label string, moment time.Time) {
	if !moment.IsZero() {
		l.facts = append(l.facts, view.Fact{Label: label, When: view.At(moment, l.now)})
	}
}

// pastFacts are the run's stale lineage: episodes of silence, and which of them may have been opstruth's own.
func (d RunData) pastFacts(t lifecycle.Truth) []view.Fact {
	f, l := d.Run.Facts, factList{now: d.Now}
	if f.StaleEpisodes > 0 {
		l.say("Times stuck", strconv.Itoa(f.StaleEpisodes))
	}
	l.at("First likely stuck", f.FirstStaleAt)
	l.at("Last recovered", f.RecoveredAt)
	if d.Run.GapEpisodes > 0 {
		l.say("Episodes in telemetry gaps", strconv.Itoa(d.Run.GapEpisodes)+", which are no lineage")
	}
	if t.ProblemClass == lifecycle.ActiveStaleAttention {
		l.at("Likely stuck since", f.StaleAt)
		l.at("Silence flagged", d.Run.FlaggedAt)
		l.say("Silence in a telemetry gap", when(f.InGap, "yes: it may be opstruth's own"))
	}
	return l.facts
}

// groundFacts are the times of what the record knows about the run, and how the reconciler itself does.
func (d RunData) groundFacts() []view.Fact {
	r, f, l := d.Run, d.Run.Facts, factList{now: d.Now}
	l.at("Last sign of life", f.LivenessAt)
	l.at("Counts last changed", f.ProgressAt)
	if r.Owner.ActivityID != "" {
		l.say("Beats come from", "activity "+r.Owner.ActivityID+", attempt "+strconv.Itoa(r.Owner.Attempt))
	}
	l.at("Temporal last answered about it", f.VerifiedAt)
	if f.Status.Active() {
		l.at("Last reconciler pass", d.State.PassAt)
		for queue, where := range map[string]string{"": "overall", f.Queue: "on its queue"} {
			if b, ok := d.State.Breakers[queue]; ok && b.Open {
				l.at("Telemetry gap "+where+" since", b.Since)
			}
		}
	}
	return l.facts
}

// handsFacts are what people, and opstruth, have set about to do with it.
func (d RunData) handsFacts() []view.Fact {
	f, l := d.Run.Facts, factList{now: d.Now}
	if f.Claim.Held() {
		l.say("Taken on by", f.Claim.By)
		l.at("Taken on", f.Claim.At)
	}
	if !f.Cancel.At.IsZero() {
		l.say("Cancel asked for by", f.Cancel.By)
		l.at("Cancel asked for", f.Cancel.At)
		if f.Status.Active() {
			l.at("Cancel is forced", f.Cancel.ForcedAt)
		}
	}
	if f.Closing.ID != "" {
		l.at("Close intended", f.Closing.At)
		l.id("Close intent", f.Closing.ID)
	}
	l.at("Closed by opstruth", f.Reconciliation.At)
	l.at("Silent since", f.Reconciliation.SilentSince)
	l.at("Late result", f.Late.At)
	l.say("Noted by", f.Acknowledged.By)
	l.say("Note", f.Acknowledged.Note)
	return l.facts
}

// recordFacts are where the run is kept.
func (d RunData) recordFacts() []view.Fact {
	l := factList{now: d.Now}
	l.id("Namespace id", d.Run.Namespace)
	l.id("Cluster id", d.Run.ClusterID)
	l.id("First Temporal run", d.Run.FirstRunID)
	l.say("Record version", strconv.FormatInt(d.Run.Facts.Version, 10))
	return l.facts
}
