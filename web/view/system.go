package view

// StuckPage groups what is likely stuck by what holds it up.
type StuckPage struct {
	Shell   Shell
	Heading Heading
	Filters FilterBar
	Title   string // of Groups
	Count   int64  // of runs in Groups
	Groups  Table
	All     Link // the list of exactly these runs; empty where there are none
}

// FailuresPage is what ended and needs follow-up, grouped by how it ended, and then run by run.
type FailuresPage struct {
	Shell    Shell
	Heading  Heading
	Filters  FilterBar
	Sections []FailureSection // of the last seven days, then older; each in its two kinds
	Count    int64            // of the runs that Runs begins
	Runs     RunTable
	Shown    string // says that Runs ends before them, with All
	All      Link   // the list of exactly so many; empty where Runs has them
	Older    Link   // of those that ended before; empty where there are none
}

// FailureSection is the groups of one kind.
type FailureSection struct {
	Title  string
	Count  int64 // of runs in Groups
	Groups Table
	Rest   Link // the whole list, where there are more groups than are shown
}

// Triage is what platform staff need beside a run's decision.
type Triage struct {
	Siblings *Link // the runs that are stuck for the same cause on the same queue, this one among them
	Groups   []TriageGroup
	AskHref  string // asks Temporal now; empty where this installation cannot
	Asked    *Asked // the answer, where it was asked with the page
}

// TriageGroup is related facts.
type TriageGroup struct {
	Title string
	Facts []Fact
}

// Asked is what Temporal said when it was asked, beside the record.
type Asked struct {
	Badge    Badge
	Text     string
	Note     string // when, and how long it took
	Compared *Table // nil where there was no answer
	Pending  *Table // activities; nil where there is none
	Pollers  *Table // of the task queue, likewise
}
