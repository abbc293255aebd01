package harness

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/opstruth/opstruth/standalone/faults/check"
)

// most is how many violations of one invariant are printed.
const most = 5

// Print writes a result as a table.
func (r Result) Print(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	p := r.Report
	fmt.Fprintf(w, "\nscenario\t%s\nseed\t%d\ntook\t%s\n", r.Scenario, r.Seed, r.Took.Round(time.Second))
	fmt.Fprintf(w, "faults\t%s\n", list(p.Faults, check.FaultKinds()))
	fmt.Fprintf(w, "runs\t%d: %s\n", p.Runs, list(p.Outcomes, slices.Sorted(maps.Keys(p.Outcomes))))
	fmt.Fprintf(w, "flags\t%d, of those %d in telemetry gaps; the longest lasted %s\n", p.Flags, p.GapFlags, p.Longest.Round(100*time.Millisecond))
	fmt.Fprintf(w, "false flags\t%d\n", p.FalseFlags)
	fmt.Fprintf(w, "causes\t%s\n", list(p.Causes, slices.Sorted(maps.Keys(p.Causes))))
	fmt.Fprintf(w, "closes\t%d\n\n", p.Closes)
	for _, i := range p.Invariants {
		verdict := "holds"
		if n := len(i.Violations); n > 0 {
			verdict = fmt.Sprintf("VIOLATED %d times", n)
		}
		fmt.Fprintf(w, "%s\t%d looked at\t%s\n", i.Name, i.Looked, verdict)
	}
	_ = w.Flush()
	for _, i := range p.Invariants {
		for _, v := range i.Violations[:min(most, len(i.Violations))] {
			_, _ = fmt.Fprintf(to, "\n%s:\n  %s\n", i.Name, v)
		}
	}
	if r.Dir != "" {
		_, _ = fmt.Fprintf(to, "\nlogs in %s\n", r.Dir)
	}
}

// list writes counts in the order of their names.
func list[K ~string](counts map[K]int, order []K) string {
	var parts []string
	for _, k := range order {
		if n := counts[k]; n > 0 {
			name := string(k)
			if name == "" {
				name = "none"
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
