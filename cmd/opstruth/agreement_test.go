package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/internal/pgtest/pgstore"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// TestSurfacesAgree generates runs in every state and reads each of them from every surface: the numbers, the attention
// lists and the recent runs of workspaces and tenants, both lists on all their pages, the CSV files, both details, the
// API by list and by id, the command line, the system plane's groups, the metrics' census and the notifications. What
// each should tell comes from lifecycle.Derive over the stored facts, at one clock that stands still. Every number that
// is a link must have exactly its runs behind it.
//
// All runs are read wherever many are told at once: the lists, the files, the API's lists, the command line's, the groups,
// the metrics and the notifications. Sampled is what tells few: pages of a run, the API by id, the command's show, and the
// rows of places (what needs attention, recent runs, what lies over the pages, failures run by run), of which a page has
// five to twenty. Those are read for every state, cause, mark, type and place, and beside those for a part of the runs
// spread over all: see alone. With OPSTRUTH_TEST_EVERY_RUN=1 every run is read from every surface. Long lists that
// numbers lead to are read on their first pages, and then as the file that they offer.
//
// With the race detector there are fewer runs; scripts/test.sh runs this test once more without it.
func TestSurfacesAgree(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		open func(testing.TB) *models.Store
		runs int
		away bool // Temporal has not answered for long
	}{
		"sqlite": {modelstest.New, agreeing, false}, "postgres": {pgstore.New, agreeing, false},
		"sqlite, Temporal away": {modelstest.New, agreeing / 20, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := uint64(20260102)
			if other, err := strconv.ParseUint(os.Getenv("OPSTRUTH_TEST_SEED"), 10, 64); err == nil {
				seed = other
			}
			t.Logf("the runs come from OPSTRUTH_TEST_SEED=%d", seed)
			a := agreement(t, c.open(t), seed, c.runs, c.away)
			for _, part := range []struct {
				name string
				read func()
			}{
				{"lists", a.lists}, {"places", a.places}, {"system plane", a.systemPlane}, {"API", a.api}, {"command line", a.commandLine},
				{"notifications", a.notifications}, {"details", a.details}, {"numbers", a.numbers}, {"window", a.window},
			} {
				begun := time.Now()
				part.read()
				t.Logf("%s: %s", part.name, time.Since(begun).Round(time.Millisecond))
			}
			a.report()
		})
	}
}

// everyRun says that no runs are sampled.
var everyRun = os.Getenv("OPSTRUTH_TEST_EVERY_RUN") != ""

// story is a run as every surface has to tell it.
type story struct {
	run                             models.Run
	truth                           lifecycle.Truth
	badge, headline, marks, lineage string
	class, freshness                string
}

// nextStep is what the reader is told to do: who cannot reach Temporal asks platform staff.
func (s *story) nextStep(v *visitor) string {
	if v.plane == links.System {
		return plain(s.truth.ForStaff().NextStep().Text)
	}
	return plain(s.truth.NextStep().Text)
}

// needed is the next step that a row tells: that of a run that needs somebody.
func (s *story) needed(v *visitor) string {
	if s.truth.ProblemClass == lifecycle.ActiveStaleAttention || s.truth.Open {
		return s.nextStep(v)
	}
	return ""
}

// visitor is somebody who reads.
type visitor struct {
	name   string
	user   models.User
	plane  links.Plane
	sees   func(*models.Run) bool
	cookie *http.Cookie
	token  string
}

// agreed is a console over generated runs, and what was found to differ on it.
type agreed struct {
	*bench
	crowd   modelstest.Crowd
	now     time.Time
	stories []*story // the newest first
	byID    map[string]*story

	member, owner, viewer, staff *visitor

	doors   map[links.Plane]map[string]string // one link to each run's page, as a surface has it
	walked  map[string][]string               // by plane, reader and link: the ids of a list
	counted map[string]number                 // numbers that are links, each once
	told    map[string]int                    // how many runs each surface told
	differ  []string
}

func agreement(t *testing.T, store *models.Store, seed uint64, runs int, away bool) *agreed {
	t.Helper()
	now := modelstest.Epoch
	a := &agreed{
		bench: serving(t, modelstest.At(store, now), nil), now: now, byID: map[string]*story{},
		doors:  map[links.Plane]map[string]string{links.Admin: {}, links.System: {}},
		walked: map[string][]string{}, counted: map[string]number{}, told: map[string]int{},
	}
	quick := httptest.NewServer(a.handler) // whether answers are as the document says is tested elsewhere
	t.Cleanup(quick.Close)
	a.address = quick.URL
	a.crowd = modelstest.CrowdOf(t, a.store, a.world)
	passed := now.Add(-3 * time.Second)
	if away {
		passed = now.Add(-time.Hour)
	}
	require.NoError(t, modelstest.At(store, passed).FinishPass(t.Context(), models.PassReport{Every: 5 * time.Second, TemporalAnswered: true}))
	require.NoError(t, store.DB().Exec(`INSERT INTO breakers (scope, is_open, since, below) VALUES (?, ?, ?, 0)`,
		modelstest.Queues()[1], true, now.Add(-time.Minute).UnixMicro()).Error)
	ids := modelstest.Generate(t, a.store, a.crowd, rand.New(rand.NewPCG(seed, 5)), now, runs)
	a.load(ids)
	a.visitors()
	return a
}

