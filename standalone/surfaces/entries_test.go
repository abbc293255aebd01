package surfaces

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/standalone/internal/browser"
)

// entry is a page on which a newcomer has to see within seconds what is active, what was reconciled, and what to do next.
type entry struct {
	name, path string
	plane      links.Plane
	first      []string // what answers that, or begins to: it is seen without scrolling
	wide       []string // where the window is wide
	narrow     string   // where it is not, the address if another one, which shows more of what matters
}

// at is the entry's address, and what must be in view there, in a window.
func (e entry) at(width int64) (path string, parts []string) {
	switch {
	case width > 1000:
		return e.path, append(e.first, e.wide...)
	case e.narrow != "":
		return e.narrow, e.first
	}
	return e.path, e.first
}

func (w *world) entries() []entry {
	row := func(table, run string) string { return table + ` tr[data-run="` + w.runs[run].ID + `"] ` }
	place := []string{".kpis li:nth-child(1) .kpi-count", ".kpis li:nth-child(2) .kpi-count", ".kpis li:nth-child(3) .kpi-count", "#attention-title"}
	told := func(row string) []string { return []string{row + ".tag", row + ".row-headline", row + ".row-next"} }
	return []entry{
		{
			"workspace", links.Workspace("harbor"), links.Admin, append(place, told(row("#stuck-runs", "retrying"))...),
			append(told(row("#stuck-runs", "stuck")), told(row("#follow-up-runs", "reconciled"))...), "",
		},
		{
			"tenant", links.Tenant("harbor", "delta-freight"), links.Admin, append(place, told(row("#stuck-runs", "stuck"))...),
			told(row("#follow-up-runs", "reconciled")), "",
		},
		{
			"operations", links.Runs(links.Admin, links.List{}), links.Admin, append(told(row("#runs", "reconciled")), ".tabs a:nth-of-type(2) .tab-count"),
			append(told(row("#runs", "retrying")), row("#runs", "queued")+".tag"),
			links.Runs(links.Admin, links.List{Class: lifecycle.TerminalFollowUp}),
		},
		{
			"run", w.page(links.Admin, "stuck"), links.Admin,
			[]string{"#decision .tag", "#decision-headline", "#decision .reconciliation", ".decision-next .next-text"}, nil, "",
		},
		{"stuck", links.Stuck(links.List{}), links.System, []string{
			"#group-no_workers-policies .tag", "#group-no_workers-policies .row-link", "#group-no_workers-policies td:nth-child(4)",
		}, nil, ""},
	}
}

// On each of the entries what a newcomer looks for first is in view, on a desk and on a phone.
func TestEntryPagesAnswerAboveTheFold(t *testing.T) {
	t.Parallel()
	w := tell(t)
	tabs := map[links.Plane]browser.Tab{links.Admin: w.open("Mara Lindqvist", links.Admin), links.System: w.open("Pia Novak", links.System)}
	for _, size := range sizes {
		for _, e := range w.entries() {
			b := tabs[e.plane]
			path, parts := e.at(size.width)
			b.Size(size.width, size.height)
			b.GoTo(path)
			b.Whole()
			for _, part := range append([]string{"h1"}, parts...) {
				require.True(t, inView(b, part), "%s %s: %s is not in view", size.name, e.name, part)
			}
		}
	}
}

// inView reports whether what a selector finds first is seen without scrolling, and nothing lies over it.
func inView(b browser.Tab, selector string) bool {
	b.T.Helper()
	return browser.Ask[bool](b, "(() => { const e = document.querySelector(`"+selector+"`), r = e?.getBoundingClientRect();"+`
		if (!r || scrollY !== 0 || r.height === 0 || r.top < 0 || r.bottom > innerHeight || r.left < 0 || r.right > innerWidth + 1) return false;
		const over = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
		const row = e.closest("tr, li"); // whose link lies over all of it
		return e.contains(over) || over?.contains(e) || row !== null && row.contains(over);
	})()`)
}
