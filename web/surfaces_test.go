package web_test

import (
	"net/http"
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
	"github.com/opstruth/opstruth/web/api"
)

// story is what a surface tells about a run.
type story struct{ badge, headline, class, nextStep string }

// surface is a place where runs are shown. What it does not tell stays empty in its stories.
type surface struct {
	name    string
	stories func(b *bench) map[string]story // by run id
}

// surfaces are all the places where runs are shown. A new one joins here.
func surfaces() []surface {
	lists := func(name string, who func(*bench) reader, path string) surface {
		return surface{name, func(b *bench) map[string]story { return rowStories(b.page(who(b), path)) }}
	}
	owner, staff := (*bench).owner, (*bench).staff
	return []surface{
		lists("workspace overview", owner, links.Workspace("acme")),
		lists("tenant dashboard", owner, links.Tenant("acme", "north")),
		lists("operations", owner, links.Runs(links.Admin, links.List{})),
		lists("system runs", staff, links.Runs(links.System, links.List{})),
		{"operation", func(b *bench) map[string]story { return b.details(b.owner()) }},
		{"system run", func(b *bench) map[string]story { return b.details(b.staff()) }},
		{"API", func(b *bench) map[string]story { return b.apiStories() }},
	}
}

// seedStates stores a run in every state that facts alone make, at a clock that stands still, and returns
// what each is told as, by the truth itself.
func seedStates(t *testing.T, b *bench) map[string]story {
	t.Helper()
	w, s := b.world, b.store
	change := func(run models.Run, c lifecycle.Change) {
		_, err := s.Transition(t.Context(), run.ID, c)
		require.NoError(t, err)
	}
	impatient := func(n *models.NewRun) {
		n.Policy.StaleAfter, n.Policy.QueuedStaleAfter = time.Microsecond, time.Microsecond
	}
	modelstest.Queued(t, s, w.NewRun())
	modelstest.Queued(t, s, w.NewRun(impatient))
	modelstest.Running(t, s, w.NewRun())
	modelstest.Running(t, s, w.NewRun(impatient))
	require.NoError(t, s.DeclareWait(t.Context(), modelstest.Running(t, s, w.NewRun()).ID, lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait, Reason: "approval"}, time.Hour))
	change(modelstest.Running(t, s, w.NewRun()), lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Olga"})
	for _, o := range []lifecycle.Outcome{lifecycle.Succeeded, lifecycle.PartiallySucceeded, lifecycle.Failed, lifecycle.Blocked, lifecycle.Cancelled} {
		modelstest.Ended(t, s, w.NewRun(), o)
	}
	modelstest.Ended(t, s, w.NewRun(impatient), lifecycle.Succeeded) // was stuck once
	change(modelstest.Reconciled(t, s, w.NewRun()), lifecycle.Change{Kind: lifecycle.LateReported, Note: "3 more"})
	change(modelstest.Ended(t, s, w.NewRun(), lifecycle.Failed), lifecycle.Change{Kind: lifecycle.Acknowledged, Actor: "Olga", Note: "known"})

	page, err := s.ListRuns(t.Context(), w.OwnerScope, models.Filter{}, models.Page{Limit: 100})
	require.NoError(t, err)
	want := map[string]story{}
	states := map[lifecycle.State]bool{}
	for _, r := range page.Runs {
		truth := r.Truth(page.Now)
		states[truth.State] = true
		want[r.ID] = story{truth.Badge().Label, truth.Headline(), string(truth.ProblemClass), truth.NextStep().Text}
	}
	require.GreaterOrEqual(t, len(states), 10)
	return want
}

func TestSurfacesTellOneStory(t *testing.T) {
	t.Parallel()
	b := setup(t)
	want := seedStates(t, b)
	for _, s := range surfaces() {
		got := s.stories(b)
		require.NotEmpty(t, got, s.name)
		for id, told := range got {
			require.Equal(t, want[id].badge, told.badge, "%s: badge of run %s", s.name, id)
			require.Equal(t, undated(want[id].headline), undated(told.headline), "%s: headline of run %s", s.name, id)
			if told.class != "" {
				require.Equal(t, want[id].class, told.class, "%s: class of run %s", s.name, id)
			}
			if told.nextStep != "" {
				require.Equal(t, undated(want[id].nextStep), undated(told.nextStep), "%s: next step of run %s", s.name, id)
			}
		}
	}
	for _, s := range surfaces()[2:] {
		require.Len(t, s.stories(b), len(want), "%s shows every run", s.name)
	}
}

