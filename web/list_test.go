package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func TestListAddressesAreClean(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for sent, want := range map[string]string{
		"?workspace=&tenant=&q=&status=&from=":          "",
		"?q=+box+&type=":                                "?q=box",
		"?workspace=&tenant=north":                      "",
		"?from=2026-01-02T03:04&to=2026-01-02T03:04:05": "?from=2026-01-02T03%3A04%3A00Z&to=2026-01-02T03%3A04%3A05Z",
		"?within=7d&open=1":                             "?open=true&within=7d",
	} {
		w := b.as(b.owner(), http.MethodGet, "/admin/operations"+sent, nil)
		require.Equal(t, http.StatusSeeOther, w.Code, sent)
		require.Equal(t, "/admin/operations"+want, w.Header().Get("Location"), sent)
		if want != "" {
			require.Equal(t, http.StatusOK, b.as(b.owner(), http.MethodGet, "/admin/operations"+want, nil).Code, "a clean address stays")
		}
	}
}

// A reader pages to the end of a list and back, and sees the same pages.
func TestListPagesBothWays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 120 {
		modelstest.Queued(t, b.store, b.world.NewRun())
	}
	at := func(path string) ([]string, *goquery.Document) {
		doc := b.page(b.owner(), path)
		var ids []string
		for _, row := range doc.Find("#runs tbody tr").EachIter() {
			ids = append(ids, row.AttrOr("data-run", ""))
		}
		return ids, doc
	}
	step := func(doc *goquery.Document, rel string) string {
		return doc.Find(`.pager a[rel="`+rel+`"]`).AttrOr("href", "")
	}
	first, doc := at(links.Runs(links.Admin, links.List{Workspace: "acme"}))
	require.Empty(t, step(doc, "prev"))
	second, doc := at(step(doc, "next"))
	third, doc := at(step(doc, "next"))
	require.Equal(t, []int{50, 50, 20}, []int{len(first), len(second), len(third)})
	require.Empty(t, step(doc, "next"))
	back, doc := at(step(doc, "prev"))
	require.Equal(t, second, back)
	back, doc = at(step(doc, "prev"))
	require.Equal(t, first, back)
	require.Empty(t, step(doc, "prev"), "the beginning is known as such")
	require.Contains(t, step(doc, "next"), "workspace=acme", "the filter stays")
}

func (b *bench) exported(who reader, path string) [][]string {
	b.t.Helper()
	w := b.as(who, http.MethodGet, path, nil)
	require.Equal(b.t, http.StatusOK, w.Code, w.Body.String())
	require.Equal(b.t, "text/csv; charset=utf-8", w.Header().Get("Content-Type"))
	require.Regexp(b.t, `^attachment; filename="runs-\d{4}-\d\d-\d\dT\d{6}Z\.csv"$`, w.Header().Get("Content-Disposition"))
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(w.Body.String(), "\ufeff"))).ReadAll()
	require.NoError(b.t, err)
	return rows[1:]
}

// The file has the rows of the list in its order, all pages of it, and nobody else's.
func TestExportIsTheList(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 510 { // more than one read
		modelstest.Queued(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.Target = fmt.Sprintf("=box %d", i%2) }))
	}
	modelstest.Queued(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.TenantID = b.world.South.ID }))
	whole := b.exported(b.owner(), links.RunsExport(links.Admin, links.List{}))
	require.Len(t, whole, 511)
	require.Equal(t, b.listed(b.owner(), links.Runs(links.Admin, links.List{})), firsts(whole)[:50])
	require.Len(t, b.exported(b.viewer(), links.RunsExport(links.Admin, links.List{})), 510, "one tenant")
	require.Empty(t, b.exported(b.stranger(), links.RunsExport(links.Admin, links.List{})))
	require.Len(t, b.exported(b.owner(), links.RunsExport(links.Admin, links.List{Text: "box 1"})), 255)
	require.Len(t, b.exported(b.staff(), links.RunsExport(links.System, links.List{})), 511)
	require.Equal(t, "'=box 1", whole[1][5])

	none := b.as(b.viewer(), http.MethodGet, links.RunsExport(links.Admin, links.List{Workspace: "globex"}), nil)
	require.Equal(t, http.StatusNotFound, none.Code)
	doc := b.page(b.owner(), links.Runs(links.Admin, links.List{Text: "box 1"}))
	require.Equal(t, links.RunsExport(links.Admin, links.List{Text: "box 1"}), doc.Find("a[download]").AttrOr("href", ""))
}

func firsts(rows [][]string) []string {
	var all []string
	for _, r := range rows {
		all = append(all, r[0])
	}
	return all
}

