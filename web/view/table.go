package view

// Table is any other list: tenants, workers, tokens. Rows open by the link of their first cell.
type Table struct {
	ID      string
	Caption string
	Columns []Column
	Rows    []Row
	Empty   Empty
	Pager   Pager
}

// Column heads a table column.
type Column struct {
	Label   string
	Numeric bool
	Wide    bool // takes a line of its own on a narrow screen
}

// Row is a table row; Href is empty when it opens nothing.
type Row struct {
	ID    string
	Href  string
	Cells []Cell
}

// Cell is a table cell: badges, a moment, or text with a smaller second line.
type Cell struct {
	Text    string
	Sub     string
	Mono    bool
	Href    string // a link of its own inside the row, such as a count to its list
	Badges  []Badge
	When    Instant
	Actions []Action
}
