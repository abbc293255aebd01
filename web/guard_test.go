package web_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
)

// visit is a page as a reader got it, and what is known beside it.
type visit struct {
	who    reader
	path   string
	doc    *goquery.Document
	truths map[string]lifecycle.Truth // of every run, at the clock reading of the page
	// rows counts the rows that a list has on all its pages; what finds them on one.
	rows func(path, what string) int
}

// rule is what every page keeps to. Its check names each breach.
type rule struct {
	name  string
	check func(v visit) []string
}

// rules are checked on every page of the console. See TestGuardNoticesEveryBreach for how each is broken.
func rules() []rule {
	return []rule{
		{"a row opens its run, and nothing else in it does", rowsOpenTheirRun},
		{"no group is empty", noGroupIsEmpty},
		{"a run is shown once in a table, and no page leads to itself", nothingTwice},
		{"a count is the length of its list", countsAreLists},
		{"a badge is the catalogue's, by words, tone and icon", badgesAreTheCatalogues},
		{"headings begin with one h1 and skip no level", headingsInOrder},
		{"a run has one primary next step", oneNextStep},
		{"landmarks and labels", landmarksAndLabels},
		{"no inline code and no inline style", nothingInline},
		{"nothing leads to the other plane", staysInItsPlane},
		{"ids are unique, and what is referred to is there", idsAndReferences},
		{"the truth's age is told", tellsItsAge},
		{"active runs lie over every page of the admin plane", activeOverIt},
	}
}

// breaches are all of a page's.
func breaches(v visit) []string {
	var all []string
	for _, r := range rules() {
		for _, b := range r.check(v) {
			all = append(all, fmt.Sprintf("%s at %s: %s: %s", v.who.user.Name, v.path, r.name, b))
		}
	}
	return all
}

// found describes each element that a selector finds.
func found(v visit, selector, why string) []string {
	return v.doc.Find(selector).Map(func(_ int, s *goquery.Selection) string {
		return fmt.Sprintf("%s: <%s class=%q> %.60s", why, goquery.NodeName(s), s.AttrOr("class", ""), text(s))
	})
}

func (v visit) local(href string) *url.URL {
	u, err := url.Parse(href)
	if err != nil {
		return &url.URL{Path: "not an address: " + href}
	}
	return u
}

func (v visit) toList(href string) bool {
	return v.who != nobody && v.local(href).Path == links.Runs(v.who.plane, links.List{})
}

// toView reports whether an address is a view of one class of runs, which tells how many there are.
func (v visit) toView(href string) bool {
	path := v.local(href).Path
	return path == links.Stuck(links.List{}) || path == links.Failures(links.List{})
}

// viewTotal finds the number of runs that a view of one class tells.
const viewTotal = ".panel-head:has(#stuck-panel-title, #runs-panel-title) .panel-count"

// run is the id of the run whose page an address is, and empty for any other.
func (v visit) run(href string) string {
	id, ok := strings.CutPrefix(v.local(href).Path, links.Runs(v.who.plane, links.List{})+"/")
	if !ok || v.who == nobody || strings.Contains(id, "/") {
		return ""
	}
	return id
}

