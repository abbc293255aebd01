package view

import "github.com/opstruth/opstruth/lifecycle"

// Badge is an entry of the catalogue in lifecycle; pages make none of their own.
type Badge = lifecycle.Badge

// Tone is the catalogue's name for a semantic colour.
type Tone = lifecycle.Tone

// Crumb is a step of the way to this page; the last one has no Href.
type Crumb struct {
	Label string
	Href  string
}

// Heading is the top of a page.
type Heading struct {
	Crumbs  []Crumb
	Title   string
	Sub     string // one line: what this page is about
	Facts   []Fact // short facts beside the title
	Actions []Action
}

// Fact is one name and value.
type Fact struct {
	Label string
	Value string
	Href  string
	Mono  bool    // an identifier
	Copy  bool    // offers a copy button
	When  Instant // shown instead of Value when set
}

// Pair is a hidden form field or a query parameter.
type Pair struct{ Name, Value string }

// Action is a link (Href and no Post) or a form button (Post).
type Action struct {
	Label    string
	Icon     string
	Href     string
	Post     bool
	External bool // opens another site in a new tab
	Primary  bool
	Danger   bool
	Hidden   []Pair // fields sent with Post
	Confirm  *Ask   // asked before it is sent, in place
	Disabled string // why it cannot be used now; empty when it can
}

// Ask is the question before an action, with an optional text field.
type Ask struct {
	Text  string
	Note  *Field // nil: none
	Label string // of the button that really does it
}

// Alert is a message to the reader.
type Alert struct {
	Tone   Tone
	Title  string
	Text   string
	Action *Action
}

// Empty stands where a list has no rows and says why and what to do.
type Empty struct {
	Icon   string
	Title  string
	Text   string
	Action *Action
}

// On is what stands on a page of a list that has no rows: on a later one, which was emptied meanwhile, the way back.
func (e Empty) On(p Pager) Empty {
	if p.FirstHref == "" {
		return e
	}
	return Empty{
		Icon: "list-details", Title: "Nothing is left on this page", Text: "What stood here has left the list since.",
		Action: &Action{Label: "Back to the first page", Href: p.FirstHref},
	}
}

// KPI is one number that links to the list of exactly the things it counts.
type KPI struct {
	Label    string
	Count    int64
	Href     string
	Note     string // such as "12 more, older than 7 days"
	NoteHref string
	Tone     Tone // used while Count is not zero
	Icon     string
}

// Pager moves through a keyset list: there is a next page or there is not.
type Pager struct {
	FirstHref string // empty on the first page
	PrevHref  string // empty on the first page, and where lists do not go back
	NextHref  string // empty on the last page
	Shown     int
	Noun      string // "runs"
}

// Tab is a class of the list. Count is nil where counting is not done.
type Tab struct {
	Label   string
	Href    string
	Count   *int64
	More    bool // there are more than Count
	Tone    Tone // of the count, while it is not zero
	Current bool
}

// FilterBar narrows a list. The URL is its state: a GET form.
type FilterBar struct {
	Href      string
	Tabs      []Tab
	Search    Field   // Name empty: no search
	Fields    []Field // selects
	More      []Field // those that are rarely asked for, folded away
	Unfold    bool    // one of Fields is in force that no tab tells
	MoreAsked int     // how many of More are in force
	Views     *Views  // the reader's saved views; nil: none are offered
	Export    Link    // the list as a file
	Hidden    []Pair  // parameters that are kept, such as the class
	Active    []Chip  // filters in force, each with a link that removes it
	ResetHref string
}

// Chip is a filter in force.
type Chip struct {
	Label      string // what is filtered by; empty where the value says it all
	Value      string
	RemoveHref string
}

// Views are a reader's saved views of a list.
type Views struct {
	Saved []SavedView
	Save  Form // names the list as it is; no fields where there is nothing to save
}

// SavedView is a list under a name.
type SavedView struct {
	Name       string
	Href       string
	DeleteHref string // POST target
	Current    bool
}
