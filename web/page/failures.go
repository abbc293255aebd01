package page

import (
	"cmp"
	"slices"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// FailuresData is what the page of what ended and needs follow-up is made of, all of List and at Summary.Now.
type FailuresData struct {
	Listing
	Summary models.Summary
	Recent  []models.FailureGroup // of models.BucketFollowUpRecent
	Older   []models.FailureGroup // of models.BucketFollowUpOlder
	Page    models.RunPage        // the first of models.BucketFollowUpRecent
}

// Failures shows what ended in any workspace and still waits for somebody: first the reasons, then the runs.
// What opstruth closed stands apart from what ended by itself.
func Failures(d FailuresData) view.FailuresPage {
	recent := d.Summary.FollowUpRecent
	p := view.FailuresPage{
		Shell: d.shell("Failures", sectionFailures, Asks(d.Summary.Active)),
		Heading: view.Heading{
			Title: "Failures", Sub: "What ended in any workspace and needs follow-up, until somebody notes it or a later run makes it good.",
		},
		Filters: d.filters(),
		Count:   recent,
		Runs: view.RunTable{
			ID: "runs", Caption: "Runs of the last 7 days that need follow-up", ShowTenant: d.List.Tenant == "", ShowWorkspace: d.List.Workspace == "",
			ShowLineage: true, Rows: d.rows(d.Page.Runs, d.Page.Now, d.bucket(models.BucketFollowUpRecent, d.Summary.Now)),
			Empty: d.noFailures(),
		},
	}
	p.Sections = d.sections("recent", "last 7 days", followUps, d.Recent)
	p.Sections = append(p.Sections, d.sections("older", "older", olderFollowUps, d.Older)...)
	if shown := int64(len(d.Page.Runs)); recent > shown {
		p.Shown = "The newest " + view.Count(shown) + " are shown."
		p.All = view.Link{Label: "Show all " + view.Count(recent), Href: d.all(followUps)}
	}
	if d.Summary.FollowUpOlder > 0 {
		p.Older = view.Link{Label: olderLabel(d.Summary), Href: d.all(olderFollowUps)}
	}
	return p
}

func (d FailuresData) filters() view.FilterBar {
	f := d.form(d.Page.Runs, links.Failures)
	return f.bar(append(f.places(), f.typeField(), f.outcomeField(), f.lineageField()),
		slices.Concat([]view.Field{f.queueField(), f.causeField(), f.initiatorField()}, f.queuedFields(), f.endedFields()))
}

func (d FailuresData) noFailures() view.Empty {
	e := view.Empty{
		Icon: "circle-check", Title: "Nothing that ended lately needs follow-up",
		Text: "As of " + lifecycle.Clock(d.Summary.Now) + ", every run that ended badly in the last 7 days was noted or made good.",
	}
	if d.narrowed() {
		e.Title = "Nothing that matches these filters and ended lately needs follow-up"
		e.Text = "As of " + lifecycle.Clock(d.Summary.Now) + ", every such run of the last 7 days was noted or made good, or there was none."
		e.Action = &view.Action{Label: "Show all failures", Href: links.Failures(links.List{})}
	}
	return e
}

// all is the list of exactly a bucket's runs.
func (d FailuresData) all(b bucket) string {
	return links.Runs(links.System, d.bucket(b.id, d.Summary.Now))
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
			Label: view.Count(rest) + " more runs ended in rarer ways: show all " + view.Count(of.count(d.Summary)), Href: d.all(of),
		}
	}
	return list
}

func (d FailuresData) failureRow(g models.FailureGroup, bucket models.Bucket) view.Row {
	why, badge := string(g.Key), g.Badge()
	if g.Key == models.NoReason {
		why = noReason
	}
	if g.Reconciled {
		why = g.Cause.Label()
	}
	example := ""
	switch own := lifecycle.Reason(g.Code, g.Example.Message) == string(g.Key); {
	case g.Reconciled:
	case !own && g.Key != models.NoReason:
		example = "the reason of most of their failed items"
	case g.Runs == 1: // its own words, with their numbers
		why = cmp.Or(g.Example.Message, why)
	case g.Example.Message != why && g.Example.Message != "":
		example = "such as “" + clip(g.Example.Message, 120) + "”"
	}
	stuckFirst := "none"
	if g.Lineage > 0 {
		stuckFirst = view.Count(g.Lineage) + " of them"
	}
	now := d.Summary.Now
	list := d.part(func(base models.Filter) models.Filter { return g.Filter(bucket.Filter(base, now)) }, now)
	return view.Row{
		ID: "failure-" + g.Example.RunID, Href: links.Runs(links.System, list),
		Cells: []view.Cell{
			{Text: clip(why, 200), Sub: join(d.title(g.Type), when(g.Code != why, g.Code), example)},
			{Badges: []view.Badge{badge}},
			{Text: view.Count(g.Runs)},
			{Text: view.Count(g.Workspaces)},
			{Text: stuckFirst},
			{When: view.At(g.Example.EndedAt, now)},
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
