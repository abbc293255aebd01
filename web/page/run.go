package page

import (
	"cmp"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
	"github.com/opstruth/opstruth/workflows/contract"
)

// RunData is what the page of one run is made of.
type RunData struct {
	Frame       // Workspace is the run's; Now the reading that came with it
	Run         models.Run
	From        links.List // the list the page was opened from
	Items       []models.Item
	ItemState   models.ItemState // what ItemTab said
	ItemReason  *string          // what ItemReason said
	ItemsAfter  string           // cursor of these items; empty on the first page
	ItemsNext   string
	Reasons     []models.ReasonGroup // why items failed, those of most items first
	ReasonCount int64                // how many there are
	Artifacts   []models.Artifact    // with the body of those that Inline names
	Events      []models.Event       // the newest first
	EventsNext  string
	All         []models.Event // those that the picture is made of; nil: Events are all
	TemporalUI  string         // the base address of Temporal UI; empty: not configured or not for this reader
	Namespace   string         // the name by which Temporal UI knows it; the run itself keeps the id
	Lineage     models.Lineage // the runs it names or is named by, where they are visible
	Triage      TriageData     // of the system plane
}

// Run is the canonical page of a run; on the system plane with the stored evidence and Temporal UI.
func Run(d RunData) view.RunPage {
	r, t := d.Run, d.truth(d.Run, d.Now)
	plane := d.Who.Plane
	title := d.title(r.Facts.Type)
	p := view.RunPage{
		Shell:    d.shell(title+" "+r.Facts.Target, sectionRuns, Asks(0, r)),
		Heading:  d.heading(title),
		Seen:     d.seen(),
		Decision: d.decision(t),
		Lineage:  d.lineage(),
		Progress: view.ProgressOf(t),
		Digest:   d.digest(),
		Items:    d.items(),
		Results:  d.results(t),
		Facts:    d.facts(t),
		Picture:  Picture(r.Facts, d.drawn(), d.Now),
		Timeline: d.timeline(),
	}
	if d.EventsNext != "" {
		p.Older = view.Link{Label: "Earlier events", Href: links.Timeline(plane, r.ID, d.From, d.EventsNext)}
	}
	if plane == links.System {
		p.Stored, p.Triage = stored(r, d.Now), d.triage(t)
	}
	return p
}

// drawn are the events that the picture is made of.
func (d RunData) drawn() []models.Event {
	if d.All != nil {
		return d.All
	}
	return d.Events
}

func (d RunData) heading(title string) view.Heading {
	plane, r := d.Who.Plane, d.Run
	h := view.Heading{Title: title, Sub: r.Facts.Target}
	back := view.Crumb{Label: "Operations", Href: links.Runs(plane, d.From)}
	if d.notified() {
		back = view.Crumb{Label: "Notifications", Href: links.Notifications(false)}
	}
	switch {
	case plane == links.System:
		back.Label = "Runs"
	case r.TenantID != "":
		h.Crumbs = []view.Crumb{
			{Label: r.WorkspaceName, Href: links.Workspace(r.WorkspaceSlug)},
			{Label: r.TenantName, Href: links.Tenant(r.WorkspaceSlug, r.TenantSlug)},
		}
	default:
		h.Crumbs = []view.Crumb{{Label: r.WorkspaceName, Href: links.Workspace(r.WorkspaceSlug)}}
	}
	h.Crumbs = append(h.Crumbs, back, view.Crumb{Label: short(r.ID)})
	if plane == links.System {
		h.Facts = []view.Fact{{Label: "Workspace", Value: r.WorkspaceName}}
		if r.TenantName != "" {
			h.Facts = append(h.Facts, view.Fact{Label: "Tenant", Value: r.TenantName})
		}
		if at := links.TemporalUI(d.TemporalUI, d.Namespace, contract.WorkflowID(r.ID), execution(r)); at != "" {
			h.Actions = []view.Action{{Label: "Open in Temporal UI", Icon: "external-link", Href: at, External: true}}
		}
	}
	return h
}

// notified reports whether the page was opened from a notification.
func (d RunData) notified() bool {
	return d.From.Entry == links.FromNotifications && d.Who.Plane == links.Admin
}

// seen marks the run's notification as read, for who came from it.
func (d RunData) seen() *view.Seen {
	if !d.notified() || d.Run.Facts.Status.Active() || !d.Who.Mailbox().Takes(d.Run) {
		return nil
	}
	return &view.Seen{Href: links.ReadNotification(d.Run.ID), Hidden: d.kept()}
}

// short is enough of a run's id to tell it from its neighbours: the end, since ids begin with the time.
func short(id string) string {
	if len(id) <= 8 {
		return id
	}
	return "…" + id[len(id)-8:]
}

// lineage names the runs before and after this one.
func (d RunData) lineage() []view.Relative {
	var list []view.Relative
	add := func(icon, label string, runs ...models.Run) {
		for _, r := range runs {
			list = append(list, view.Relative{Icon: icon, Label: label, Link: view.Link{
				Label: d.title(r.Facts.Type) + " " + short(r.ID) + ": " + r.Truth(d.Now).Badge().Label,
				Href:  links.Run(d.Who.Plane, r.ID, d.From),
			}})
		}
	}
	one := func(icon, label string, r *models.Run) {
		if r != nil {
			add(icon, label, *r)
		}
	}
	one("arrow-back-up", "Retry of", d.Lineage.RetryOf)
	add("rotate-clockwise", "Retried as", d.Lineage.Retries...)
	one("arrow-forward-up", "Superseded by", d.Lineage.SupersededBy)
	add("checks", "Supersedes", d.Lineage.Superseded...)
	return list
}

// execution is Temporal's run id of the execution that a run is or was carried out by, the newest known.
func execution(r models.Run) string {
	return cmp.Or(r.Owner.TemporalRunID, r.Facts.Reconciliation.Evidence.RunID, r.Facts.Silence.Evidence.RunID, r.FirstRunID)
}