// A view is the reader's own, keeps what lasts of a filter, and never shows more than its reader may see.
func TestSavedViewsOfAList(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := time.Now().UTC().Truncate(time.Microsecond)
	yes := true
	bucket := links.List{Workspace: "acme", Class: lifecycle.TerminalFollowUp, Open: &yes, EndedFrom: now.Add(-models.Recent), AsOf: now}
	path := links.Runs(links.Admin, bucket)
	form := b.page(b.owner(), path).Find(".views-save")
	require.Equal(t, links.Views(links.Admin), form.AttrOr("action", ""))
	values := fieldsOf(form)
	values.Set("name", `<b>Mornings</b>`)
	w := b.as(b.owner(), http.MethodPost, links.Views(links.Admin), values)
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body.String())
	lasting := links.List{Workspace: "acme", Class: lifecycle.TerminalFollowUp, Open: &yes, EndedWithin: models.Recent}
	require.Equal(t, links.Runs(links.Admin, lasting), w.Header().Get("Location"), "seven days go on with the time")

	saved := b.page(b.owner(), w.Header().Get("Location")).Find(".view")
	require.Equal(t, `<b>Mornings</b>`, text(saved.Find("a")))
	require.Equal(t, "true", saved.Find("a").AttrOr("aria-current", ""))
	require.Equal(t, "Ended, needs follow-up", text(b.page(b.owner(), saved.Find("a").AttrOr("href", "")).Find("h1")))
	require.Zero(t, b.page(b.viewer(), "/admin/operations").Find(".view").Length(), "views are their reader's own")
	stranger := b.as(b.stranger(), http.MethodGet, saved.Find("a").AttrOr("href", ""), nil)
	require.Equal(t, http.StatusNotFound, stranger.Code, "a view that is handed on opens nothing")

	remove := saved.Find("form").AttrOr("action", "")
	require.Equal(t, http.StatusNotFound, b.as(b.viewer(), http.MethodPost, remove, url.Values{}).Code)
	w = b.as(b.owner(), http.MethodPost, remove, fieldsOf(saved.Find("form")))
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Zero(t, b.page(b.owner(), w.Header().Get("Location")).Find(".view").Length())

	for _, wrong := range []url.Values{{"name": {" "}}, {"name": {strings.Repeat("x", 61)}}, {"name": {"x"}, "query": {"status=odd"}}, {"name": {"x"}, "query": {"%zz"}}} {
		require.Equal(t, http.StatusBadRequest, b.as(b.owner(), http.MethodPost, links.Views(links.Admin), wrong).Code, wrong)
	}
	w = b.as(b.owner(), http.MethodPost, links.Views(links.Admin), url.Values{"name": {"x"}, "query": {"q=" + strings.Repeat("x", 2000)}})
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), "fewer")
}

// HEAD is answered as GET is.
func TestPagesAnswerHEAD(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Queued(t, b.store, b.world.NewRun())
	for _, path := range []string{
		"/", links.Workspace("acme"), links.Tenant("acme", "north"), "/admin/operations", "/admin/operations.csv", links.Run(links.Admin, run.ID, links.List{}),
		links.Run(links.Admin, "missing", links.List{}), "/healthz", "/sign-in",
	} {
		get, head := b.as(b.owner(), http.MethodGet, path, nil), b.as(b.owner(), http.MethodHead, path, nil)
		require.Equal(t, get.Code, head.Code, path)
		require.Equal(t, get.Header().Get("Content-Type"), head.Header().Get("Content-Type"), path)
	}
	require.Equal(t, http.StatusMethodNotAllowed, b.as(b.owner(), http.MethodHead, links.SignInLink("x"), nil).Code, "a preview must not use the link up")
}

// A page in view that renews itself does not ask for its history each time.
func TestRenewalsLeaveTheHistoryAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := httptest.NewRequest(http.MethodGet, links.Workspace("acme"), nil)
	r.AddCookie(b.session(b.owner()))
	require.Contains(t, b.serve(r).Body.String(), "history-title")
	r.Header.Set("HX-Target", "live")
	require.NotContains(t, b.serve(r).Body.String(), "history-title")
}

// Every count of every tenant is the length of the list that it leads to.
func TestTenantsTableCountsWhatItsListsShow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	seedStates(t, b)
	modelstest.Ended(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.TenantID = b.world.South.ID }), lifecycle.Failed)
	counted := 0
	for _, who := range []reader{b.owner(), b.viewer()} {
		doc := b.page(who, links.Workspace("acme"))
		for _, a := range doc.Find("#tenants .cell-link, .numbers td a, .type-head a").EachIter() {
			n := 0
			_, err := fmt.Sscan(text(a), &n)
			require.NoError(t, err, text(a))
			require.Len(t, b.listed(who, a.AttrOr("href", "")), n, a.AttrOr("href", ""))
			counted += n
		}
	}
	require.Greater(t, counted, 20)
}
