package view

// Plane is one of the two separately guarded halves of the console.
type Plane string

const (
	AdminPlane  Plane = "admin"  // members of a workspace
	SystemPlane Plane = "system" // platform staff
)

// Shell is what surrounds every page of a signed-in reader.
type Shell struct {
	Title      string // of the page; the product's name is added
	Plane      Plane
	HomeHref   string
	Nav        []Link
	Workspaces Switcher
	User       User
	Search     *Search // nil on pages that have a search of their own
	Truth      TruthAge
	Alerts     []Alert // shown above the page: outcomes of actions, telemetry gap
	Live       Live
	Overlay    Overlay // of the admin plane
	Bell       *Bell   // nil where the reader has no notifications
}

// Bell leads to the reader's notifications: to those that are unread, while there are any.
type Bell struct {
	Href    string
	Unread  int
	More    bool // there are more than Unread
	Current bool // this page is theirs
}

// Link is a navigation entry.
type Link struct {
	Label   string
	Href    string
	Icon    string
	Current bool
}

// Search is the box in the top bar: what it asks for leads to a list.
type Search struct {
	Href   string
	Hidden []Pair // the list's place
	Field  Field
}

// Switcher offers the workspaces a member may enter. With fewer than two it is only a name.
type Switcher struct {
	Label   string // the current one; empty hides it
	Choices []Link
}

// User is who is signed in.
type User struct {
	Name        string
	Detail      string // role or plane, in words
	SignOutHref string // POST target
	Links       []Link // more entries of the menu, such as the other plane or tokens
}

// TruthAge says how old the truth on the page is.
type TruthAge struct {
	AsOf            Instant // the database's clock when the page was read
	LastPass        Instant // last finished reconciler pass; zero: none yet
	UnverifiedSince Instant // set: Temporal has not answered since
	Paused          bool    // a person paused the reconciler's schedule
	Gap             bool    // telemetry gap: nothing is closed
}

// Warns reports whether the reader must be warned about the truth's age.
func (t TruthAge) Warns() bool {
	return !t.UnverifiedSince.IsZero() || t.LastPass.IsZero() || t.Paused || t.Gap
}

// Live tells how the page's main part renews itself. The zero value never does.
type Live struct {
	Href       string // the page's own URL; its answer is morphed into the page
	Poll       bool   // something visible is active: ask again every five seconds
	EventsHref string // the stream of changes since the page was read; what it tells of renews every part of the page
}

// Overlay is the active runs over a page. Until it is Loaded it only says from where.
type Overlay struct {
	Href          string
	Loaded        bool
	Poll          bool // as Live's
	Count         int64
	More          int64    // of them that are not in Rows
	Rows          []RunRow // those that need attention first
	Own           string   // the id of the run whose page is below: there is no way to it
	ShowTenant    bool
	ShowWorkspace bool
	All           Link  // the list of all that are counted
	Stuck         Badge // how many are likely stuck; without a label none are
	StuckHref     string
}

// Bare is the frame of pages without navigation: sign-in and errors.
type Bare struct {
	Title string
	Plane Plane
}