func rowsOpenTheirRun(v visit) (all []string) {
	for _, row := range v.doc.Find("tr[data-run]").EachIter() {
		id := row.AttrOr("data-run", "")
		ways := row.Find("a, button, [hx-get], [hx-post], form")
		switch {
		case ways.Length() != 1:
			all = append(all, fmt.Sprintf("run %s has %d ways in one row", id, ways.Length()))
		case v.run(ways.AttrOr("href", "")) != id:
			all = append(all, fmt.Sprintf("run %s is opened by %s", id, ways.AttrOr("href", "")))
		case !row.Is(".opens") || !ways.Is(".cell-main > .row-link"):
			all = append(all, "run "+id+" does not open by a click on its row")
		}
		if list, err := links.Parse(v.local(ways.AttrOr("href", "")).Query()); err != nil || !list.AsOf.IsZero() {
			all = append(all, "run "+id+" is opened with another list than one that can be gone back to")
		}
	}
	for _, row := range v.doc.Find("li[data-run]").EachIter() { // of the overlay
		id := row.AttrOr("data-run", "")
		switch ways := row.Find("a, button, [hx-get], [hx-post], form"); {
		case id == v.run(v.path):
			if ways.Length() != 0 || row.Find("[aria-current]").Length() != 1 {
				all = append(all, "run "+id+" leads from its own page to itself")
			}
		case ways.Length() != 1 || !ways.Is("a.overlay-name") || v.run(ways.AttrOr("href", "")) != id:
			all = append(all, fmt.Sprintf("run %s over the page has %d ways to %s", id, ways.Length(), ways.AttrOr("href", "")))
		}
	}
	for _, row := range v.doc.Find("tr.opens:not([data-run])").EachIter() {
		if n := row.Find(".cell-main > .row-link").Length(); n != 1 {
			all = append(all, fmt.Sprintf("row %.40s has %d links for a click", text(row), n))
		}
		if n := row.Find("a[href]").FilterFunction(func(_ int, s *goquery.Selection) bool {
			return s.AttrOr("href", "") == row.Find(".row-link").AttrOr("href", "")
		}).Length(); n != 1 {
			all = append(all, fmt.Sprintf("row %.40s leads to the same %d times", text(row), n))
		}
	}
	return all
}

func noGroupIsEmpty(v visit) []string {
	all := found(v, ".actions:not(:has(a, button)), .menu-list:not(:has(a, button)), .bucket-links:not(:has(a)), nav:not(:has(a))", "no action in")
	all = append(all, found(v, "ul:not(:haschild(li)), ol:not(:haschild(li)), dl:not(:has(dt)), table:not(:has(tbody tr)), .filter-tools:not(:has(*))", "nothing in")...)
	for _, s := range v.doc.Find("a, button").EachIter() {
		if text(s) == "" && s.AttrOr("aria-label", "") == "" {
			all = append(all, "an action without a word to "+s.AttrOr("href", ""))
		}
		if goquery.NodeName(s) == "a" && s.AttrOr("href", "") == "" {
			all = append(all, "leads nowhere: "+text(s))
		}
	}
	return all
}

func nothingTwice(v visit) (all []string) {
	for _, table := range v.doc.Find("table, #overlay").EachIter() {
		seen := map[string]bool{}
		for _, row := range table.Find("[data-run]").EachIter() {
			if id := row.AttrOr("data-run", ""); seen[id] {
				all = append(all, "run "+id+" has two rows in one table")
			} else {
				seen[id] = true
			}
		}
	}
	for _, a := range v.doc.Find("main a[href]:not([aria-current])").EachIter() {
		if a.AttrOr("href", "") == v.path {
			all = append(all, "leads to this very page: "+text(a))
		}
	}
	if own := v.run(v.path); own != "" {
		for _, a := range v.doc.Find("main a[href]:not([aria-current]):not(#items a)").EachIter() {
			if u := v.local(a.AttrOr("href", "")); v.run(u.Path) == own && u.Fragment == "" { // a part of it may be asked for
				all = append(all, "leads to this very run: "+text(a))
			}
		}
	}
	return all
}

var (
	allOfThem = regexp.MustCompile(`(?i)(?:show|see) all ([\d,]+)$`)
	first     = regexp.MustCompile(`^([\d,]+)\b`)
	ofADay    = regexp.MustCompile(`^\d+ \w+: ([\d,]+) `)
	atTheEnd  = regexp.MustCompile(`(\d+)$`)
	anyNumber = regexp.MustCompile(`\d+`)
	anyDigit  = regexp.MustCompile(`\d`)
)

