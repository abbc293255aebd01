package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// HistoryDays are the lengths of history that are offered, the first unless somebody asks for another.
var HistoryDays = []int{14, 30}

const maxTypes = 8 // that are drawn

// typed is what a history tells about one operation type.
type typed struct {
	name   string
	counts []models.HistoryCount
	runs   int64
}

func byType(h models.History) []typed {
	var all []typed
	for _, c := range h.Counts {
		if len(all) == 0 || all[len(all)-1].name != c.Type {
			all = append(all, typed{name: c.Type})
		}
		t := &all[len(all)-1]
		t.counts, t.runs = append(t.counts, c), t.runs+c.Runs
	}
	slices.SortStableFunc(all, func(a, b typed) int { return cmp.Compare(b.runs, a.runs) })
	return all
}

// PlaceHistory draws how a workspace's or a tenant's runs ended. Whatever it shows leads to exactly the runs that it
// counts.
func PlaceHistory(d PlaceData) view.History {
	if d.HistoryPart == HistoryKept {
		return view.History{Unchanged: true}
	}
	base, path, days := d.within(d.Tenant.Slug), links.Workspace(d.Workspace.Slug), d.Days
	if d.Tenant.Slug != "" {
		path = links.Tenant(d.Workspace.Slug, d.Tenant.Slug)
	}
	v := view.History{
		Title: fmt.Sprintf("How runs ended in the last %d days", days),
		Note:  "Days begin at midnight UTC; today is not over. Times are from start to end.",
		Empty: view.Empty{Icon: "history", Title: fmt.Sprintf("Nothing has ended in the last %d days", days)},
	}
	for _, n := range HistoryDays {
		v.Spans = append(v.Spans, view.Tab{Label: fmt.Sprintf("%d days", n), Href: links.Days(path, n), Current: n == days})
	}
	if d.HistoryPart == HistoryLater {
		v.Later = view.Link{Label: "Show it", Href: links.History(path, days)}
		return v
	}
	v.Href, v.Poll = links.History(path, days), Asks(d.Summary.Active)
	all := byType(d.History)
	seen := map[lifecycle.Outcome]bool{}
	for i, t := range all {
		if i == maxTypes {
			rest := base
			rest.EndedFrom, rest.EndedTo = d.History.From, d.History.To
			v.Rest = view.Link{Label: "All that ended, of every type", Href: links.Runs(d.Who.Plane, rest)}
			break
		}
		for _, c := range t.counts {
			seen[c.Outcome] = true
		}
		v.Types = append(v.Types, d.typeHistory(base, fmt.Sprintf("history-%d", i), t, days))
	}
	for _, o := range stacked {
		if seen[o] {
			v.Keys = append(v.Keys, view.HistoryKey{Badge: o.Badge(), Class: barOf(o)})
		}
	}
	return v
}

// stacked are the outcomes in the order of a bar, from its foot.
var stacked = []lifecycle.Outcome{
	lifecycle.Succeeded, lifecycle.Cancelled, lifecycle.PartiallySucceeded, lifecycle.Blocked, lifecycle.Failed,
}

func barOf(o lifecycle.Outcome) string {
	return "bar bar-" + string(o) + " tone-" + string(o.Badge().Tone)
}

// runsOf is the list of a count.
func (d PlaceData) runsOf(base links.List, c models.HistoryCount) string {
	f := d.History.Filter(c, models.Filter{})
	base.Type, base.Outcome, base.EndedFrom, base.EndedTo = f.Type, f.Outcome, f.EndedFrom, f.EndedTo
	return links.Runs(d.Who.Plane, base)
}

func (d PlaceData) typeHistory(base links.List, id string, t typed, days int) view.TypeHistory {
	title := d.title(t.name)
	all := base
	all.Type, all.EndedFrom, all.EndedTo = t.name, d.History.From, d.History.To
	v := view.TypeHistory{
		ID: id, Title: title,
		Ended: view.Link{Label: view.Count(t.runs) + " ended", Href: links.Runs(d.Who.Plane, all)},
		Table: d.historyTable(base, title, t),
	}
	g := grid{days: days, from: d.History.From}
	v.Outcomes, v.Took = d.outcomes(base, g, t), d.took(base, g, t)
	v.Outcomes.ID, v.Took.ID = id+"-outcomes", id+"-took"
	v.Outcomes.Title, v.Took.Title = "Runs that ended each day", "Time that succeeded runs took"
	return v
}