// load reads the stored facts, and derives the one truth that everything is compared with.
func (a *agreed) load(ids []string) {
	page := models.Page{Limit: 500}
	for {
		p, err := a.store.ListRuns(a.t.Context(), models.Platform(), models.Filter{}, page)
		require.NoError(a.t, err)
		require.Equal(a.t, a.now, p.Now)
		for _, run := range p.Runs {
			truth := lifecycle.Derive(run.Facts, a.now)
			var marks []string
			for _, m := range truth.Marks() {
				marks = append(marks, m.Label)
			}
			s := &story{
				run, truth, truth.Badge().Label, plain(truth.Headline()), plain(strings.Join(marks, ", ")), truth.LineageText(),
				truth.ProblemClass.Label(), truth.Freshness.Badge().Label,
			}
			a.stories, a.byID[run.ID] = append(a.stories, s), s
		}
		if page.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	require.Len(a.t, a.stories, len(ids))
	for _, id := range ids {
		require.Contains(a.t, a.byID, id)
	}
	states := map[lifecycle.State]bool{}
	for _, s := range a.stories {
		states[s.truth.State] = true
	}
	for _, state := range lifecycle.States() {
		// A stuck run is unverified while Temporal is away, and before it was not.
		require.True(a.t, states[state] || len(ids) < 5000 || state == lifecycle.StateStuck, "no run is %s", state)
	}
}

func (a *agreed) visitors() {
	northern := func(r *models.Run) bool { return r.TenantID == a.world.North.ID }
	acme := func(r *models.Run) bool { return r.WorkspaceID == a.world.Acme.ID }
	all := func(*models.Run) bool { return true }
	a.member = a.visitor("member of all", a.crowd.Member, links.Admin, all)
	a.owner = a.visitor("owner of Acme", a.world.Owner, links.Admin, acme)
	a.viewer = a.visitor("viewer of North", a.world.Viewer, links.Admin, northern)
	a.staff = a.visitor("staff", a.world.Staff, links.System, all)
}

func (a *agreed) visitor(name string, u models.User, plane links.Plane, sees func(*models.Run) bool) *visitor {
	secret, hash := auth.NewLinkSecret()
	require.NoError(a.t, a.store.CreateSignInLink(a.t.Context(), models.SignInLink{Hash: hash, UserID: u.ID, Plane: models.Plane(plane)}, time.Minute))
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, httptest.NewRequestWithContext(a.t.Context(), http.MethodGet, links.SignInLink(secret), nil))
	require.Equal(a.t, http.StatusSeeOther, w.Code, w.Body.String())
	require.Len(a.t, w.Result().Cookies(), 1)
	return &visitor{name, u, plane, sees, w.Result().Cookies()[0], a.tokenOf(u, models.Plane(plane))}
}

// get reads an address for somebody, as a page or, with the token, from the API.
func (a *agreed) get(v *visitor, path string) string {
	r := httptest.NewRequestWithContext(a.t.Context(), http.MethodGet, path, nil)
	if strings.HasPrefix(path, "/api/") {
		r.Header.Set("Authorization", "Bearer "+v.token)
	} else {
		r.AddCookie(v.cookie)
	}
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, r)
	require.Equal(a.t, http.StatusOK, w.Code, "%s at %s: %s", v.name, path, w.Body.String())
	return w.Body.String()
}

func (a *agreed) page(v *visitor, path string) *goquery.Document {
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.get(v, path)))
	require.NoError(a.t, err)
	if doc.Find("[onmouseover], [onclick], main script").Length() > 0 {
		a.differs("%s at %s: somebody's name became markup", v.name, path)
	}
	return doc
}

func (a *agreed) differs(format string, args ...any) {
	a.differ = append(a.differ, fmt.Sprintf(format, args...))
}

// same compares one thing that a surface tells of a run.
func (a *agreed) same(surface string, s *story, what, want, got string) {
	if want != got {
		a.differs("%s: %s of run %s (%s): want %q, told %q", surface, what, s.run.ID, s.truth.State, want, got)
	}
}

const shownDifferences = 20

func (a *agreed) report() {
	for _, surface := range slices.Sorted(mapKeys(a.told)) {
		a.t.Logf("%7d runs told by: %s", a.told[surface], surface)
	}
	a.t.Logf("%7d numbers have exactly their runs", len(a.counted))
	if n := len(a.differ); n > 0 {
		require.Failf(a.t, fmt.Sprintf("%d disagreements", n), "%s", strings.Join(a.differ[:min(n, shownDifferences)], "\n"))
	}
}

func mapKeys[V any](m map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// plain is a text without its line breaks, as pages and terminals show it, and without the gaps in its numbers.
func plain(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\u202f", "")), " ")
}

func words(s *goquery.Selection) string { return plain(s.Text()) }