// number reads the count that a link tells.
func number(a *goquery.Selection) (int, bool) {
	said := text(a)
	for _, part := range []string{".kpi-count", ".tab-count"} {
		if s := a.Find(part); s.Length() > 0 {
			said = text(s)
		}
	}
	for _, form := range []struct {
		in      string
		pattern *regexp.Regexp
	}{{a.AttrOr("aria-label", ""), ofADay}, {said, allOfThem}, {said, first}} {
		if m := form.pattern.FindStringSubmatch(form.in); m != nil {
			n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
			return n, err == nil
		}
	}
	return 0, false
}

// countedLinks are the links of a page that tell a number of runs or items, with that number.
func countedLinks(v visit) (all []struct {
	to, what, says string
	n              int
}, odd []string) {
	add := func(to, what, says string, n int) {
		all = append(all, struct {
			to, what, says string
			n              int
		}{to, what, says, n})
	}
	for _, a := range v.doc.Find("main a[href], #live a[href], #overlay a[href]").EachIter() {
		to := a.AttrOr("href", "")
		if a.Is(".chip, .view a, .crumbs a, .row-link, .overlay-name, .pager a, [download]") || !v.toList(to) && !v.toView(to) {
			continue
		}
		if n, ok := number(a); ok && v.toView(to) {
			add(to, viewTotal, text(a), n)
		} else if ok {
			add(to, "#runs tbody tr[data-run]", text(a), n)
		} else if anyDigit.MatchString(text(a)) {
			odd = append(odd, "a number that nobody understands: "+text(a))
		}
	}
	for _, a := range v.doc.Find(`nav[aria-label="Main"] a[href]`).EachIter() {
		to, last := a.AttrOr("href", ""), atTheEnd.FindStringSubmatch(text(a))
		n, err := strconv.Atoi(strings.Join(last[min(1, len(last)):], ""))
		switch {
		case err == nil && v.toList(to):
			add(to, "#runs tbody tr[data-run]", text(a), n)
		case err == nil && v.toView(to):
			add(to, viewTotal, text(a), n)
		case anyDigit.MatchString(text(a)):
			odd = append(odd, "a number that nobody understands: "+text(a))
		}
	}
	for _, a := range v.doc.Find(`#bell, .tabs a[href^="` + links.Notifications(false) + `"]`).EachIter() {
		if n, ok := number(a); ok && !strings.HasSuffix(text(a), "+") { // which is not counted further
			add(a.AttrOr("href", a.Find("a").AttrOr("href", "")), "#notifications tbody tr[data-run]", "notifications: "+text(a), n)
		}
	}
	for _, a := range v.doc.Find("#items .tabs a, a.reason-count").EachIter() {
		if n, ok := number(a); ok {
			add(a.AttrOr("href", ""), "#items tbody tr", text(a), n)
		}
	}
	for _, table := range v.doc.Find("table:not(.runs):has(tr.opens)").EachIter() {
		column := slices.Index(table.Find("thead th").Map(func(_ int, s *goquery.Selection) string { return text(s) }), "Runs")
		for _, row := range table.Find("tr.opens").EachIter() {
			if to := row.Find(".row-link").AttrOr("href", ""); column >= 0 && v.toList(to) {
				n, err := strconv.Atoi(strings.ReplaceAll(text(row.Find("td").Eq(column)), ",", ""))
				if err != nil {
					odd = append(odd, "a row without a number: "+text(row))
				}
				add(to, "#runs tbody tr[data-run]", text(row), n)
			}
		}
	}
	return all, odd
}

