package page

import (
	"net/url"
	"time"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/web/view"
)

// Frame is what every page of a signed-in reader needs besides its own data.
type Frame struct {
	Who       auth.Principal
	Workspace models.Workspace // that the page is about; zero where it is about none or many

	TenantSlug string // of the one tenant in it that the page is about; empty where it is about none or many
	RunID      string // of the run whose page it is, if it is one

	Types   *operation.Registry
	URL     string                 // path and query of this request
	Now     time.Time              // a reading of the database's clock, at which the page tells its truth
	State   models.ReconcilerState // the reconciler's
	Unread  int                    // notifications, up to models.MaxUnread; none on the system plane
	Notices []view.Alert           // outcomes of what the reader just did
	Extra   []view.Link            // navigation to the pages that the program adds
	Events  string                 // the stream that tells of changes after the page was read; empty: there is none
}

// Asks reports whether a page that shows these active runs has to ask again by itself: it polls only
// while something that it shows is active. It is the one rule for polling.
func Asks(active int64, runs ...models.Run) bool {
	if active > 0 {
		return true
	}
	for _, r := range runs {
		if r.Facts.Status.Active() {
			return true
		}
	}
	return false
}

// shell frames a page. It renews itself where active says that something on it is.
func (f Frame) shell(title string, section section, active bool) view.Shell {
	s := f.still(title, section)
	s.Live.Href, s.Live.Poll = renewal(f.URL), active
	return s
}

// still frames a page that does not renew itself, such as a form. The active runs over it do.
func (f Frame) still(title string, section section) view.Shell {
	s := view.Shell{
		Title:      title,
		Plane:      view.Plane(f.Who.Plane),
		HomeHref:   links.Home(f.Who.Plane),
		Nav:        append(f.nav(section), f.extraNav()...),
		Workspaces: f.switcher(),
		User:       view.User{Name: f.Who.User.Name, Detail: f.role(), SignOutHref: links.SignOut(f.Who.Plane)},
		Truth:      f.truthAge(),
		Alerts:     f.Notices,
		Live:       view.Live{EventsHref: f.Events},
	}
	s.Search = f.search()
	if f.Who.Plane == links.Admin {
		s.Overlay, s.Bell = view.Overlay{Href: f.overlayHref()}, f.bell(section)
	}
	return s
}

// bell counts what is unread. A number leads to exactly what it counts.
func (f Frame) bell(current section) *view.Bell {
	n, more := unread(f.Unread)
	return &view.Bell{Href: links.Notifications(n > 0), Unread: n, More: more, Current: current == sectionNotifications}
}

// unread is how many to tell of, and whether there are more: they are counted only so far.
func unread(n int) (told int, more bool) {
	if n >= models.MaxUnread {
		return models.MaxUnread - 1, true
	}
	return n, false
}

// search leads to the list that the navigation leads to.
func (f Frame) search() *view.Search {
	s := &view.Search{Href: links.Runs(f.Who.Plane, links.List{}), Field: searchField("")}
	s.Field.Placeholder = "Search runs" // there is room for no more
	if f.Who.Plane == links.Admin && f.Workspace.Slug != "" {
		s.Hidden = []view.Pair{{Name: "workspace", Value: f.Workspace.Slug}}
	}
	return s
}

// searchField asks for runs by what people see of them.
func searchField(value string) view.Field {
	return view.Field{
		Name: "q", Label: "Search runs by id, workflow id, target or operation type", Kind: view.SearchField,
		Value: value, Placeholder: "Id, target or type", MaxLength: 200,
	}
}

func (f Frame) overlayHref() string { return links.Overlay(f.Workspace.Slug, f.TenantSlug, f.RunID) }

// renewal is the page's own address without the clock reading that a count carried here: the first look
// has exactly the counted rows, later ones follow the truth.
func renewal(own string) string {
	u, err := url.Parse(own)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Del("as_of")
	u.RawQuery = q.Encode()
	return u.RequestURI()
}

