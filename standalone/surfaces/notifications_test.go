package surfaces

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/standalone/internal/browser"
)

// From the bell to a message, by a click beside its link to the run, and back: the run tells what the message told, on its
// class and in its place, and the message is read from then on; nothing but looking at the run has read it.
func TestSurfacesWalkedFromNotifications(t *testing.T) {
	t.Parallel()
	w := tell(t)
	b := w.open("Mara Lindqvist", links.Admin)
	b.Size(1280, 500)
	unread := func() int {
		n, err := strconv.Atoi(browser.Ask[string](b, `document.querySelector("#bell")?.innerText ?? ""`))
		if err != nil {
			return -1 // no number yet
		}
		return n
	}
	b.GoTo(links.Workspace("harbor"))
	all := unread()
	follow(b, "#bell a")
	require.Equal(t, links.Notifications(true), address(b), "the number leads to what it counts")
	require.Equal(t, all, browser.Ask[int](b, `document.querySelectorAll("#notifications tbody tr.unread").length`))
	b.GoTo(links.Notifications(false))
	for i, c := range []struct {
		run, tenant string
		class       lifecycle.ProblemClass
	}{
		{"partial", "brightwood-bakery", lifecycle.TerminalFollowUp}, {"blocked", "lakeside-clinic", lifecycle.TerminalFollowUp},
		{"noted", "brightwood-bakery", lifecycle.TerminalFollowUp}, {"succeeded", "delta-freight", lifecycle.NoProblem},
	} {
		b.Whole() // what comes later moves what is in view
		row := `tr[data-run="` + w.runs[c.run].ID + `"]`
		told := browser.Ask[[]string](b, `[...document.querySelectorAll('`+row+` .tag')].map((e) => e.innerText)`)
		message := browser.Ask[string](b, `document.querySelector('`+row+` .row-message').innerText`)
		b.ScrollTo(row + " .cell-state")
		at := browser.Ask[float64](b, `scrollY`)
		require.Equal(t, all-i, unread(), "to open the list reads nothing")
		follow(b, row+" .cell-state")

		require.Equal(t, links.Run(links.Admin, w.runs[c.run].ID, links.List{}), b.Path())
		require.Equal(t, links.List{Workspace: "harbor", Tenant: c.tenant, Class: c.class, Entry: links.FromNotifications}, asked(b), "class, place and way back are kept")
		require.Equal(t, told, browser.Ask[[]string](b, `[...document.querySelectorAll("#decision .tag")].map((e) => e.innerText)`))
		require.Contains(t, message, browser.Ask[string](b, `document.querySelector("#decision-headline").innerText`))
		require.Contains(t, message, browser.Ask[string](b, `document.querySelector("#decision .next-text").innerText`))
		if c.class != lifecycle.NoProblem {
			require.Contains(t, message, c.class.Label())
		}
		b.Until("the message to be read", func() bool { return unread() == all-i-1 })
		aboveTheFold(b, c.run)
		allowed(b, c.run)
		back(b, links.Notifications(false))
		samePlace(b, at)
		require.Equal(t, 1, browser.Ask[int](b, `document.querySelectorAll('`+row+`:not(.unread)').length`))
	}
	b.GoTo(links.FromNotification(w.runs["partial"].ID, "harbor", "brightwood-bakery", lifecycle.TerminalFollowUp))
	follow(b, `.crumbs li:nth-last-child(2) a`)
	require.Equal(t, links.Notifications(false), address(b))

	for _, size := range sizes {
		b.Size(size.width, size.height)
		for _, path := range []string{links.Notifications(false), links.Notifications(true)} {
			b.GoTo(path)
			fits(b, size.name+" "+path)
			b.Accessible(size.name + " " + path)
			allowed(b, path)
		}
	}
	b.Click(`form[action="` + links.ReadNotifications() + `"] button`)
	b.Until("nothing to be unread", func() bool {
		return ready(b) && browser.Ask[bool](b, `document.querySelector("#bell")?.innerText === "" && !document.querySelector("tr.unread")`)
	})
	b.GoTo(links.Notifications(true))
	b.Sees("Nothing is unread", true)
	b.Accessible("no notifications")

	other := w.open("Alma Keller", links.Admin)
	other.GoTo(links.Notifications(false))
	require.Equal(t, 0, browser.Ask[int](other, `document.querySelectorAll('tr[data-run="`+w.runs["succeeded"].ID+`"]').length`), "another workspace's are another's")
}
