package view

import (
	"fmt"
	"time"
)

// History is how runs ended, day by day and type by type.
type History struct {
	Title string
	Note  string
	Spans []Tab // other lengths of it
	Keys  []HistoryKey
	Types []TypeHistory
	Rest  Link // types that are not drawn; empty where all are
	Empty Empty
	// Href is asked for it again, at a pace of its own, and while something is active by itself.
	Href string
	Poll bool
	// Unchanged says that it stays as the page in view has it.
	Unchanged bool
	// Later is where all but the title and Spans is, which the page asks for once it is there; empty: it is here.
	Later Link
}

// HistoryKey explains a colour.
type HistoryKey struct {
	Badge Badge
	Class string // of the part that has it
}

// TypeHistory is one operation type's.
type TypeHistory struct {
	ID       string // of the element
	Title    string
	Ended    Link // all of them
	Outcomes Chart
	Took     Chart
	Table    HistoryTable
}

// Chart is a picture whose every mark leads to the runs that it stands for. Lengths are in the units of its box.
type Chart struct {
	ID    string
	Title string
	Text  string // what it shows, in words
	W, H  int
	Top   ChartLine   // the largest value's height
	Foot  int         // zero's height
	Days  []ChartDay  // names under the picture
	Marks []ChartMark // bars, or places on a line
	Line  string      // points of a line through the marks; empty: none
	Empty string      // said in place of the picture
}

// ChartLine is a level of a chart and its name.
type ChartLine struct {
	Y     int
	Label string
}

// ChartDay names a day of a chart.
type ChartDay struct {
	X      int
	Label  string
	Anchor string // SVG's text-anchor
}

// ChartMark is a bar or, with Dot, a span from a dot upwards.
type ChartMark struct {
	X, Y, W, H int
	Class      string
	Href       string
	Label      string
	Dot        bool // at the lower end
	Slot       int  // Dot: the width that answers to the pointer
}

// HistoryTable is the charts in numbers.
type HistoryTable struct {
	Caption string
	Columns []string
	Rows    []HistoryDay
}

// HistoryDay is a day with its numbers, each with the way to its runs.
type HistoryDay struct {
	Day   string
	Cells []Link // an empty one has no Href
}

// Length is Duration with a tenth of a second where that tells something, and in milliseconds where it does not.
func Length(d time.Duration) string {
	const short, exact = 100 * time.Millisecond, 10 * time.Second
	switch {
	case d > 0 && d < short:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d > 0 && d < exact:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return Duration(d)
}
