package page

import (
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// chips name every filter in force in words, each with a link that takes it away.
func (d form) chips() []view.Chip {
	var chips []view.Chip
	l := d.List
	add := func(when bool, label, value string, without func(*links.List)) {
		if when {
			rest := l
			rest.AsOf = time.Time{}
			without(&rest)
			chips = append(chips, view.Chip{Label: label, Value: value, RemoveHref: d.at(rest)})
		}
	}
	add(l.Workspace != "", "Workspace", d.workspaceName(l.Workspace), func(l *links.List) { l.Workspace, l.Tenant = "", "" })
	add(l.Tenant != "", "Tenant", d.tenantName(l.Tenant), func(l *links.List) { l.Tenant = "" })
	add(l.Type != "", "Type", d.title(l.Type), func(l *links.List) { l.Type = "" })
	add(l.Class != "", "Class", l.Class.Label(), func(l *links.List) {
		l.Class, l.Open, l.EndedFrom, l.EndedTo, l.EndedWithin = "", nil, time.Time{}, time.Time{}, 0
	})
	add(l.Cause != "", "Cause", l.Cause.Label(), func(l *links.List) { l.Cause = "" })
	add(l.Queue != "", "Queue", l.Queue, func(l *links.List) { l.Queue = "" })
	add(l.Failure != "", "Failure", l.Failure, func(l *links.List) { l.Failure = "" })
	add(l.Active != nil, "", pick(l.Active, activeRuns.badge.Label, endedLabel), func(l *links.List) { l.Active = nil })
	add(l.Status != "", "Status", l.Status.Badge().Label, func(l *links.List) { l.Status = "" })
	add(l.Outcome != "", "Outcome", l.Outcome.Badge().Label, func(l *links.List) { l.Outcome = "" })
	add(l.Freshness != "", "Freshness", l.Freshness.Badge().Label, func(l *links.List) { l.Freshness = "" })
	add(l.Open != nil && (l.Class != lifecycle.TerminalFollowUp || !*l.Open), "", pick(l.Open, openLabel, notOpenLabel), func(l *links.List) { l.Open = nil })
	add(l.Lineage != nil, "", pick(l.Lineage, lineageLabel, noLineageLabel), func(l *links.List) { l.Lineage = nil })
	add(l.Initiator != "", "Started by", d.initiatorName(), func(l *links.List) { l.Initiator = "" })
	add(l.Text != "", "Text", l.Text, func(l *links.List) { l.Text = "" })
	add(l.Within > 0, "Queued", "in the last "+lifecycle.Span(l.Within), func(l *links.List) { l.Within = 0 })
	add(!l.From.IsZero() || !l.To.IsZero(), "Queued", span(l.From, l.To), func(l *links.List) { l.From, l.To = time.Time{}, time.Time{} })
	add(l.EndedWithin > 0, "Ended", "in the last "+lifecycle.Span(l.EndedWithin), func(l *links.List) { l.EndedWithin = 0 })
	add(!l.EndedFrom.IsZero() || !l.EndedTo.IsZero(), "Ended", span(l.EndedFrom, l.EndedTo), func(l *links.List) { l.EndedFrom, l.EndedTo = time.Time{}, time.Time{} })
	return chips
}

func pick(b *bool, yes, no string) string {
	if b != nil && *b {
		return yes
	}
	return no
}

// span says a range of times.
func span(from, to time.Time) string {
	const minute, day = "2 Jan 2006, 15:04 UTC", 24 * time.Hour
	switch {
	case to.IsZero():
		return "since " + from.UTC().Format(minute)
	case from.IsZero():
		return "before " + to.UTC().Format(minute)
	case from.Equal(from.Truncate(day)) && to.Sub(from) == day:
		return "on " + from.UTC().Format("2 Jan 2006, UTC")
	}
	return "from " + from.UTC().Format(minute) + " to " + to.UTC().Format(minute)
}

func (d form) workspaceName(slug string) string {
	for _, w := range d.Workspaces {
		if w.Slug == slug {
			return w.Name
		}
	}
	if d.Workspace.Slug == slug {
		return d.Workspace.Name
	}
	return slug
}

func (d form) tenantName(slug string) string {
	for _, t := range d.Tenants {
		if t.Slug == slug {
			return t.Name
		}
	}
	return slug
}

// initiatorName is the name of whom the list is of, where the reader may know it.
func (d form) initiatorName() string {
	who := d.initiator()
	if who == models.Me {
		return d.Who.User.Name
	}
	for _, m := range d.Members {
		if m.ID == who {
			return m.Name
		}
	}
	for _, r := range d.shown {
		if r.InitiatorID == who {
			return r.Facts.Initiator
		}
	}
	return who
}
