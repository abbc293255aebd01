package inventory

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// maxListed is how many objects of each kind the summary names; the diff has all.
const maxListed = 200

// summary tells a diff to people.
func (d Diff) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d objects in %d collections\n", d.Connection, d.Objects, len(d.Collections))
	if d.First {
		b.WriteString("First reading: there is nothing to compare it with.\n")
	} else {
		fmt.Fprintf(&b, "Since the last complete reading: %d added, %d changed, %d removed\n", len(d.Added), len(d.Changed), len(d.Removed))
	}
	if !d.Complete {
		b.WriteString("\nNOT READ COMPLETELY (what is missing there is not told as removed)\n")
		for _, m := range d.Missing {
			fmt.Fprintf(&b, "  %s: %s\n", m.Collection, m.Reason)
		}
	}
	b.WriteString("\nCOLLECTIONS\n")
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, c := range d.Collections {
		fmt.Fprintf(table, "  %s\t%d objects\t%s\n", c.Name, c.Objects, c.story())
	}
	_ = table.Flush() // a strings.Builder takes all
	d.list(&b, "ADDED", d.Added)
	d.list(&b, "CHANGED", d.Changed)
	d.list(&b, "REMOVED", d.Removed)
	return b.String()
}

func (c Collection) story() string {
	s := "first reading"
	if c.ComparedWith != "" {
		s = fmt.Sprintf("%d added, %d changed, %d removed", c.Added, c.Changed, c.Removed)
	}
	if !c.Complete {
		s += fmt.Sprintf("; only %d pages read", c.Pages)
	}
	return s
}

func (d Diff) list(b *strings.Builder, title string, objects []Object) {
	if len(objects) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, o := range objects[:min(len(objects), maxListed)] {
		fmt.Fprintf(b, "  %s / %s (%s)", o.Collection, o.Name, o.ID)
		if len(o.Fields) > 0 {
			fmt.Fprintf(b, ": %s", strings.Join(o.Fields, ", "))
		}
		b.WriteString("\n")
	}
	if more := len(objects) - maxListed; more > 0 {
		fmt.Fprintf(b, "  and %d more, see %s\n", more, DiffName)
	}
}