func countsAreLists(v visit) []string {
	counted, all := countedLinks(v)
	for _, c := range counted {
		if is := v.rows(c.to, c.what); is != c.n {
			all = append(all, fmt.Sprintf("%d is said by %q, and %d are at %s", c.n, c.says, is, c.to))
		}
	}
	for _, o := range v.doc.Find("#overlay:has([data-run])").EachIter() { // whose head counts what its foot leads to
		numbers := func(in string) []string {
			return o.Find(in).Map(func(_ int, s *goquery.Selection) string { return anyNumber.FindString(text(s)) })
		}
		said, leads := numbers("summary .overlay-count, summary .overlay-stuck"), numbers(".overlay-foot a")
		if !slices.Equal(said, leads) || len(said) == 0 {
			all = append(all, fmt.Sprintf("the overlay says %v and leads to %v", said, leads))
		}
	}
	for _, b := range v.doc.Find(".bucket").EachIter() {
		said, rows := text(b.Find(".bucket-count")), b.Find("tr[data-run]").Length()
		if more := b.Find(".bucket-links a").FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.HasPrefix(text(s), "Show all") }); more.Length() > 0 {
			if n, _ := number(more.First()); said != strconv.Itoa(n) {
				all = append(all, "a bucket says "+said+" and "+text(more))
			}
		} else if said != strconv.Itoa(rows) {
			all = append(all, fmt.Sprintf("a bucket says %s and has %d rows", said, rows))
		}
	}
	for _, s := range v.doc.Find(".panel:has(.panel-head > .panel-count)").EachIter() {
		if s.Find(".panel-foot, .pager").Length() > 0 {
			continue // there are more than it shows; the count of a row is checked above
		}
		said, rows := text(s.Find(".panel-head .panel-count")), s.Find("table tbody tr, .artifacts > li").Length()
		if said != strconv.Itoa(rows) && s.Find("table:has(tr.opens) th:contains(Runs)").Length() == 0 {
			all = append(all, fmt.Sprintf("%s says %s and has %d rows", text(s.Find("h2").First()), said, rows))
		}
	}
	return all
}

// catalogue is every badge that is not made for one run.
func catalogue() map[lifecycle.Badge]bool {
	all := map[lifecycle.Badge]bool{}
	add := func(b lifecycle.Badge) { all[b] = true }
	for _, s := range lifecycle.States() {
		add(s.Badge())
	}
	for _, s := range lifecycle.Statuses() {
		add(s.Badge())
	}
	for _, s := range lifecycle.Outcomes() {
		add(s.Badge())
	}
	for _, s := range lifecycle.Freshnesses() {
		add(s.Badge())
	}
	for _, s := range lifecycle.ProblemClasses() {
		add(s.Badge())
	}
	for _, s := range []lifecycle.Health{lifecycle.Healthy, lifecycle.Doubt, lifecycle.Down} {
		add(s.Badge())
	}
	for _, s := range []lifecycle.Service{lifecycle.Served, lifecycle.Unserved, lifecycle.UnservedIdle, lifecycle.WorkerLive, lifecycle.WorkerSilent} {
		add(s.Badge())
	}
	add(lifecycle.SkippedItem())
	return all
}

// badge reads back what a tag shows.
func badge(s *goquery.Selection) lifecycle.Badge {
	b := lifecycle.Badge{Label: text(s)}
	for _, class := range strings.Fields(s.AttrOr("class", "")) {
		if tone, ok := strings.CutPrefix(class, "tone-"); ok {
			b.Tone = lifecycle.Tone(tone)
		}
	}
	_, b.Icon, _ = strings.Cut(s.Find("use").AttrOr("href", ""), "#")
	return b
}

func badgesAreTheCatalogues(v visit) (all []string) {
	known := catalogue()
	for _, s := range v.doc.Find(".tag").EachIter() {
		if b := badge(s); s.Closest("[data-run], #decision").Length() == 0 && !known[b] {
			all = append(all, fmt.Sprintf("nobody knows %v", b))
		}
	}
	own := func(id string, at *goquery.Selection) {
		t, ok := v.truths[id]
		if !ok {
			all = append(all, "there is no run "+id)
			return
		}
		want := append([]lifecycle.Badge{t.Badge()}, t.Marks()...)
		var got []lifecycle.Badge
		for _, s := range at.Find(".tag").EachIter() {
			got = append(got, badge(s))
		}
		if !slices.Equal(want, got) {
			all = append(all, fmt.Sprintf("run %s is %v and shown as %v", id, want, got))
		}
	}
	for _, row := range v.doc.Find("[data-run]").EachIter() {
		own(row.AttrOr("data-run", ""), row)
	}
	if id := v.run(v.path); id != "" {
		own(id, v.doc.Find("#decision"))
	}
	return all
}

