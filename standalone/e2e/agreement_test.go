package e2e

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/standalone/internal/browser"
	"github.com/opstruth/opstruth/web"
)

// told is what a reader sees of a run.
type told struct{ Badge, Headline, Next string }

// In a browser a list and the pages behind it, on both planes, show fifty runs of all states as lifecycle.Derive tells
// them, at one clock that stands still. That every surface tells every run so is tested without a browser.
func TestSurfacesAgreeInABrowser(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("the runs come from seed %d", seed)
	now, record := modelstest.Epoch, modelstest.New(t)
	store := modelstest.At(record, now)
	crowd := modelstest.SeedCrowd(t, store)
	require.NoError(t, modelstest.At(record, now.Add(-time.Second)).FinishPass(t.Context(), models.PassReport{Every: 5 * time.Second, TemporalAnswered: true}))
	modelstest.Generate(t, store, crowd, rand.New(rand.NewPCG(seed, 6)), now, 400)
	chosen := chooseFifty(t, store, now)
	base := serve(t, store)

	for plane, user := range map[links.Plane]models.User{links.Admin: crowd.Member, links.System: crowd.Staff} {
		b := browser.Open(t, base)
		b.GoTo(signInLink(t, store, user, plane))
		listed := listedRuns(b, links.Runs(plane, links.List{}))
		require.Len(t, listed, 400, plane)
		for id, want := range chosen {
			row := listed[id]
			require.Equal(t, want.Badge, row.Badge, "%s list: badge of run %s", plane, id)
			require.Equal(t, want.Headline, row.Headline, "%s list: headline of run %s", plane, id)
			require.Equal(t, links.Run(plane, id, links.List{}), row.Href, "%s list: destination of run %s", plane, id)
			b.GoTo(row.Href)
			require.Equal(t, want, shownRun(b), "%s: page of run %s", plane, id)
		}
	}
}

// chooseFifty chooses runs, one of every state, cause and class that there is and then any, by what they must tell.
func chooseFifty(t *testing.T, store *models.Store, now time.Time) map[string]told {
	t.Helper()
	const fifty = 50
	page, err := store.ListRuns(t.Context(), models.Platform(), models.Filter{}, models.Page{Limit: 500})
	require.NoError(t, err)
	chosen, seen := map[string]told{}, map[string]bool{}
	for _, all := range []bool{false, true} {
		for _, r := range page.Runs {
			truth := lifecycle.Derive(r.Facts, now)
			key := strings.Join([]string{string(truth.State), string(truth.Cause), string(truth.ProblemClass)}, " ")
			if len(chosen) < fifty && (all || !seen[key]) {
				seen[key] = true
				chosen[r.ID] = told{seenAs(truth.Badge().Label), seenAs(truth.Headline()), seenAs(truth.NextStep().Text)}
			}
		}
	}
	require.Len(t, chosen, fifty)
	return chosen
}

// seenAs is a text as the browser shows it, whose spaces and letter case are the page's own matter.
func seenAs(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

func serve(t *testing.T, store *models.Store) string {
	t.Helper()
	types, err := operation.NewRegistry(lifecycle.DefaultPolicy(), lifecycle.NewTiming(5*time.Second, 5*time.Second))
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	handler, err := web.New(web.Options{
		Store: store, Types: types, PublicURL: base,
		Starter: &start.Starter{Record: store, Types: types, Dispatch: func(context.Context, models.Run) error { return errors.New("nothing is started here") }},
	})
	require.NoError(t, err)
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	return base
}

func signInLink(t *testing.T, store *models.Store, u models.User, plane links.Plane) string {
	t.Helper()
	secret, hash := auth.NewLinkSecret()
	require.NoError(t, store.CreateSignInLink(t.Context(), models.SignInLink{Hash: hash, UserID: u.ID, Plane: models.Plane(plane)}, time.Minute))
	return links.SignInLink(secret)
}

// shown is a row that a reader sees.
type shown struct{ ID, Badge, Headline, Href string }

// visible makes a function that gives the text of an element, and nothing where the browser paints none of it.
const visible = `const visible = e => e && e.getClientRects().length > 0 ? e.innerText : ""; `

// listedRuns opens a list and goes through all its pages.
func listedRuns(b browser.Tab, path string) map[string]shown {
	runs := map[string]shown{}
	for path != "" {
		b.GoTo(path)
		for _, row := range browser.Ask[[]shown](b, `(() => { `+visible+`return [...document.querySelectorAll("tr[data-run]")].map(r => ({
			ID: r.dataset.run, Href: r.querySelector("a").getAttribute("href"),
			Badge: visible(r.querySelector(".cell-state .tag")), Headline: visible(r.querySelector(".row-headline"))})) })()`) {
			row.Badge, row.Headline = seenAs(row.Badge), seenAs(row.Headline)
			runs[row.ID] = row
		}
		path = browser.Ask[string](b, `document.querySelector("nav.pager a[rel=next]")?.getAttribute("href") ?? ""`)
	}
	return runs
}

// shownRun reads the decision zone of the page that is open.
func shownRun(b browser.Tab) told {
	zone := browser.Ask[told](b, `(() => { `+visible+`const zone = document.querySelector("#decision"); return {
		Badge: visible(zone.querySelector(".tag")), Headline: visible(zone.querySelector("#decision-headline")), Next: visible(zone.querySelector(".next-text"))} })()`)
	return told{seenAs(zone.Badge), seenAs(zone.Headline), seenAs(zone.Next)}
}
