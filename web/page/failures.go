package page

import (
	"cmp"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/find"
	"github.com/opstruth/opstruth/web/view"
)

// FailuresData is what the page of what ended and needs follow-up is made of, all at Summary.Now.
type FailuresData struct {
	Frame
	Summary models.Summary
	Recent  []models.FailureGroup // of models.BucketFollowUpRecent
	Older   []models.FailureGroup // of models.BucketFollowUpOlder
	Page    models.RunPage        // the first of models.BucketFollowUpRecent
}

// Failures shows what ended in any workspace and still waits for somebody: first the reasons, then the runs.
// What opstruth closed stands apart from what ended by itself.
func Failures(d FailuresData) view.FailuresPage {
	now := d.Summary.Now
	p := view.FailuresPage{
		Shell: d.shell("Failures", sectionFailures, Asks(d.Summary.Active)),
		Heading: view.Heading{
			Title: "Failures", Sub: "What ended in any workspace and needs follow-up, until somebody notes it or a later run makes it good.",
		},
		Runs: view.RunTable{
			ID: "runs", Caption: "Runs of the last 7 days that need follow-up", ShowTenant: true, ShowWorkspace: true,
			Rows: d.rows(d.Page.Runs, d.Page.Now, followUps.list(links.List{}, now)),
			Empty: view.Empty{
				Icon: "circle-check", Title: "Nothing that ended lately needs follow-up",
				Text: "As of " + lifecycle.Clock(now) + ", every run that ended badly in the last 7 days was noted or made good.",
			},
		},
	}
	p.Sections = d.sections("recent", "last 7 days", followUps, d.Recent)
	p.Sections = append(p.Sections, d.sections("older", "older", olderFollowUps, d.Older)...)
	if n := d.Summary.FollowUpRecent; n > int64(len(d.Page.Runs)) {
		p.All = view.Link{Label: "Show all " + view.Count(n), Href: followUps.counted(links.System, links.List{}, d.Summary)}
	}
	return p
}

// sections are the groups of a bucket, those that opstruth closed after the others; empty ones are left out.
func (d FailuresData) sections(id, when string, of bucket, groups []models.FailureGroup) []view.FailureSection {
	rest := of.count(d.Summary)
	var list []view.FailureSection
	for _, kind := range []struct {
		id, title  string
		reconciled bool
	}{
		{id, "Ended by themselves, " + when, false},
		{id + "-reconciled", lifecycle.ReconciledFailed.Badge().Label + " after silence, " + when, true},
	} {
		s := view.FailureSection{Title: kind.title, Groups: view.Table{
			ID: "failures-" + kind.id, Caption: kind.title,
			Columns: []view.Column{
				{Label: "Why"}, {Label: "State"}, {Label: "Runs", Numeric: true}, {Label: "Workspaces", Numeric: true},
				{Label: "Stuck first", Numeric: true}, {Label: "Newest ended"},
			},
		}}
		for _, g := range groups {
			if g.Reconciled == kind.reconciled {
				s.Groups.Rows = append(s.Groups.Rows, d.failureRow(g, of.id))
				s.Count += g.Runs
				rest -= g.Runs
			}
		}
		if len(s.Groups.Rows) > 0 {
			list = append(list, s)
		}
	}
	if n := len(list); n > 0 && rest > 0 {
		list[n-1].Rest = view.Link{
			Label: view.Count(rest) + " more runs ended in rarer ways: show all " + view.Count(of.count(d.Summary)), Href: of.counted(links.System, links.List{}, d.Summary),
		}
	}
	return list
}

func (d FailuresData) failureRow(g models.FailureGroup, bucket models.Bucket) view.Row {
	code, message := g.Key.Parts()
	why, badge := cmp.Or(message, code, "No reason was recorded"), g.Outcome.Badge()
	if g.Reconciled {
		why, badge = g.Cause.Label(), lifecycle.StateReconciled.Badge()
	}
	example := ""
	if g.Runs == 1 && !g.Reconciled { // its own words, with their numbers
		why = cmp.Or(g.Example.Message, why)
	} else if g.Example.Message != message && !g.Reconciled {
		example = "such as “" + clip(g.Example.Message, 120) + "”"
	}
	stuckFirst := "none"
	if g.Lineage > 0 {
		stuckFirst = view.Count(g.Lineage) + " of them"
	}
	list := find.List(g.Filter(bucket.Filter(models.Filter{}, d.Summary.Now)), "", "")
	return view.Row{
		ID: "failure-" + g.Example.RunID, Href: links.Runs(links.System, list),
		Cells: []view.Cell{
			{Text: clip(why, 200), Sub: join(d.title(g.Type), when(code != why, code), example)},
			{Badges: []view.Badge{badge}},
			{Text: view.Count(g.Runs)},
			{Text: view.Count(g.Workspaces)},
			{Text: stuckFirst},
			{When: view.At(g.Example.EndedAt, d.Summary.Now)},
		},
	}
}

// clip keeps a foreign text short.
func clip(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}
