package browser

import (
	"strings"

	"github.com/stretchr/testify/require"
)

// most bounds a walk that would not end.
const most = 400

// Crawl opens pages as a reader comes to them: from where they begin, through every link of the console, one of each
// kind. What kind says nothing of is not opened. on is called with each page open and whole, and must leave it open. It
// returns the addresses of those pages.
func (b Tab) Crawl(kind func(path string) string, on func(path string), from ...string) (opened []string) {
	b.T.Helper()
	seen := map[string]bool{}
	for todo := from; len(todo) > 0; todo = todo[1:] {
		k := kind(todo[0])
		if k == "" || seen[k] {
			continue
		}
		seen[k] = true
		require.Less(b.T, len(opened), most, "the walk does not end")
		b.GoTo(todo[0])
		b.Whole()
		path := Ask[string](b, `location.pathname + location.search`)
		if k = kind(path); path != todo[0] && seen[k] {
			continue // it leads on to what was seen
		}
		seen[k] = true
		opened = append(opened, path)
		on(path)
		for _, to := range Ask[[]string](b, `[...document.querySelectorAll('a[href^="/"]:not([download])')].map((a) => a.getAttribute("href"))`) {
			to, _, _ = strings.Cut(to, "#")
			todo = append(todo, to)
		}
	}
	return opened
}

// Whole waits until the parts of the open page that load on their own are there.
func (b Tab) Whole() {
	b.T.Helper()
	b.Until("all parts of the page", func() bool {
		return Ask[bool](b, `document.readyState === "complete" && document.querySelector("[data-pending]") === null`)
	})
}

// watchPolicy collects what the content security policy refuses, and what fails in scripts.
const watchPolicy = `window.refused = [];
	addEventListener("securitypolicyviolation", (e) => refused.push(e.violatedDirective + " " + e.blockedURI + " " + e.sample));
	addEventListener("error", (e) => refused.push("error: " + e.message));
	addEventListener("unhandledrejection", (e) => refused.push("rejection: " + e.reason));`

// WatchPolicy lets Refused know, of every page that is opened from now on.
func (b Tab) WatchPolicy() {
	b.T.Helper()
	b.Watch(watchPolicy)
}

// Refused is what the open page's security policy refused, and what failed in its scripts.
func (b Tab) Refused() []string {
	b.T.Helper()
	return Ask[[]string](b, `window.refused`)
}