func (f Frame) truthAge() view.TruthAge {
	age := view.TruthAgeOf(f.check(), view.At(f.Now, f.Now))
	age.Paused = f.State.SchedulePaused
	return age
}

func (f Frame) check() lifecycle.Check {
	c := lifecycle.Check{PassAt: f.State.PassAt, TemporalAt: f.State.TemporalAt, Every: f.State.Every}
	for _, b := range f.State.Breakers {
		c.Gap = c.Gap || b.Open
	}
	return c
}

// section is the navigation entry that a page belongs to.
type section string

const (
	sectionHome     section = "home"
	sectionStuck    section = "stuck"
	sectionFailures section = "failures"
	sectionRuns     section = "runs"

	sectionNotifications section = "notifications" // which the bell leads to
)

func (f Frame) nav(current section) []view.Link {
	if f.Who.Plane == links.System {
		return []view.Link{
			{Label: "System health", Href: links.Home(links.System), Icon: "activity-heartbeat", Current: current == sectionHome},
			{Label: "Stuck", Href: links.Stuck(links.List{}), Icon: lifecycle.ActiveStaleAttention.Badge().Icon, Current: current == sectionStuck},
			{Label: "Failures", Href: links.Failures(links.List{}), Icon: lifecycle.TerminalFollowUp.Badge().Icon, Current: current == sectionFailures},
			{Label: "Runs", Href: links.Runs(links.System, links.List{}), Icon: "list-details", Current: current == sectionRuns},
		}
	}
	var home []view.Link
	at := f.Workspace.Slug
	if at == "" && len(f.Who.Memberships) > 0 {
		at = f.Who.Memberships[0].WorkspaceSlug
	}
	if at != "" {
		home = []view.Link{{Label: "Overview", Href: links.Workspace(at), Icon: "layout-dashboard", Current: current == sectionHome}}
	}
	return append(home, view.Link{
		Label: "Operations", Href: links.Runs(links.Admin, f.within("")), Icon: "list-details", Current: current == sectionRuns,
	})
}

// within is the list of the page's workspace, or of a tenant in it.
func (f Frame) within(tenant string) links.List {
	return links.List{Workspace: f.Workspace.Slug, Tenant: tenant}
}

func (f Frame) switcher() view.Switcher {
	if f.Who.Plane == links.System {
		return view.Switcher{}
	}
	s := view.Switcher{Label: f.Workspace.Name}
	for _, m := range f.Who.Memberships {
		s.Choices = append(s.Choices, view.Link{
			Label: m.WorkspaceName, Href: links.Workspace(m.WorkspaceSlug), Current: m.WorkspaceID == f.Workspace.ID,
		})
	}
	if s.Label == "" && len(s.Choices) == 1 {
		s.Label = s.Choices[0].Label
	} else if s.Label == "" {
		s.Label = "All workspaces"
	}
	return s
}

var roles = map[models.Role]string{
	models.RoleOwner: "Owner", models.RoleOperator: "Operator", models.RoleViewer: "Viewer",
}

// role is what the reader is here, in words.
func (f Frame) role() string {
	if f.Who.Plane == links.System {
		if f.Who.Can(auth.Operate, "") {
			return "Platform staff, triage"
		}
		return "Platform staff, view only"
	}
	if m, ok := f.Who.Membership(f.Workspace.ID); ok {
		return roles[m.Role] + " of " + m.WorkspaceName
	}
	return f.Who.User.Email
}

// title is what people call an operation type; a type that is not registered any more keeps its name.
func (f Frame) title(name string) string {
	if f.Types != nil {
		if d, ok := f.Types.Lookup(name); ok {
			return d.Title
		}
	}
	return name
}

// may reports whether the reader may act on runs of a workspace.
func (f Frame) may(workspaceID string) bool { return f.Who.Can(auth.Operate, workspaceID) }
