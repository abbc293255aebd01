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
	"github.com/opstruth/opstruth/internal/pgtest/pgstore"
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

// In a browser lists, places, the views of the system plane and the pages of fifty runs of all states tell runs as
// lifecycle.Derive does, and every number is that of the runs that it counts, on both databases, at one clock that stands
// still. That every surface tells every run so is tested without a browser.
func TestSurfacesAgreeInABrowser(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *models.Store{"sqlite": modelstest.New, "postgres": pgstore.New} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			t.Logf("the runs come from seed %d", seed)
			now, record := modelstest.Epoch, open(t)
			store := modelstest.At(record, now)
			crowd := modelstest.SeedCrowd(t, store)
			require.NoError(t, modelstest.At(record, now.Add(-time.Second)).FinishPass(t.Context(), models.PassReport{Every: 5 * time.Second, TemporalAnswered: true}))
			modelstest.Generate(t, store, crowd, rand.New(rand.NewPCG(seed, 6)), now, 400)
			a := newAgreed(t, store, now)
			chosen := a.chooseFifty()
			base := serve(t, store)
			for plane, user := range map[links.Plane]models.User{links.Admin: crowd.Member, links.System: crowd.Staff} {
				b := browser.Open(t, base)
				b.GoTo(signInLink(t, store, user, plane))
				listed := a.listed(b, links.Runs(plane, links.List{}))
				require.Len(t, listed, 400, plane)
				for _, id := range chosen {
					b.GoTo(listed[id].Href)
					require.Equal(t, links.Run(plane, id, links.List{}), listed[id].Href, "%s list: destination of run %s", plane, id)
					require.Equal(t, a.pageOf(id, plane), shownRun(b), "%s: page of run %s", plane, id)
				}
				a.places(b, plane)
			}
		})
	}
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

// shownRun reads the decision zone of the page that is open.
func shownRun(b browser.Tab) told {
	zone := browser.Ask[told](b, `(() => { `+visible+`const zone = document.querySelector("#decision"); return {
		Badge: visible(zone.querySelector(".tag")), Headline: visible(zone.querySelector("#decision-headline")), Next: visible(zone.querySelector(".next-text"))} })()`)
	return told{seenAs(zone.Badge), seenAs(zone.Headline), seenAs(zone.Next)}
}
