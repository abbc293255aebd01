package surfaces

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/feed"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/standalone/internal/browser"
	"github.com/opstruth/opstruth/web"
)

// requests counts what a console is asked for, by path.
type requests struct {
	mu   sync.Mutex
	seen map[string]int
}

func (r *requests) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		r.seen[q.URL.Path]++
		r.mu.Unlock()
		next.ServeHTTP(w, q)
	})
}

func (r *requests) now() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.seen)
}

// watched is a console whose pages are told what changes, if told, and whose requests are counted.
func watched(t *testing.T, told bool) (*world, *requests) {
	t.Helper()
	asked := &requests{seen: map[string]int{}}
	w := build(t, func(w *world, o *web.Options) {
		w.wrap = asked.count
		if !told {
			return
		}
		o.Feed = feed.New(func() feed.Reader { return w.record.NewChangeReader() }, 50*time.Millisecond, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- o.Feed.Run(ctx) }()
		t.Cleanup(func() {
			stop()
			require.NoError(t, <-ended)
		})
	})
	w.workspace("harbor", "Harbor Managed Services", "delta-freight", "Delta Freight", "lakeside-clinic", "Lakeside Clinic")
	w.member("Mara Lindqvist", "harbor", models.RoleOwner)
	w.passed()
	return w, asked
}

// quickly makes a page's times of seconds pass in an instant, counts its cycles, and lets a test hide the tab.
const quickly = `
	window.cycles = 0;
	const every = window.setInterval;
	window.setInterval = (f, ms) => every(() => { f(); window.cycles++; }, ms / 50);
	const once = window.setTimeout;
	window.setTimeout = (f, ms, ...more) => once(f, ms > 1000 ? ms / 50 : ms, ...more);
	window.away = false;
	Object.defineProperty(document, "hidden", {get: () => window.away});
	window.hide = (on) => { window.away = on; document.dispatchEvent(new Event("visibilitychange")); };`

// settled waits until nothing is asked for any more, for some cycles of polling, and nothing that was is on its way.
func settled(b browser.Tab, asked *requests) map[string]int {
	b.T.Helper()
	var before map[string]int
	b.Until("an end of requests", func() bool {
		before = asked.now()
		from := browser.Ask[int](b, `window.cycles`)
		b.Until("some cycles", func() bool { return browser.Ask[int](b, `window.cycles`) > from+5 })
		return browser.Ask[bool](b, `document.querySelector(".htmx-request") === null`) && maps.Equal(before, asked.now())
	})
	return before
}

// listens waits until the page that is open has its stream, which is the nth that any page has asked for.
func listens(b browser.Tab, asked *requests, n int) {
	b.T.Helper()
	b.Until("the page to listen", func() bool { return asked.now()[links.Events(links.Admin)] == n })
}

// overlaid is what lies over the page.
func overlaid(b browser.Tab) string {
	b.T.Helper()
	return browser.Ask[string](b, `[...document.querySelectorAll("#overlay li .row-target")].map((e) => e.textContent).join("|")`)
}

// Nothing active: a page asks for nothing. A run that is started elsewhere appears, while it is active the page asks, and
// when it ends the overlay, recents and numbers tell it, and the page is silent again. Nothing is loaded anew.
func TestLivePagesPollOnlyWhileSomethingIsActive(t *testing.T) {
	t.Parallel()
	w, asked := watched(t, true)
	b := w.open("Mara Lindqvist", links.Admin)
	listens(b, asked, 1)
	b.Watch(quickly)
	place := links.Tenant("harbor", "delta-freight")
	b.GoTo(place)
	listens(b, asked, 2)
	browser.Ask[bool](b, `window.same = true`)
	quiet := settled(b, asked)
	require.Equal(t, 2, quiet[links.Events(links.Admin)], "one connection is all that it holds")
	require.Empty(t, overlaid(b))

	run := modelstest.Running(t, w.at(minute), w.wish("delta-freight", backup, "Nightly", "", patient))
	other := modelstest.Running(t, w.at(0), w.wish("lakeside-clinic", backup, "Elsewhere", "", patient))
	b.Until("the run to appear", func() bool { return overlaid(b) == "Nightly" })
	b.Until("the run among recents", func() bool {
		return browser.Ask[int](b, `document.querySelectorAll("#recent tr[data-run]").length`) == 1
	})
	from := asked.now()
	b.Until("the page to poll", func() bool {
		now := asked.now()
		return now[place] > from[place]+2 && now[links.Overlay("", "", "")] > from[links.Overlay("", "", "")]+2
	})
	browser.Ask[bool](b, `document.querySelectorAll(".kpi-link")[2].focus(), true`) // what has the focus tells the truth too
	w.end(run, time.Second, lifecycle.Failed, lifecycle.Failure{Message: "disk full"})
	b.Until("the run to leave", func() bool { return overlaid(b) == "" })
	b.Until("recents and numbers to tell it", func() bool {
		return browser.Ask[bool](b, `document.querySelector("#recent .cell-state .tag")?.innerText.trim() === "Failed" &&
			document.querySelectorAll(".kpi-count")[1].textContent === "1" && document.querySelectorAll(".kpi-count")[2].textContent === "0"`)
	})
	require.True(t, browser.Ask[bool](b, `document.activeElement === document.querySelectorAll(".kpi-link")[2]`), "and keeps it")
	b.Until("the history to tell it", func() bool { return browser.Ask[int](b, `document.querySelectorAll("#history table").length`) > 0 })
	b.Until("the history's last look", func() bool { return browser.Ask[int](b, `document.querySelectorAll("[data-poll]").length`) == 0 })
	settled(b, asked)
	w.end(other, 0, lifecycle.Succeeded, lifecycle.Failure{})
	require.True(t, browser.Ask[bool](b, `window.same === true`), "nothing was loaded anew")
	allowed(b, place)
}

