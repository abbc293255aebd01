package view

// StuckPage groups what is likely stuck by what holds it up.
type StuckPage struct {
	Shell   Shell
	Heading Heading
	Groups  Table
}

// FailuresPage is what ended and needs follow-up, grouped by how it ended, and then run by run.
type FailuresPage struct {
	Shell    Shell
	Heading  Heading
	Sections []FailureSection // of the last seven days, then older; each in its two kinds
	Runs     RunTable
	All      Link // the list of all that Runs begins; empty where it shows all
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
