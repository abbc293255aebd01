package view

// RunRow is a run in any list. Every surface shows a run by it.
type RunRow struct {
	ID        string
	Href      string
	Title     string // of the operation type
	Target    string
	Tenant    string // empty: tenantless
	Workspace string
	Badges    []Badge // the state first, then its marks
	Class     string  // the problem class, where the state does not say it
	Freshness string
	Lineage   string // whether and how often it was stuck
	WasStuck  bool   // Lineage says more than the state does
	Stuck     Tone   // of Lineage
	Headline  string
	Next      string // the next step of a run that needs somebody
	Progress  Progress
	Initiator string
	Queued    Instant
	Ended     Instant
	Took      string // duration so far or in all
}

// RunTable is a list of runs.
type RunTable struct {
	ID            string // of the element
	Caption       string // for screen readers
	ShowTenant    bool
	ShowWorkspace bool
	ShowLineage   bool
	Rows          []RunRow
	Empty         Empty
	Pager         Pager
}

// Progress is a run's counts.
type Progress struct {
	Total, Processed, Succeeded, Failed, Skipped int64 // Total 0: not known yet
	Active                                       bool
	Stuck                                        bool    // the bar must not look as if it advanced
	Moved                                        Instant // last change of the counts
	Last                                         string  // the item that was recorded last
}

// Known reports whether there is anything to draw.
func (p Progress) Known() bool { return p.Total > 0 }

// Percent is rounded down, so that 100 means done.
func (p Progress) Percent() int64 {
	if p.Total <= 0 {
		return 0
	}
	return min(p.Processed*100/p.Total, 100)
}

// Decision is the first block of a run's page, in the order in which a person decides.
type Decision struct {
	Badges         []Badge
	Headline       string
	Evidence       []Evidence
	Reconciliation string // whether opstruth closed it
	Next           NextStep
}

// Evidence is one reason to believe the headline, with its time.
type Evidence struct {
	Text string
	When Instant
}

// NextStep is the one thing to do: a button, or an instruction.
type NextStep struct {
	Text    string
	Calm    bool     // nothing has to be done
	Actions []Action // the primary one first; others are its alternatives, such as cancel
}

// Item is one unit of a run's work.
type Item struct {
	Key    string
	Title  string
	Badge  Badge
	Detail string // why it failed or was skipped
	When   Instant
}

// Items is a page of a run's items.
type Items struct {
	Tabs  []Tab
	Only  *Chip // the reason that the rows failed for, where they are narrowed to one
	Rows  []Item
	Empty Empty
	Pager Pager
}

// Artifact is a result of a run.
type Artifact struct {
	Icon    string
	Title   string
	Summary string
	Facts   []Fact
	Href    string // download or view
	Verb    string // "Download"
	Groups  []ArtifactGroup
}

// ArtifactGroup is a part of a result shown in place, such as the added objects of a diff.
type ArtifactGroup struct {
	Label string
	Count int64
	Tone  Tone
	Lines []string // the first few
	Open  bool
}

// Event is one line of a run's timeline, newest first.
type Event struct {
	Icon   string
	Tone   Tone
	Title  string
	Detail string
	Actor  string // who did it, where a person did
	When   Instant
	Facts  []Fact // evidence, shown on demand
}