// Without a stream a page that shows something active converges by polling alone, also by what the reconciler does, and
// then asks for nothing.
func TestLivePagesConvergeByPollingAlone(t *testing.T) {
	t.Parallel()
	w, asked := watched(t, false)
	run := modelstest.Running(t, w.at(0), w.wish("delta-freight", backup, "Nightly", "", patient))
	b := w.open("Mara Lindqvist", links.Admin)
	b.Watch(quickly)
	b.GoTo(links.Workspace("harbor"))
	b.Until("the run over the page", func() bool { return overlaid(b) == "Nightly" })
	w.closed(run, 0, lifecycle.NoWorkers, noWorkers)
	b.Until("the run to leave", func() bool { return overlaid(b) == "" })
	b.Until("recents to tell it", func() bool {
		return browser.Ask[bool](b, `document.querySelector("#recent .cell-state .tag")?.innerText.includes("was stuck") ?? false`)
	})
	b.Until("the history's last look", func() bool { return browser.Ask[int](b, `document.querySelectorAll("[data-poll]").length`) == 0 })
	settled(b, asked)
	require.Zero(t, asked.now()[links.Events(links.Admin)])
}

// A hidden tab neither asks nor listens; shown again it catches up.
func TestLiveTabsThatAreHiddenAreSilent(t *testing.T) {
	t.Parallel()
	w, asked := watched(t, true)
	first := modelstest.Running(t, w.at(0), w.wish("delta-freight", backup, "First", "", patient))
	b := w.open("Mara Lindqvist", links.Admin)
	listens(b, asked, 1)
	b.Watch(quickly)
	b.GoTo(links.Runs(links.Admin, links.List{}))
	listens(b, asked, 2)
	b.Until("the run over the page", func() bool { return overlaid(b) == "First" })
	browser.Ask[bool](b, `hide(true), true`)
	hidden := settled(b, asked)
	w.end(first, 0, lifecycle.Succeeded, lifecycle.Failure{})
	modelstest.Running(t, w.at(0), w.wish("delta-freight", backup, "Second", "", patient))
	require.Equal(t, hidden, settled(b, asked))
	require.Equal(t, "First", overlaid(b))
	browser.Ask[bool](b, `hide(false), true`)
	b.Until("what is so now", func() bool { return overlaid(b) == "Second" })
	listens(b, asked, 3)
}

// The overlay stays as it was folded, on the next page too, takes no focus and opens its runs; on a phone it is a bar.
func TestOverlayIsRememberedAndStaysOutOfTheWay(t *testing.T) {
	t.Parallel()
	w := tell(t)
	b := w.open("Mara Lindqvist", links.Admin)
	b.Size(1440, 900)
	b.GoTo(links.Workspace("harbor"))
	open := func() bool { return browser.Ask[bool](b, `document.querySelector("#overlay details")?.open ?? false`) }
	loaded := func() {
		b.Until("the overlay", func() bool { return browser.Ask[bool](b, `!!document.querySelector("#overlay details")`) })
	}
	loaded()
	require.False(t, open(), "it lies over nothing that nobody asked for")
	require.Equal(t, "BODY", browser.Ask[string](b, `document.activeElement.tagName`))
	b.Click("#overlay summary")
	b.Until("it to open", open)
	b.Accessible("the overlay")
	b.GoTo(links.Runs(links.Admin, links.List{}))
	loaded()
	require.True(t, open(), "what was chosen is kept")
	b.Click("#overlay summary")
	b.Until("it to fold", func() bool { return !open() })
	b.Size(390, 844)
	b.GoTo(w.page(links.Admin, "fresh"))
	loaded()
	require.False(t, open())
	type box struct{ Height, Width, Bottom float64 }
	bar := browser.Ask[box](b, `(() => { const r = document.querySelector(".overlay").getBoundingClientRect(); return {Height: r.height, Width: r.width, Bottom: r.bottom}; })()`)
	require.LessOrEqual(t, bar.Height, 56.0)
	require.Equal(t, []float64{390, 844}, []float64{bar.Width, bar.Bottom})
	b.Click("#overlay summary")
	b.Until("it to open", open)
	fits(b, "an open overlay")
	b.Accessible("an open overlay on a phone")
	follow(b, "#overlay li a")
	require.Contains(t, b.Path(), links.Runs(links.Admin, links.List{})+"/")
	allowed(b, "the overlay")
}
