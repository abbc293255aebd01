package surfaces

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/standalone/internal/browser"
)

// busy are the pages that there is much to show on.
func (w *world) busy() map[string]string {
	yes := true
	pages := map[string]string{
		"workspace": links.Workspace("harbor"), "workspace, 30 days": links.Days(links.Workspace("harbor"), 30),
		"tenant": links.Tenant("harbor", "delta-freight"), "overlay": links.Overlay("", "", ""), "notifications": links.Notifications(false),
		"platform": links.Home(links.System), "stuck": links.Stuck(links.List{}), "failures": links.Failures(links.List{}),
	}
	for p, says := range map[links.Plane]string{links.Admin: "list", links.System: "platform's list"} {
		pages[says] = links.Runs(p, links.List{})
		pages[says+", succeeded"] = links.Runs(p, links.List{Outcome: lifecycle.Succeeded})
		pages[says+", active"] = links.Runs(p, links.List{Active: &yes})
		pages[says+", stuck"] = links.Runs(p, links.List{Class: lifecycle.ActiveStaleAttention})
		pages[says+", follow-ups"] = links.Runs(p, links.List{Class: lifecycle.TerminalFollowUp, Open: &yes})
		pages[says+": a run with failures"] = w.page(p, "broken")
		pages[says+": a stuck run"] = w.page(p, "stuck")
	}
	return pages
}

// A page costs what it shows: with a hundred thousand runs, four hundred that are stuck alike and as many that failed
// alike, and five thousand failed items of one run, each page asks the record as often as with hardly any, is told as few
// rows, and shows a page of them. How long that takes is for the benchmarks to tell.
func TestPagesWithVeryMany(t *testing.T) {
	t.Parallel()
	w := tell(t)
	const many, alike, failures, onePage = 100_000, 400, 5000, 60
	w.runs["broken"] = w.broken(onePage)
	member, staff := w.client("Mara Lindqvist", links.Admin), w.client("Pia Novak", links.System)
	costs := func() map[string][2]int64 {
		all := map[string][2]int64{}
		for name, path := range w.busy() {
			client := member
			if w.plane(path) == links.System {
				client = staff
			}
			statements, rows := w.cost.of(func() { w.read(client, path) })
			all[name] = [2]int64{statements, rows}
		}
		return all
	}
	few := costs()
	modelstest.Clones(t, w.record, w.runs["succeeded"], many)
	modelstest.Clones(t, w.record, w.runs["stuck"], alike)
	modelstest.Clones(t, w.record, w.runs["failed"], alike)
	w.runs["broken"] = w.broken(failures)
	for name, c := range costs() {
		t.Logf("%s: %d statements and %d rows with few runs, %d and %d with many", name, few[name][0], few[name][1], c[0], c[1])
		require.NotZero(t, few[name][1], name)
		require.LessOrEqual(t, c[0], few[name][0], "%s: statements", name)
		require.LessOrEqual(t, c[1], few[name][1]+onePage, "%s: rows", name)
	}

	alikeNow := fmt.Sprint(alike + 6) // with those of the story
	for plane, b := range map[links.Plane]browser.Tab{links.Admin: w.open("Mara Lindqvist", links.Admin), links.System: w.open("Pia Novak", links.System)} {
		b.Size(390, 844)
		for name, path := range w.busy() {
			if w.plane(path) != plane || !isPage(w.route(path)) {
				continue
			}
			b.GoTo(path)
			b.Whole()
			require.False(t, browser.Ask[bool](b, `document.querySelector(".bare-error") !== null`), "%s is refused", name)
			require.LessOrEqual(t, browser.Ask[int](b, `document.querySelectorAll("main tbody tr").length`), onePage+10, "%s shows a page of them", name)
			fits(b, name)
			allowed(b, name)
		}
		b.GoTo(w.page(plane, "broken"))
		require.Equal(t, 3, browser.Ask[int](b, `document.querySelectorAll(".reasons > li").length`), "five thousand failures read as three reasons")
		aboveTheFold(b, "five thousand failures")
		if plane == links.System {
			b.GoTo(links.Stuck(links.List{}))
			require.Equal(t, 1, browser.Ask[int](b, `[...document.querySelectorAll("#stuck-groups tbody tr")].filter((r) => r.innerText.includes("policies")).length`))
			require.Contains(t, browser.Ask[string](b, `document.querySelector("#group-no_workers-policies").innerText`), alikeNow, "all that are stuck alike are one row")
		}
	}
}

// broken is a run all of whose items failed, for three reasons.
func (w *world) broken(items int) models.Run {
	w.t.Helper()
	run := w.started(w.wish("delta-freight", rollout, "Everything", "Mara Lindqvist", patient), 3*hour, 2*hour, items, 0)
	var chunk []models.Item
	for i := range items {
		chunk = append(chunk, models.Item{
			Key: fmt.Sprintf("group-%04d", i), State: models.ItemFailed,
			Message: fmt.Sprintf("object %d: %s", i, []string{"quota exceeded", "no licence", "changed meanwhile"}[i%3]),
		})
		if len(chunk) == 200 || i == items-1 {
			require.NoError(w.t, w.at(2*hour).RecordItems(w.t.Context(), run.ID, chunk))
			chunk = nil
		}
	}
	return w.end(run, hour, lifecycle.Failed, lifecycle.Failure{})
}

// client signs a person in without a browser, which asks for more than one page at a time.
func (w *world) client(name string, plane links.Plane) *http.Client {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	client := &http.Client{Jar: jar, Timeout: patience}
	w.read(client, w.signInLink(name, plane))
	return client
}

// patience is a busy machine's; the server gives up by itself after ten seconds.
const patience = time.Minute

func (w *world) read(client *http.Client, path string) string {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.base+path, nil)
	require.NoError(w.t, err)
	answer, err := client.Do(r)
	require.NoError(w.t, err, path)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(w.t, err, path)
	require.Equal(w.t, http.StatusOK, answer.StatusCode, path)
	return string(body)
}
