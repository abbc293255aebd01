package surfaces

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
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
		require.True(b.T, inView(b, part), "%s: %s is not in view", say, part)
	}
}

// allowed checks that nothing on the page that is open was refused by its security policy, and that no script failed.
func allowed(b browser.Tab, say string) {
	b.T.Helper()
	require.Empty(b.T, b.Refused(), say)
}

// sound checks the page that is open in all ways in which every page has to be right.
func sound(b browser.Tab, say string) {
	b.T.Helper()
	require.Equal(b.T, 1, browser.Ask[int](b, `document.querySelectorAll("h1").length`), say)
	fits(b, say)
	b.Accessible(say)
	allowed(b, say)
}

// Every page of both planes, found by walking from where readers begin, at both sizes, in both colour schemes: accessible,
// within its security policy, and no wider than its window. Of a run the headline and the next step are seen without
// scrolling. A page that a route is added for is walked without being named here, or it fails.
func TestPagesAtEverySize(t *testing.T) {
	t.Parallel()
	w := tell(t)
	anonymous := browser.Open(t, w.base)
	anonymous.WatchPolicy()
	var visited []string
	for _, reader := range []struct {
		who  string
		b    browser.Tab
		from []string
	}{
		{"nobody", anonymous, []string{links.SignIn(links.Admin, ""), links.SignIn(links.System, "")}},
		{"Mara Lindqvist", w.open("Mara Lindqvist", links.Admin), []string{
			links.Home(links.Admin), links.Start("harbor", "delta-freight", ""), // the latter for who shortens an address
		}},
		{"Pia Novak", w.open("Pia Novak", links.System), []string{links.Home(links.System)}},
	} {
		look := func(size string, path string) {
			say := reader.who + ", " + size + " " + path
			if browser.Ask[bool](reader.b, `document.querySelector("#decision") !== null`) {
				aboveTheFold(reader.b, say)
			}
			sound(reader.b, say)
		}
		desk, phone := sizes[0], sizes[1]
		reader.b.Size(desk.width, desk.height)
		opened := reader.b.Crawl(w.kind, func(path string) { look(desk.name, path) }, reader.from...)
		reader.b.Size(phone.width, phone.height)
		for _, path := range opened {
			reader.b.GoTo(path)
			reader.b.Whole()
			look(phone.name, path)
		}
		t.Logf("%s: %d pages", reader.who, len(opened))
		visited = append(visited, opened...)
	}
	for _, route := range w.pages {
		if isPage(route) && route != links.Home(links.Admin) { // which leads on
			require.True(t, slices.ContainsFunc(visited, func(path string) bool { return w.route(path) == route }), "no link leads to %s", route)
		}
	}
}

// Who is refused, or asks for what is not there, gets a page as well.
func TestPagesOfErrors(t *testing.T) {
	t.Parallel()
	w := tell(t)
	w.member("Vera Wolf", "harbor", models.RoleViewer)
	w.looker("Lou Brandt")
	member, viewer := w.open("Mara Lindqvist", links.Admin), w.open("Vera Wolf", links.Admin)
	staff, looker := w.open("Pia Novak", links.System), w.open("Lou Brandt", links.System)
	run := w.runs["stuck"].ID
	for _, size := range sizes {
		for _, c := range []struct {
			b          browser.Tab
			path, post string
			status     int
		}{
			{member, "/admin/nothing", "", http.StatusNotFound},
			{member, links.Run(links.Admin, "none", links.List{}), "", http.StatusNotFound},
			{member, links.Runs(links.Admin, links.List{}) + "?outcome=nonsense", "", http.StatusBadRequest},
			{viewer, links.Start("harbor", "delta-freight", ""), "", http.StatusForbidden},
			{viewer, links.Run(links.Admin, run, links.List{}), links.RunAction(links.Admin, run, "cancel"), http.StatusForbidden},
			{staff, "/system/nothing", "", http.StatusNotFound},
			{staff, links.Run(links.System, "none", links.List{}), "", http.StatusNotFound},
			{staff, links.Runs(links.System, links.List{}) + "?outcome=nonsense", "", http.StatusBadRequest},
			{looker, links.Run(links.System, run, links.List{}), links.RunAction(links.System, run, "cancel"), http.StatusForbidden},
		} {
			c.b.Size(size.width, size.height)
			c.b.GoTo(c.path)
			if c.post != "" {
				c.b.Whole()
				browser.Ask[bool](c.b, `(() => { const f = document.createElement("form"); f.method = "post"; f.action = "`+c.post+`"; document.body.append(f); setTimeout(() => f.submit()); return true; })()`)
				c.b.Until("the answer", func() bool { return address(c.b) == c.post && ready(c.b) })
			}
			say := fmt.Sprintf("%s %d at %s %s", size.name, c.status, c.path, c.post)
			require.Equal(t, c.status, browser.Ask[int](c.b, `performance.getEntriesByType("navigation")[0].responseStatus`), say)
			sound(c.b, say)
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
	require.Empty(t, b.Refused())
	browser.Ask[bool](b, `(() => { const s = document.createElement("script"); s.textContent = "window.ran = true"; document.body.append(s); return true; })()`)
	b.Until("the policy to refuse an inline script", func() bool { return len(b.Refused()) > 0 })
	require.False(t, browser.Ask[bool](b, `window.ran === true`))
	require.Greater(t, browser.Ask[int](b, `(() => {
		const d = document.createElement("div"); d.textContent = "wide"; d.style.minWidth = "900px"; document.querySelector("main").append(d);
		return document.documentElement.scrollWidth; // at once, since a refresh takes it away again
	})()`), 390)
	b.GoTo(w.page(links.Admin, "stuck"))
	require.Empty(t, b.Violations("light"))
	browser.Ask[bool](b, `(() => { document.body.append(document.createElement("img")); return true; })()`) // which no refresh takes away
	require.NotEmpty(t, b.Violations("light"))
}
