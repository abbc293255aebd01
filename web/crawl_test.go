package web_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/web"
)

// crowd is how many runs of one kind stand on more than one page.
const crowd = 55

// seedEverything stores runs in every state, runs that name each other, a run with items, reasons and a result, and a
// crowd that is stuck on one queue. From then on the record's clock stands still and Temporal must not be asked.
func seedEverything(t *testing.T, b *bench) {
	t.Helper()
	w, s := b.world, b.store
	seedStates(t, b)
	stuck := modelstest.Running(t, s, w.NewRun(impatient("fleet")))
	modelstest.Clones(t, s, stuck, crowd)
	_, err := s.Transition(t.Context(), modelstest.Running(t, s, w.NewRun(impatient("fleet"))).ID, lifecycle.Change{Kind: lifecycle.Claimed, Actor: "Olga"})
	require.NoError(t, err)

	failed := modelstest.Ended(t, s, w.NewRun(), lifecycle.Failed)
	modelstest.Running(t, s, w.NewRun(func(n *models.NewRun) { n.RetryOf = failed.ID }))
	modelstest.Ended(t, s, w.NewRun(func(n *models.NewRun) { n.TenantID, n.Type = w.South.ID, "sample.audit" }), lifecycle.Succeeded)

	run := modelstest.Running(t, s, w.NewRun())
	require.NoError(t, s.SavePlan(t.Context(), run.ID, 130, ""))
	items := []models.Item{{Key: "gone", State: models.ItemSkipped}}
	for i := range 130 - 1 {
		item := models.Item{Key: fmt.Sprintf("item-%d", i), State: models.ItemSucceeded}
		if i < crowd {
			item.State, item.Message = models.ItemFailed, fmt.Sprintf("server error %d of shard %c", i, 'a'+i%3)
		}
		items = append(items, item)
	}
	require.NoError(t, s.RecordItems(t.Context(), run.ID, items))
	require.NoError(t, s.SaveArtifact(t.Context(), run.ID, "report.csv", "text/csv", []byte("a,b\n")))
	modelstest.Finish(t, s, run, lifecycle.PartiallySucceeded)
	_, err = s.RecordBeats(t.Context(), models.WorkerRow{ID: "w1", Host: "host-1", PID: 1, Queues: []string{"default"}, Build: "b1"}, nil)
	require.NoError(t, err)
	require.NoError(t, s.FinishPass(t.Context(), models.PassReport{Every: time.Hour, TemporalAnswered: true}))
	b.freeze()
}

// freeze stops the record's clock, so that pages that are read one after the other tell the same, and makes it an
// error to ask Temporal.
func (b *bench) freeze() {
	b.t.Helper()
	now, err := b.store.Now(b.t.Context())
	require.NoError(b.t, err)
	b.store = modelstest.At(b.store, now)
	b.options.Store = b.store
	b.engine, err = web.New(b.options)
	require.NoError(b.t, err)
	b.temporal.forbid()
}

// truths are those of all runs.
func (b *bench) truths() map[string]lifecycle.Truth {
	b.t.Helper()
	all, p := map[string]lifecycle.Truth{}, models.Page{Limit: 100}
	for {
		page, err := b.store.ListRuns(b.t.Context(), models.Platform(), models.Filter{}, p)
		require.NoError(b.t, err)
		for _, r := range page.Runs {
			all[r.ID] = r.Truth(page.Now)
		}
		if p.Cursor = page.Next; p.Cursor == "" {
			return all
		}
	}
}

// counter counts the rows of lists, each once.
func (b *bench) counter(who reader) func(path, what string) int {
	known := map[string]int{}
	return func(path, what string) int {
		n, ok := known[path+what]
		for next := path; !ok && next != ""; {
			next, _, _ = strings.Cut(next, "#")
			doc := b.page(who, next)
			if what == viewTotal {
				n, _ = strconv.Atoi(text(doc.Find(what))) // where nothing is told there is none
				break
			}
			n += doc.Find(what).Length()
			next = doc.Find(".pager a[rel=next]").AttrOr("href", "")
		}
		known[path+what] = n
		return n
	}
}

var clone = regexp.MustCompile(`-\d{4}($|/)`)