// undated takes the spans out of a text: surfaces are read one after the other.
func undated(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		if _, err := strconv.Atoi(w); err == nil {
			words[i] = "n"
		}
	}
	return strings.Join(words, " ")
}

func text(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

func rowStories(page *goquery.Document) map[string]story {
	stories := map[string]story{}
	for _, row := range page.Find("tr[data-run]").EachIter() {
		stories[row.AttrOr("data-run", "")] = story{
			badge: text(row.Find(".cell-state .tag").First()), headline: text(row.Find(".row-headline")),
		}
	}
	return stories
}

func (b *bench) ids() []string {
	page, err := b.store.ListRuns(b.t.Context(), b.world.OwnerScope, models.Filter{}, models.Page{Limit: 100})
	require.NoError(b.t, err)
	var ids []string
	for _, r := range page.Runs {
		ids = append(ids, r.ID)
	}
	return ids
}

func (b *bench) details(who reader) map[string]story {
	stories := map[string]story{}
	for _, id := range b.ids() {
		zone := b.page(who, links.Run(who.plane, id, links.List{})).Find("#decision")
		stories[id] = story{
			badge: text(zone.Find(".tag").First()), headline: text(zone.Find("#decision-headline")), nextStep: text(zone.Find(".next-text")),
		}
	}
	return stories
}

func (b *bench) apiStories() map[string]story {
	stories := map[string]story{}
	list := decode[api.RunList](b.t, b.api(b.token(b.owner()), http.MethodGet, "/api/v1/runs?limit=100", nil), http.StatusOK)
	for _, r := range list.Runs {
		stories[r.Id] = story{r.Badge, r.Headline, string(r.ProblemClass), r.NextStep.Text}
	}
	return stories
}

func TestSurfacesPollOnlyWhileSomethingIsActive(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ended := modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Succeeded)
	poll := func(path string) string { return b.page(b.owner(), path).Find("#live").AttrOr("data-poll", "") }
	every := []string{links.Workspace("acme"), links.Tenant("acme", "north"), links.Runs(links.Admin, links.List{})}

	for _, path := range append(every, links.Run(links.Admin, ended.ID, links.List{})) {
		require.Empty(t, poll(path), path)
	}
	active := modelstest.Queued(t, b.store, b.world.NewRun())
	for _, path := range append(every, links.Run(links.Admin, active.ID, links.List{})) {
		require.Equal(t, "5", poll(path), path)
		require.Equal(t, "morph:outerHTML", b.page(b.owner(), path).Find("#live").AttrOr("hx-swap", ""), path)
	}
}

func TestPagesSaySinceWhenTruthIsUnverified(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Queued(t, b.store, b.world.NewRun())
	paths := []string{links.Workspace("acme"), links.Runs(links.Admin, links.List{}), links.Run(links.Admin, run.ID, links.List{})}
	warning := func(path string) string { return text(b.page(b.owner(), path).Find(".truth-warning")) }
	for _, path := range paths {
		require.Contains(t, warning(path), "not finished a pass yet", path)
	}
	require.NoError(t, b.store.FinishPass(t.Context(), models.PassReport{Every: time.Hour, TemporalAnswered: true}))
	for _, path := range paths {
		require.Empty(t, warning(path), path)
		require.Contains(t, text(b.page(b.owner(), path).Find(".truth")), "last reconciler pass", path)
	}
	// Passes of a microsecond are overdue at once, so the next answer of Temporal is missing for longer than two.
	require.NoError(t, b.store.FinishPass(t.Context(), models.PassReport{Every: time.Microsecond}))
	for _, path := range paths {
		require.Contains(t, warning(path), "Truth unverified since", path)
	}
}