func headingsInOrder(v visit) (all []string) {
	last := 0
	for i, h := range v.doc.Find("h1, h2, h3, h4, h5, h6").EachIter() {
		level := int(goquery.NodeName(h)[1] - '0')
		if (i == 0) != (level == 1) || level > last+1 {
			all = append(all, fmt.Sprintf("%s %q follows h%d", goquery.NodeName(h), text(h), last))
		}
		if text(h) == "" {
			all = append(all, "an empty "+goquery.NodeName(h))
		}
		last = level
	}
	if last == 0 {
		all = append(all, "no heading")
	}
	return all
}

// oneNextStep is for pages of runs: the step is told in words, and where it is a button, that is the only primary one.
func oneNextStep(v visit) (all []string) {
	id := v.run(v.path)
	if id == "" {
		return nil
	}
	zone, step := v.doc.Find("#decision"), v.truths[id].NextStep()
	if got := zone.Find(".decision-next .next-text"); got.Length() != 1 || text(got) != step.Text {
		all = append(all, fmt.Sprintf("%q is told as the next step, not %q", text(got), step.Text))
	}
	primary := v.doc.Find("main .btn-primary, main .btn-danger").FilterFunction(func(_ int, s *goquery.Selection) bool {
		return s.Closest(".menu-list").Length() == 0 // what a menu asks for once it is opened
	})
	want := 0
	if step.Label != "" && (v.operates() || step.Kind == lifecycle.StepOpen) {
		want = 1
	}
	if primary.Length() != want {
		all = append(all, fmt.Sprintf("%d primary buttons for the step %q", primary.Length(), step.Text))
	}
	if primary.Closest(".decision-next").Length() != primary.Length() {
		all = append(all, "a primary button outside the decision zone")
	}
	if first := zone.Find(".decision-next .actions").Children().First(); want == 1 && !first.Is(".btn-primary, .btn-danger, :haschild(.btn-primary, .btn-danger)") {
		all = append(all, "the primary button is not the first")
	}
	if v.doc.Find("main > section, main > .columns").First().AttrOr("id", "") != "decision" {
		all = append(all, "the decision zone is not the first block")
	}
	return all
}

// operates reports whether the reader may act on what the tests' people share.
func (v visit) operates() bool { return v.who.user.Name != "Victor" }

func landmarksAndLabels(v visit) (all []string) {
	one := func(selector string) {
		if n := v.doc.Find(selector).Length(); n != 1 {
			all = append(all, fmt.Sprintf("%d of %s", n, selector))
		}
	}
	one("html[lang]")
	one("main#main")
	one("head > title")
	if v.who != nobody {
		one("body > header")
		one("body > footer")
		one("body > a.skip[href='#main']")
		one(`nav[aria-label="Main"]`)
		if n := v.doc.Find(`nav[aria-label="Main"] a[aria-current="page"]`).Length(); n > 1 {
			all = append(all, "more than one place in the navigation")
		}
	}
	names := map[string]bool{}
	for _, nav := range v.doc.Find("nav, [role=search]").EachIter() {
		name := nav.AttrOr("aria-label", "")
		if name == "" || names[name] {
			all = append(all, fmt.Sprintf("navigation named %q", name))
		}
		names[name] = true
	}
	all = append(all, found(v, "section:not([aria-label]):not([aria-labelledby]), article:not([aria-label]):not([aria-labelledby])", "no name for")...)
	all = append(all, found(v, "table:not(:haschild(caption))", "no caption for")...)
	all = append(all, found(v, "img:not([alt]), progress:not([aria-label]):not([aria-hidden]), svg:not([aria-hidden]):not([role])", "no words for")...)
	all = append(all, found(v, "th:not([scope])", "no scope of")...)
	for _, in := range v.doc.Find("input:not([type=hidden]), select, textarea").EachIter() {
		id := in.AttrOr("id", "")
		if id == "" || v.doc.Find(`label[for="`+id+`"]`).Length() == 0 && in.AttrOr("aria-label", "") == "" {
			all = append(all, "no label for "+in.AttrOr("name", "?"))
		}
	}
	return all
}

