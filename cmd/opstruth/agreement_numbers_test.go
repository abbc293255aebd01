package main

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

// number is a count that is a link to its list.
type number struct {
	who        *visitor
	page, href string
	n          int
}

// Where in the words of a link the number of its list is: a mark of a chart begins with its day, and a group's others
// are one less than the group.
var counting = []*regexp.Regexp{
	regexp.MustCompile(`[Ss]how all ([0-9]+)$`), regexp.MustCompile(`^[0-9]+ [A-Z][a-z]+: ([0-9]+) `), regexp.MustCompile(`^([0-9]+)(?: |$)`),
}

// numbersOn notes every number of a page that leads to a list.
func (a *agreed) numbersOn(v *visitor, page string, doc *goquery.Document) {
	list := links.Runs(v.plane, links.List{})
	for _, link := range doc.Find("main a[href], #overlay a[href]").EachIter() {
		href := a.wholeOf(link.AttrOr("href", ""))
		if u, err := url.Parse(href); err != nil || u.Path != list || u.Query().Has("cursor") || u.Query().Has("before") {
			continue
		}
		text := words(link)
		if in := link.Find(".kpi-count, .tab-count"); in.Length() > 0 {
			text = words(in)
		} else if label, has := link.Attr("aria-label"); has {
			text = label
		}
		for _, pattern := range counting {
			if found := pattern.FindStringSubmatch(plain(text)); found != nil {
				n, err := strconv.Atoi(found[1])
				require.NoError(a.t, err)
				a.count(v, page, href, n)
				break
			}
		}
	}
}

// wholeOf is the list of all runs that a view of one class counts, told without the builder of links; any other address
// is its own.
func (a *agreed) wholeOf(href string) string {
	u, err := url.Parse(href)
	require.NoError(a.t, err)
	q := u.Query()
	switch u.Path {
	case "/system/ops/stuck":
		q.Set("problem_class", "active_stale_attention")
	case "/system/ops/failures":
		q.Set("problem_class", "terminal_follow_up")
		q.Set("open", "true")
		q.Set("ended_within", "7d")
	default:
		return href
	}
	return "/system/ops/runs?" + q.Encode()
}

func (a *agreed) count(v *visitor, page, href string, n int) {
	key := v.name + " " + href
	if before, has := a.counted[key]; has && before.n != n {
		a.differs("%s: %s and %s count %d and %d behind %s", v.name, before.page, page, before.n, n, href)
	}
	a.counted[key] = number{v, page, href, n}
}

// numbers follows every number to its list. Lists have numbers too, hence the rounds.
func (a *agreed) numbers() {
	followed := map[string]bool{}
	for rounds := 0; len(followed) < len(a.counted); rounds++ {
		require.Less(a.t, rounds, 9)
		for _, key := range slices.Sorted(maps.Keys(a.counted)) {
			if c := a.counted[key]; !followed[key] {
				followed[key] = true
				if got := len(a.list(c.who, "counted, "+c.who.name, c.href)); got != c.n {
					a.differs("%s: %s counts %d where %s has %d", c.who.name, c.page, c.n, c.href, got)
				}
			}
		}
	}
}

// systemPlane reads health, the stuck groups and the failures. The groups hold all that is stuck, and each run of a
// group tells what the group does.
func (a *agreed) systemPlane() {
	v := a.staff
	a.numbersOn(v, links.Home(v.plane), a.page(v, links.Home(v.plane)))
	stuck := a.page(v, links.Stuck(links.List{}))
	a.groups(v, links.Stuck(links.List{}), stuck.Find("#stuck-groups tbody tr"), links.List{Class: lifecycle.ActiveStaleAttention},
		func(row *goquery.Selection, s *story) {
			group := lifecycle.Group{Cause: s.truth.Cause, Queue: s.run.Facts.Queue}
			a.same("stuck", s, "group's badge", s.badge, words(row.Find(".tag").First()))
			a.same("stuck", s, "group's headline", plain(group.Headline()), words(row.Find(".row-link")))
		})
	failures, yes := a.page(v, links.Failures(links.List{})), true
	recent := links.List{Class: lifecycle.TerminalFollowUp, Open: &yes, EndedFrom: a.now.Add(-models.Recent)}
	older := links.List{Class: lifecycle.TerminalFollowUp, Open: &yes, EndedTo: a.now.Add(-models.Recent)}
	for selector, l := range map[string]links.List{"table[id^=failures-recent]": recent, "table[id^=failures-older]": older} {
		a.groups(v, links.Failures(links.List{}), failures.Find(selector+" tbody tr"), l, func(row *goquery.Selection, s *story) {
			a.same("failures", s, "group's badge", s.badge, words(row.Find(".tag").First()))
		})
	}
	want := a.on(v, recent)
	a.sameRuns("failures, by run", want[:min(20, len(want))], a.rows(v, "failures, by run", failures.Find("#runs tr[data-run]"), recent))
	a.numbersOn(v, links.Failures(links.List{}), failures)
	a.census()
}

// groups reads a table of groups whose runs together are a list.
func (a *agreed) groups(v *visitor, page string, rows *goquery.Selection, of links.List, tell func(*goquery.Selection, *story)) {
	seen := map[string]bool{}
	for _, row := range rows.EachIter() {
		n, err := strconv.Atoi(words(row.Find("td").Eq(2)))
		require.NoError(a.t, err)
		href := row.Find("a.row-link").AttrOr("href", "")
		a.count(v, page, href, n)
		for _, id := range a.list(v, page+", groups", href) {
			if seen[id] {
				a.differs("%s: run %s is in two groups", page, id)
			}
			seen[id] = true
			if s := a.byID[id]; s != nil {
				tell(row, s)
			}
		}
	}
	want, missing := a.on(v, of), 0
	for _, id := range want {
		if !seen[id] {
			missing++
		}
	}
	rest := 0 // in groups that are not shown
	if more := moreRuns.FindStringSubmatch(words(rows.Last().Closest("section").Find(".panel-foot a"))); more != nil {
		rest, _ = strconv.Atoi(more[1])
	}
	if missing != rest || len(seen)+rest != len(want) {
		a.differs("%s: its groups hold %d runs and speak of %d more, and miss %d of %d", page, len(seen), rest, missing, len(want))
	}
}

var moreRuns = regexp.MustCompile(`^([0-9]+) more runs `)

// census is what the metrics count.
func (a *agreed) census() {
	got, err := a.store.Census(a.t.Context())
	require.NoError(a.t, err)
	want, told := map[models.CensusCount]int64{}, map[models.CensusCount]int64{}
	stuck := map[models.StuckRun]int{}
	for _, s := range a.stories {
		f, t := s.run.Facts, s.truth
		if f.Status.Active() || t.Open {
			want[models.CensusCount{Type: f.Type, Status: f.Status, Class: t.ProblemClass, Open: t.Open}]++
		}
		if t.ProblemClass == lifecycle.ActiveStaleAttention {
			stuck[models.StuckRun{Type: f.Type, Queue: f.Queue, Cause: t.Cause, Late: a.now.Sub(f.StaleAt)}]++
		}
	}
	for _, c := range got.Counts {
		n := c.N
		c.N = 0
		told[c] = n
	}
	for _, s := range got.Stuck {
		stuck[s]--
	}
	if !maps.Equal(want, told) {
		a.differs("metrics: want %v, counted %v", want, told)
	}
	for s, n := range stuck {
		if n != 0 {
			a.differs("metrics: %d stuck runs more or less like %v", n, s)
		}
	}
}