// shape is what addresses have in common whose pages are alike: of a crowd of runs one is looked at, of a run's
// many ways back one of each kind, and of the lists that are filtered by the same things one of each class.
func shape(path string) string {
	u, _ := url.Parse(path)
	if strings.HasPrefix(u.Path, links.Runs(links.Admin, links.List{})+"/") || strings.HasPrefix(u.Path, links.Runs(links.System, links.List{})+"/") {
		q := u.Query()
		kept := []string{q.Get("items"), fmt.Sprint(q.Has("items_after"), q.Has("problem_class"), q.Get("entry"))}
		return clone.ReplaceAllString(u.Path, "$1") + " " + strings.Join(kept, " ")
	}
	q := u.Query()
	kept := slices.Sorted(maps.Keys(q))
	for _, name := range []string{"problem_class", "outcome", "days"} {
		kept = append(kept, q.Get(name))
	}
	return u.Path + "?" + strings.Join(kept, " ")
}

// notWalked are the routes that hold no page, or none that a link may open. Every other one must be walked.
var notWalked = map[string]string{
	"/healthz": "for machines", "/readyz": "for machines", "/metrics": "for machines", "/api/v1/openapi.yaml": "for machines",
	"/sign-in/link/:secret":         "uses its link up",
	"/":                             "leads on to a workspace",
	"/system/ops/runs/:id/temporal": "asks Temporal, on demand",
	"/admin/events":                 "for scripts",
	"/system/events":                "for scripts",
}

// whole adds to a page what its script does: the parts that are loaded on their own. It returns their addresses.
func (b *bench) whole(who reader, doc *goquery.Document) (loaded []string) {
	b.t.Helper()
	for _, part := range doc.Find("[data-pending]").EachIter() {
		path := part.AttrOr("hx-get", "")
		part.ReplaceWithSelection(b.page(who, path).Find(part.AttrOr("hx-select", "")))
		loaded = append(loaded, path)
	}
	return loaded
}

// crawl walks from a reader's home through every link to whatever looks different, and calls on each page once. It
// returns the addresses that were opened.
func (b *bench) crawl(who reader, on func(v visit), from ...string) (opened []string) {
	b.t.Helper()
	rows, truths := b.counter(who), b.truths()
	todo, seen := from, map[string]bool{}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		require.Less(b.t, len(opened), 1500, "the walk does not end")
		w := b.as(who, http.MethodGet, path, nil)
		if w.Code == http.StatusSeeOther {
			path = w.Header().Get("Location")
			w = b.as(who, http.MethodGet, path, nil)
		}
		require.Equal(b.t, http.StatusOK, w.Code, "%s follows a link to %s: %s", who.user.Name, path, w.Body.String())
		opened = append(opened, path)
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			require.Contains(b.t, w.Header().Get("Content-Disposition"), "attachment", path)
			continue
		}
		doc, err := goquery.NewDocumentFromReader(w.Body)
		require.NoError(b.t, err)
		opened = append(opened, b.whole(who, doc)...)
		on(visit{who: who, path: path, doc: doc, truths: truths, rows: rows})
		for _, a := range doc.Find("a[href^='/']").EachIter() {
			to, _, _ := strings.Cut(a.AttrOr("href", ""), "#")
			if s := shape(to); !seen[s] && !strings.HasSuffix(strings.SplitN(to, "?", 2)[0], "/temporal") && !strings.HasPrefix(to, "/assets/") {
				seen[s] = true
				todo = append(todo, to)
			}
		}
	}
	return opened
}