func nothingInline(v visit) []string {
	all := found(v, "[style], style, script:not([src]), [href^='javascript:'], [hx-on], [hx-vals^='js:']", "inline")
	for _, s := range v.doc.Find("*").EachIter() {
		for _, a := range s.Nodes[0].Attr {
			if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
				all = append(all, "inline: "+a.Key)
			}
		}
	}
	return all
}

func staysInItsPlane(v visit) (all []string) {
	for _, s := range v.doc.Find("[href], [action], [hx-get], [hx-post], [data-events], [formaction]").EachIter() {
		for _, name := range []string{"href", "action", "hx-get", "hx-post", "data-events", "formaction"} {
			u := v.local(s.AttrOr(name, ""))
			switch system := strings.HasPrefix(u.Path, "/system") || strings.HasPrefix(u.Path, "/api/v1/system"); {
			case u.Host != "" && v.who.plane != links.System:
				all = append(all, "leads out of the console: "+u.String())
			case u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "/assets/"):
			case v.who == nobody && u.Path == links.SignIn(links.System, ""), v.who == nobody && u.Path == links.SignIn(links.Admin, ""):
				// people find their own way in
			case v.who != nobody && system != (v.who.plane == links.System):
				all = append(all, "leads to the other plane: "+u.String())
			}
		}
	}
	return all
}

func idsAndReferences(v visit) (all []string) {
	ids := map[string]bool{}
	for _, s := range v.doc.Find("[id]").EachIter() {
		id := s.AttrOr("id", "")
		if ids[id] || id == "" || strings.ContainsAny(id, " \t\n") {
			all = append(all, fmt.Sprintf("id %q", id))
		}
		ids[id] = true
	}
	for _, name := range []string{"aria-labelledby", "aria-describedby", "aria-controls", "for"} {
		for _, s := range v.doc.Find("[" + name + "]").EachIter() {
			for _, id := range strings.Fields(s.AttrOr(name, "")) {
				if !ids[id] {
					all = append(all, name+" of what is not there: "+id)
				}
			}
		}
	}
	return all
}

func tellsItsAge(v visit) (all []string) {
	if v.who != nobody && !strings.Contains(text(v.doc.Find("#live > .truth")), "as of") {
		all = append(all, "it is not told")
	}
	return all
}

// activeOverIt holds wherever a member is: the runs that are active in the page's place, as counted, those that are likely
// stuck first, and nothing that has ended.
func activeOverIt(v visit) (all []string) {
	over := v.doc.Find("body > #overlay")
	if admin := v.who != nobody && v.who.plane == links.Admin; over.Length() != map[bool]int{true: 1}[admin] {
		return []string{fmt.Sprintf("%d of it", over.Length())}
	}
	fresh := false
	for _, row := range over.Find("[data-run]").EachIter() {
		id := row.AttrOr("data-run", "")
		stuck := v.truths[id].Freshness == lifecycle.LikelyStale
		if !stuck && v.truths[id].Freshness != lifecycle.FreshActive {
			all = append(all, "run "+id+" has ended")
		}
		if stuck && fresh {
			all = append(all, "run "+id+" is stuck and not among the first")
		}
		fresh = fresh || !stuck
	}
	if over.Find("[data-run]").Length() == 0 && over.Find("*").Length() > 0 {
		all = append(all, "something is there though nothing is active")
	}
	return append(all, found(v, "body > #overlay:not([data-poll]):has([data-run]), body > #overlay[data-poll]:not(:has([data-run]))", "polls as if it were otherwise")...)
}
