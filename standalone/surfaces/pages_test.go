package surfaces

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/standalone/internal/browser"
)

// sizes are the windows that the console is made for.
var sizes = []struct {
	name          string
	width, height int64
}{{"desk", 1440, 900}, {"phone", 390, 844}}

// fits checks that the page that is open is not wider than its window.
func fits(b browser.Tab, say string) {
	b.T.Helper()
	type wide struct {
		Width, Window int
		Widest        string
	}
	got := browser.Ask[wide](b, `(() => {
		const page = document.documentElement, over = [...document.querySelectorAll("main *, header *")].filter((e) => e.getBoundingClientRect().right > page.clientWidth + 1);
		return {Width: Math.max(page.scrollWidth, document.body.scrollWidth), Window: page.clientWidth, Widest: over.length ? over[0].outerHTML.slice(0, 200) : ""};
	})()`)
	require.LessOrEqual(b.T, got.Width, got.Window, "%s scrolls sideways: %s", say, got.Widest)
}

// aboveTheFold checks that a run's headline and next step are seen without scrolling.
func aboveTheFold(b browser.Tab, say string) {
	b.T.Helper()
	for _, part := range []string{"#decision-headline", ".decision-next .next-text"} {
		require.True(b.T, browser.Ask[bool](b, `(() => {
			const r = document.querySelector("`+part+`").getBoundingClientRect();
			return scrollY === 0 && r.height > 0 && r.top >= 0 && r.bottom <= innerHeight;
		})()`), "%s: %s is not in view", say, part)
	}
}

// allowed checks that nothing on the page that is open was refused by its security policy, and that no script failed.
func allowed(b browser.Tab, say string) {
	b.T.Helper()
	require.Empty(b.T, browser.Ask[[]string](b, `window.refused`), say)
}

// places are the pages of a plane that are not a run's.
func places(p links.Plane) []string {
	yes := true
	all := []string{
		links.Runs(p, links.List{}), links.Runs(p, links.List{Class: lifecycle.ActiveStaleAttention}),
		links.Runs(p, links.List{Class: lifecycle.TerminalFollowUp, Open: &yes, Type: backup}), links.Runs(p, links.List{Text: "nothing is called so"}),
	}
	if p == links.System {
		return append(all, links.Home(p), links.Stuck(), links.Failures())
	}
	return append(all, links.Workspace("harbor"), links.Tenant("harbor", "delta-freight"), links.Start("harbor", "delta-freight", ""),
		links.Start("harbor", "delta-freight", "http.batch"), links.Start("harbor", "delta-freight", "inventory.sync"))
}

// Every kind of page, at both sizes, in both colour schemes: accessible, within its security policy, and no wider than
// its window. Of a run the headline and the next step are seen without scrolling.
func TestPagesAtEverySize(t *testing.T) {
	t.Parallel()
	w := tell(t)
	for _, reader := range []struct {
		name  string
		plane links.Plane
	}{{"Mara Lindqvist", links.Admin}, {"Pia Novak", links.System}} {
		b := w.open(reader.name, reader.plane)
		paths := places(reader.plane)
		runs := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(w.runs)) {
			if reader.plane == links.System || w.runs[name].WorkspaceID == w.workspaces["harbor"].ID {
				runs[w.page(reader.plane, name)] = name
				paths = append(paths, w.page(reader.plane, name))
			}
		}
		for _, size := range sizes {
			b.Size(size.width, size.height)
			for _, path := range paths {
				say := size.name + " " + path + " " + runs[path]
				b.GoTo(path)
				require.Equal(t, 1, browser.Ask[int](b, `document.querySelectorAll("h1").length`), say)
				fits(b, say)
				if runs[path] != "" {
					aboveTheFold(b, say)
				}
				if size.name == "phone" || reader.plane == links.System && runs[path] == "" { // the rest is with the real installation's
					b.Accessible(say)
				}
				allowed(b, say)
			}
		}
	}
}

// The checks above must be able to fail.
func TestPagesChecksNotice(t *testing.T) {
	t.Parallel()
	w := tell(t)
	b := w.open("Mara Lindqvist", links.Admin)
	b.Size(390, 844)
	b.GoTo(w.page(links.Admin, "stuck"))
	require.Empty(t, browser.Ask[[]string](b, `window.refused`))
	browser.Ask[bool](b, `(() => { const s = document.createElement("script"); s.textContent = "window.ran = true"; document.body.append(s); return true; })()`)
	b.Until("the policy to refuse an inline script", func() bool { return len(browser.Ask[[]string](b, `window.refused`)) > 0 })
	require.False(t, browser.Ask[bool](b, `window.ran === true`))
	browser.Ask[bool](b, `(() => { const d = document.createElement("div"); d.textContent = "wide"; d.style.minWidth = "900px"; document.querySelector("main").append(d); return true; })()`)
	require.Greater(t, browser.Ask[int](b, `document.documentElement.scrollWidth`), 390)
}
