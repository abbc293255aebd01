package page

import (
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// row shows a run in any list. It opens the run's page, which knows the list it was opened from.
func (f Frame) row(r models.Run, now time.Time, from links.List) view.RunRow {
	t := f.truth(r, now)
	row := view.RunRow{
		ID:        r.ID,
		Href:      links.Run(f.Who.Plane, r.ID, from),
		Title:     f.title(r.Facts.Type),
		Target:    r.Facts.Target,
		Tenant:    r.TenantName,
		Workspace: r.WorkspaceName,
		Badges:    view.Badges(t),
		Class:     t.ClassNote(),
		Freshness: t.Freshness.Badge().Label,
		Lineage:   t.LineageText(),
		WasStuck:  t.StuckBefore(),
		Stuck:     t.LineageTone(),
		Headline:  t.Headline(),
		Progress:  view.ProgressOf(t),
		Initiator: r.Facts.Initiator,
		Queued:    view.At(r.Facts.QueuedAt, now),
		Ended:     view.At(r.Facts.CompletedAt, now),
		Took:      view.Took(t),
	}
	if t.ProblemClass == lifecycle.ActiveStaleAttention || t.Open {
		row.Next = t.NextStep().Text
	}
	return row
}

// truth is the run's, as the reader has to be told it.
func (f Frame) truth(r models.Run, now time.Time) lifecycle.Truth {
	if f.Who.Plane == links.System {
		return r.Truth(now).ForStaff()
	}
	return r.Truth(now)
}

func (f Frame) rows(runs []models.Run, now time.Time, from links.List) []view.RunRow {
	rows := make([]view.RunRow, len(runs))
	for i, r := range runs {
		rows[i] = f.row(r, now, from)
	}
	return rows
}