// matches reports whether an address is one of a route.
func matches(route, path string) bool {
	path, _, _ = strings.Cut(path, "?")
	want, got := strings.Split(route, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i, w := range want {
		if w != got[i] && !strings.HasPrefix(w, ":") {
			return false
		}
	}
	return true
}

// Every page of both planes, found by walking from where readers begin, keeps to all rules; and every route of the table
// was walked. A page that no link leads to, or that breaks a rule, fails here without being named in a test.
func TestGuardWalksEverySurface(t *testing.T) {
	t.Parallel()
	b := setup(t)
	seedEverything(t, b)
	var opened []string
	walk := func(who reader, atLeast int, from ...string) {
		pages, counts := 0, 0
		opened = append(opened, b.crawl(who, func(v visit) {
			require.Empty(t, breaches(v))
			counted, _ := countedLinks(v)
			pages, counts = pages+1, counts+len(counted)
		}, from...)...)
		t.Logf("%s: %d pages, %d counts", cmp.Or(who.user.Name, "nobody"), pages, counts)
		require.GreaterOrEqual(t, pages, atLeast, "the walk of %s went nowhere", who.user.Name)
	}
	walk(b.owner(), 60, links.Home(links.Admin), links.Start("acme", "north", "")) // the latter for who shortens an address
	walk(b.viewer(), 60, links.Home(links.Admin))
	walk(b.stranger(), 5, links.Home(links.Admin)) // a workspace in which nothing has run
	walk(b.staff(), 60, links.Home(links.System))
	walk(nobody, 2, links.SignIn(links.Admin, ""))

	routes := b.engine.Routes()
	require.NotEmpty(t, routes)
	for _, r := range routes {
		if r.Method != http.MethodGet || notWalked[r.Path] != "" || strings.HasPrefix(r.Path, "/assets/") {
			continue
		}
		if rule, ok := web.RuleOf(b.options, r.Method, r.Path); ok && rule.Bearer {
			continue
		}
		require.True(t, slices.ContainsFunc(opened, func(path string) bool { return matches(r.Path, path) }), "no link leads to %s", r.Path)
	}
}

// Each rule of the guard is broken on purpose, and notices.
func TestGuardNoticesEveryBreach(t *testing.T) {
	t.Parallel()
	b := setup(t)
	seedEverything(t, b)
	truths := b.truths()
	var button, ended string // the page of a run whose step is one, and a run that has ended
	active := links.Run(links.Admin, b.activeRuns()[0].ID, links.List{})
	for _, id := range slices.Sorted(maps.Keys(truths)) {
		if truths[id].NextStep().Kind == lifecycle.StepRetry {
			button = links.Run(links.Admin, id, links.List{})
		}
		if truths[id].Freshness == lifecycle.TerminalNormal {
			ended = id
		}
	}
	list, place, health := links.Runs(links.Admin, links.List{}), links.Workspace("acme"), links.Home(links.System)
	for _, c := range []struct {
		rule, path, selector string
		change               func(s *goquery.Selection)
	}{
		{"a row opens", list, "tr[data-run]", func(s *goquery.Selection) { s.Find("td").Last().AppendHtml(`<a href="/admin/operations">Inspect</a>`) }},
		{"a row opens", list, "tr[data-run] .row-link", func(s *goquery.Selection) {
			s.SetAttr("href", "/system/ops/runs/"+s.Closest("tr").AttrOr("data-run", ""))
		}},
		{"a row opens", list, "tr[data-run]", func(s *goquery.Selection) { s.RemoveClass("opens") }},
		{"no group is empty", button, ".decision-next .actions", func(s *goquery.Selection) { s.Empty() }},
		{"no group is empty", list, ".chips, .filter-form", func(s *goquery.Selection) { s.AppendHtml("<ul></ul>") }},
		{"no group is empty", list, "nav[aria-label=Main] a", func(s *goquery.Selection) { s.Empty() }},
		{"a run is shown once", list, "#runs tbody", func(s *goquery.Selection) { s.AppendSelection(s.Find("tr").First().Clone()) }},
		{"a run is shown once", button, "#facts-panel-title", func(s *goquery.Selection) { s.AppendHtml(`<a href="` + button + `">Inspect</a>`) }},
		{"a count is the length", place, ".kpi-count", func(s *goquery.Selection) { s.SetText("77") }},
		{"a count is the length", health, ".kpi-count", func(s *goquery.Selection) { s.SetText("77") }},
		{"a count is the length", links.Stuck(links.List{}), ".panel-foot a", func(s *goquery.Selection) { s.SetText("show all 77") }},
		{"a count is the length", links.Failures(links.List{}), "#runs-panel-title + .panel-count", func(s *goquery.Selection) { s.SetText("77") }},
		{"a count is the length", list, ".bell-count", func(s *goquery.Selection) { s.SetText("77") }},
		{"a count is the length", links.Notifications(false), ".tab-count", func(s *goquery.Selection) { s.SetText("77") }},
		{"a row opens", links.Notifications(false), "tr[data-run]", func(s *goquery.Selection) { s.Find("td").Last().AppendHtml(`<button>Read</button>`) }},
		{"a badge is", links.Notifications(false), ".tag", func(s *goquery.Selection) { s.SetText("Finished") }},
		{"a count is the length", place, ".bucket-count", func(s *goquery.Selection) { s.SetText("77") }},
		{"a count is the length", place, "#tenants .cell-link", func(s *goquery.Selection) { s.SetText("77") }},
		{"a count is the length", place, ".numbers td a", func(s *goquery.Selection) { s.SetText("77") }},
		{"a count is the length", place, ".chart a", func(s *goquery.Selection) { s.SetAttr("aria-label", "1 Jan: 77 failed") }},
		{"a count is the length", list, ".tab-count", func(s *goquery.Selection) { s.SetText("77") }},
		{"a badge is", list, ".tag", func(s *goquery.Selection) { s.SetText("Stalled") }},
		{"a badge is", list, ".tag", func(s *goquery.Selection) { s.SetAttr("class", "tag tone-pink") }},
		{"a badge is", button, "#items-panel-title", func(s *goquery.Selection) { s.AppendHtml(`<span class="tag tone-good">Fine</span>`) }},
		{"headings begin", list, "h1", func(s *goquery.Selection) { s.AfterHtml("<h4>Deep</h4>") }},
		{"headings begin", list, "h1", func(s *goquery.Selection) { s.AfterHtml("<h1>Two</h1>") }},
		{"a run has one", button, ".decision-next .actions", func(s *goquery.Selection) { s.AppendHtml(`<a class="btn btn-primary" href="/x">Or that</a>`) }},
		{"a run has one", button, ".next-text", func(s *goquery.Selection) { s.SetText("Hope.") }},
		{"a run has one", button, "#decision", func(s *goquery.Selection) { s.BeforeHtml(`<section aria-label="Ad"></section>`) }},
		{"landmarks and labels", list, "main", func(s *goquery.Selection) { s.RemoveAttr("id") }},
		{"landmarks and labels", list, ".filter-form label", func(s *goquery.Selection) { s.Remove() }},
		{"landmarks and labels", list, "caption", func(s *goquery.Selection) { s.Remove() }},
		{"no inline code", list, "h1", func(s *goquery.Selection) { s.SetAttr("style", "color: red") }},
		{"no inline code", list, "h1", func(s *goquery.Selection) { s.SetAttr("onclick", "x()") }},
		{"no inline code", list, "h1", func(s *goquery.Selection) { s.AfterHtml("<script>x()</script>") }},
		{"nothing leads to the other", list, "h1", func(s *goquery.Selection) { s.AfterHtml(`<a href="/system">Platform</a>`) }},
		{"ids are unique", list, "h1", func(s *goquery.Selection) { s.SetAttr("id", "main") }},
		{"ids are unique", button, "#decision-headline", func(s *goquery.Selection) { s.RemoveAttr("id") }},
		{"the truth's age", list, ".truth", func(s *goquery.Selection) { s.Remove() }},
		{"a row opens", list, "#overlay li", func(s *goquery.Selection) { s.AppendHtml(`<a href="/admin/operations">Inspect</a>`) }},
		{"a row opens", active, "#overlay li:has([aria-current])", func(s *goquery.Selection) {
			s.AppendHtml(`<a class="overlay-name" href="` + active + `">Inspect</a>`)
		}},
		{"a run is shown once", list, "#overlay ul", func(s *goquery.Selection) { s.AppendSelection(s.Find("li").First().Clone()) }},
		{"a count is the length", list, ".overlay-foot a", func(s *goquery.Selection) { s.SetText("Show all 77") }},
		{"a count is the length", list, "#overlay .overlay-count .num", func(s *goquery.Selection) { s.SetText("77") }},
		{"a count is the length", list, `nav[aria-label="Main"] a:contains(Operations)`, func(s *goquery.Selection) { s.AppendHtml(" 7777") }},
		{"a count is the length", health, `nav[aria-label="Main"] a:contains(Stuck)`, func(s *goquery.Selection) { s.AppendHtml(" 7777") }},
		{"a count is the length", health, `nav[aria-label="Main"] a:contains(health)`, func(s *goquery.Selection) { s.AppendHtml(" 7777") }},
		{"a badge is", list, "#overlay .tag", func(s *goquery.Selection) { s.SetText("Stalled") }},
		{"active runs lie", list, "#overlay", func(s *goquery.Selection) { s.Remove() }},
		{"active runs lie", list, "#overlay", func(s *goquery.Selection) { s.RemoveAttr("data-poll") }},
		{"active runs lie", list, "#overlay li", func(s *goquery.Selection) { s.SetAttr("data-run", ended) }},
	} {
		who := b.owner()
		if strings.HasPrefix(c.path, links.Home(links.System)) {
			who = b.staff()
		}
		v := visit{who: who, path: c.path, doc: b.page(who, c.path), truths: truths, rows: b.counter(who)}
		b.whole(v.who, v.doc)
		require.Empty(t, breaches(v), "before")
		at := v.doc.Find(c.selector).First()
		require.Equal(t, 1, at.Length(), "%s at %s", c.selector, c.path)
		c.change(at)
		require.True(t, slices.ContainsFunc(breaches(v), func(s string) bool { return strings.Contains(s, ": "+c.rule) }), "%s at %s: %s is not noticed: %v", c.rule, c.path, c.selector, breaches(v))
	}
}
