package view

// Overview is a workspace's or a tenant's first page.
type Overview struct {
	Shell     Shell
	Heading   Heading
	KPIs      []KPI
	Attention Attention
	Starts    []TypeChoice // operation types that can be started here
	Recent    RunTable
	RecentAll Link   // the whole list
	Places    *Table // the tenants of a workspace; nil on a tenant's page
	History   History
}

// Attention lists what needs a person: its buckets are never merged.
type Attention struct{ Buckets []Bucket }

// Quiet reports whether nothing needs a person now.
func (a Attention) Quiet() bool {
	for _, b := range a.Buckets {
		if b.Count > 0 {
			return false
		}
	}
	return true
}

// Older is the way to what is kept apart from the buckets; empty where there is nothing.
func (a Attention) Older() Link {
	for _, b := range a.Buckets {
		if b.Older.Href != "" {
			return b.Older
		}
	}
	return Link{}
}

// Bucket is a problem class with its first runs and the way to all of them.
type Bucket struct {
	ID    string
	Badge Badge
	Note  string // what is in it, such as "last 7 days"
	Count int64
	All   Link // the list of exactly Count runs; empty while there are none
	Older Link // follow-ups that are kept apart; empty where there are none
	Runs  RunTable
}

// RunList is the list of runs with its filters.
type RunList struct {
	Shell   Shell
	Heading Heading
	Filters FilterBar
	Runs    RunTable
}

// RunPage is one run: what to decide first, then what it did.
type RunPage struct {
	Shell    Shell
	Heading  Heading
	Seen     *Seen // nil where nothing is to be marked as read
	Decision Decision
	Lineage  []Relative
	Progress Progress
	Digest   *Digest // nil where no item failed
	Items    Items
	Results  *Results // nil where this reader is shown none
	Facts    []Fact
	Stored   *Stored // system plane only
	Triage   *Triage // likewise
	Picture  Picture
	Timeline []Event
	Older    Link // earlier events
}

// Results are the artifacts of a run.
type Results struct {
	List  []Artifact
	Empty Empty
}

// Relative is a run that this one came from or was followed by.
type Relative struct {
	Icon  string
	Label string
	Link  Link
}

// Stored is the evidence that the last verdict rests on, as it was stored.
type Stored struct {
	Title string
	Note  string
	Facts []Fact
}

// StartPage is the start form with its frame.
type StartPage struct {
	Shell Shell
	Start StartForm
}

// Health is the system plane's first page: how well opstruth itself does.
type Health struct {
	Shell   Shell
	Heading Heading
	KPIs    []KPI
	Checks  []Check
	Queues  Table
	Workers Table
}

// Check is one thing that must hold for the truth to be current.
type Check struct {
	Label  string
	Badge  Badge
	Detail string
	Links  []Link // to what it is about
	When   Instant
}