// outcomes stacks each day's runs by how they ended.
func (d PlaceData) outcomes(base links.List, g grid, t typed) view.Chart {
	perDay := map[int][]models.HistoryCount{}
	var most int64
	for _, c := range t.counts {
		day := g.index(c.Day)
		perDay[day] = append(perDay[day], c)
		var n int64
		for _, c := range perDay[day] {
			n += c.Runs
		}
		most = max(most, n)
	}
	scale := max(most, 4) // a day with one run is no peak
	chart := g.chart(view.ChartLine{Y: chartFoot - tallness(most, scale), Label: view.Count(most)})
	for day := range g.days {
		y := chartFoot
		for _, o := range stacked {
			for _, c := range perDay[day] {
				if c.Outcome != o {
					continue
				}
				h := max(minBar, tallness(c.Runs, scale))
				y -= h
				chart.Marks = append(chart.Marks, view.ChartMark{
					X: g.x(day), Y: y, W: g.width(), H: h, Class: barOf(o), Href: d.runsOf(base, c),
					Label: g.name(c.Day) + ": " + view.Count(c.Runs) + " " + lower(o.Badge().Label),
				})
			}
		}
	}
	chart.Text = fmt.Sprintf("%s ended in these days, by day and outcome.", view.Count(t.runs))
	return chart
}

// took draws each day's median duration of succeeded runs, and up to where nineteen of twenty stayed.
func (d PlaceData) took(base links.List, g grid, t typed) view.Chart {
	var good []models.HistoryCount
	var longest time.Duration
	for _, c := range t.counts {
		if c.Outcome == lifecycle.Succeeded {
			good, longest = append(good, c), max(longest, c.P95)
		}
	}
	chart := g.chart(view.ChartLine{Y: chartHead, Label: view.Length(longest)})
	if len(good) == 0 {
		chart.Empty = "No run of this type succeeded in these days."
		return chart
	}
	var points []string
	for _, c := range good {
		day := g.index(c.Day)
		middle := g.x(day) + g.width()/2
		low, high := chartFoot-tallness(c.Median, longest), chartFoot-tallness(c.P95, longest)
		chart.Marks = append(chart.Marks, view.ChartMark{
			X: middle, Y: high, H: low - high, Dot: true, Slot: max(g.slot(), 8), Class: "tone-info", Href: d.runsOf(base, c),
			Label: fmt.Sprintf("%s: %s succeeded, half within %s, 95 %% within %s", g.name(c.Day), view.Count(c.Runs), view.Length(c.Median), view.Length(c.P95)),
		})
		points = append(points, fmt.Sprintf("%d,%d", middle, low))
	}
	chart.Line = strings.Join(points, " ")
	last := good[len(good)-1]
	chart.Text = fmt.Sprintf("On %s half of the succeeded runs took %s or less.", g.name(last.Day), view.Length(last.Median))
	return chart
}

func (d PlaceData) historyTable(base links.List, title string, t typed) view.HistoryTable {
	table := view.HistoryTable{Caption: title + " by day, UTC", Columns: []string{"Day"}}
	for _, o := range stacked {
		table.Columns = append(table.Columns, o.Badge().Label)
	}
	table.Columns = append(table.Columns, "Half within", "95 % within")
	none := view.Link{Label: "0"}
	for i := len(t.counts) - 1; i >= 0; {
		at := t.counts[i].Day
		row := view.HistoryDay{Day: at.Format("Mon 2 Jan"), Cells: slices.Repeat([]view.Link{none}, len(stacked)+2)}
		row.Cells[len(stacked)], row.Cells[len(stacked)+1] = view.Link{Label: "–"}, view.Link{Label: "–"}
		for ; i >= 0 && t.counts[i].Day.Equal(at); i-- {
			c := t.counts[i]
			row.Cells[slices.Index(stacked, c.Outcome)] = view.Link{Label: view.Count(c.Runs), Href: d.runsOf(base, c)}
			if c.Outcome == lifecycle.Succeeded {
				row.Cells[len(stacked)].Label, row.Cells[len(stacked)+1].Label = view.Length(c.Median), view.Length(c.P95)
			}
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}
