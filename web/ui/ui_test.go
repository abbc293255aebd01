package ui_test

import (
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/web/assets"
	"github.com/opstruth/opstruth/web/ui"
	"github.com/opstruth/opstruth/web/view"
)

var asOf = time.Date(2026, 3, 1, 12, 3, 11, 0, time.UTC)

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, c.Render(t.Context(), &out))
	return out.String()
}

// every fills a truth with all facts that make a mark or a line of evidence.
func every() lifecycle.Truth {
	return lifecycle.Derive(lifecycle.Facts{
		ID: "r1", Type: "inventory.sync", Status: lifecycle.Completed, Outcome: lifecycle.Failed,
		QueuedAt: asOf.Add(-time.Hour), StartedAt: asOf.Add(-time.Hour), CompletedAt: asOf.Add(-time.Minute),
		Counts:        lifecycle.Counts{Total: 4210, Processed: 10, Succeeded: 8, Failed: 2},
		StaleEpisodes: 1, FirstStaleAt: asOf.Add(-30 * time.Minute), RecoveredAt: asOf.Add(-20 * time.Minute),
		Late:         lifecycle.LateResult{At: asOf, Summary: "12 items"},
		Acknowledged: lifecycle.Acknowledgement{At: asOf, By: "Mara", Note: "known"},
		SupersededBy: "r2",
	}, asOf)
}

func samples() map[string]templ.Component {
	shell := view.Shell{
		Title: "Operations", Plane: view.AdminPlane, HomeHref: "/", User: view.User{Name: "Mara Lindqvist", SignOutHref: "/sign-out"},
		Nav:        []view.Link{{Label: "Operations", Href: "/o", Icon: "list-details", Current: true}},
		Workspaces: view.Switcher{Label: "A", Choices: []view.Link{{Label: "A", Href: "/a", Current: true}, {Label: "B", Href: "/b"}}},
		Truth:      view.TruthAge{AsOf: view.At(asOf, asOf), LastPass: view.At(asOf.Add(-4*time.Second), asOf)},
		Live:       view.Live{Href: "/o?x=1&y=2", Poll: true, EventsHref: "/events?after=a-1"},
		Overlay:    view.Overlay{Href: "/p"},
		Alerts:     []view.Alert{{Tone: lifecycle.ToneBad, Title: "No"}, {Tone: lifecycle.ToneGood, Title: "Yes"}},
	}
	cancel := view.Action{Label: "Cancel run", Icon: "player-stop", Href: "/c", Post: true, Danger: true, Confirm: &view.Ask{Text: "?", Label: "Cancel run", Note: &view.Field{Name: "note", Label: "Why", Kind: view.TextAreaField}}}
	truth := every()
	row := view.RunRow{ID: "r1", Href: "/r/r1", Title: "Inventory sync", Target: "<script>alert(1)</script>", Tenant: "Contoso", Badges: view.Badges(truth), Headline: truth.Headline(), Progress: view.ProgressOf(truth), Queued: view.At(asOf, asOf), Took: view.Took(truth)}
	form := view.Form{Href: "/s", Submit: "Start", SubmitIcon: "player-play", Fields: []view.Field{{Name: "a", Label: "A", Error: "Give A.", Hint: "h"}, {Name: "b", Label: "B", Kind: view.SelectField}, {Name: "c", Label: "C", Kind: view.CheckboxField}}}
	return map[string]templ.Component{
		"page": ui.Page(shell),
		"overlay": ui.Overlay(view.Overlay{
			Href: "/p", Loaded: true, Poll: true, Count: 8, More: 7, Rows: []view.RunRow{row}, ShowTenant: true,
			All: view.Link{Label: "Show all 8", Href: "/a"}, Stuck: lifecycle.ActiveStaleAttention.Badge(), StuckHref: "/s",
		}),
		"decision":  ui.Decision(view.DecisionOf(truth, cancel)),
		"runs":      ui.RunTable(view.RunTable{ID: "runs", ShowTenant: true, Rows: []view.RunRow{row}, Pager: view.Pager{FirstHref: "/", NextHref: "/", Noun: "runs"}}),
		"progress":  ui.Progress(view.ProgressOf(truth)),
		"filter":    ui.FilterBar(view.FilterBar{Href: "/", Search: view.Field{Name: "q"}, Fields: form.Fields[1:2], Active: []view.Chip{{Label: "x", RemoveHref: "/"}}, ResetHref: "/"}),
		"items":     ui.Items(view.Items{Rows: []view.Item{{Key: "k", Title: "t", Badge: lifecycle.Failed.Badge()}}}),
		"artifacts": ui.Artifacts([]view.Artifact{{Icon: "file-diff", Title: "d", Href: "/", Verb: "Download", Groups: []view.ArtifactGroup{{Label: "Added", Count: 2, Lines: []string{"x"}}}}}, view.Empty{}),
		"timeline":  ui.Timeline([]view.Event{{Icon: "clock", Title: "Queued", When: view.At(asOf, asOf), Facts: []view.Fact{{Label: "a", Value: "b", Copy: true}}}}),
		"kpis":      ui.KPIs([]view.KPI{{Label: "Likely stuck now", Count: 2, Href: "/", Icon: "alert-triangle", Note: "n", NoteHref: "/"}}),
		"start":     ui.StartForm(view.StartForm{Types: []view.TypeChoice{{Title: "T", Href: "/", Icon: "refresh"}}, Form: form}),
		"choose":    ui.StartForm(view.StartForm{}),
		"sign-in":   ui.SignIn(view.SignIn{Plane: view.SystemPlane, Notice: "Bye", Form: form}),
		"error":     ui.ErrorPage(view.ErrorPage{Code: 404, Title: "Nothing here", Back: view.Action{Label: "Back", Href: "/"}}, view.AdminPlane),
	}
}

// The content security policy refuses inline code and styles, so no component may have any.
func TestComponentsHaveNothingInline(t *testing.T) {
	t.Parallel()
	inline := regexp.MustCompile(`(?i)\sstyle=|\son[a-z]+=|<style|javascript:|\shx-on|<script(>| [^>]*>[^<])`)
	for name, c := range samples() {
		require.NotRegexp(t, inline, render(t, c), name)
	}
}

func TestAWideColumnIsMarkedInEveryRow(t *testing.T) {
	t.Parallel()
	table := view.Table{Columns: []view.Column{{Label: "Run"}, {Label: "Says", Wide: true}, {Label: "Seen"}}}
	table.Rows = []view.Row{{Cells: []view.Cell{{Text: "a"}, {Text: "b"}, {Text: "c"}}}}
	html := render(t, ui.Table(table))
	require.Equal(t, 1, strings.Count(html, "cell-wide"))
	require.Regexp(t, `data-label="Says" class="[^"]*cell-wide`, html)
}

func TestForeignTextIsEscaped(t *testing.T) {
	t.Parallel()
	require.Contains(t, render(t, samples()["runs"]), "&lt;script&gt;")
}

// Each icon that the catalogue, a component or a page names must be in the sprite: a missing one draws nothing.
func TestEveryIconIsInTheSprite(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	assets.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", assets.Path("icons.svg"), nil))
	sprite, err := io.ReadAll(w.Result().Body)
	require.NoError(t, err)
	has := func(icon, where string) {
		require.True(t, icon == "" || strings.Contains(string(sprite), `<symbol id="`+icon+`"`), "no icon %q in the sprite, named by %s", icon, where)
	}
	for _, s := range lifecycle.States() {
		has(lifecycle.Truth{State: s}.Badge().Icon, string(s))
	}
	for _, f := range lifecycle.Freshnesses() {
		has(f.Badge().Icon, string(f))
	}
	for _, c := range lifecycle.ProblemClasses() {
		has(c.Badge().Icon, string(c))
	}
	for _, b := range every().Marks() {
		has(b.Icon, b.Label)
	}
	named := regexp.MustCompile(`Icon(?:\(|:\s*)"([a-z0-9-]+)"`)
	for _, pattern := range []string{"*.templ", "../*.go", "../view/*.go", "../page/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, m := range named.FindAllStringSubmatch(string(text), -1) {
				has(m[1], file)
			}
		}
	}
}

func TestTheTruthStripWarns(t *testing.T) {
	t.Parallel()
	at := func(ago time.Duration) view.Instant { return view.At(asOf.Add(-ago), asOf) }
	healthy := view.TruthAge{AsOf: at(0), LastPass: at(4 * time.Second)}
	text := render(t, ui.TruthStrip(healthy))
	require.Contains(t, text, "12:03:11 UTC")
	require.Contains(t, text, "4 s ago")
	require.NotContains(t, text, "truth-warn")
	healthy.UnverifiedSince = at(131 * time.Second)
	text = render(t, ui.TruthStrip(healthy))
	require.Contains(t, text, "truth-warn")
	require.Contains(t, text, "Truth unverified since")
	require.Contains(t, text, "12:01:00 UTC")
}

// A page polls only while something on it is active.
func TestAPagePollsOnlyWhileSomethingIsActive(t *testing.T) {
	t.Parallel()
	s := view.Shell{Live: view.Live{Href: "/o", Poll: true}}
	require.Contains(t, render(t, ui.Page(s)), `data-poll="5"`)
	s.Live.Poll = false
	require.NotContains(t, render(t, ui.Page(s)), `data-poll`)
	require.NotContains(t, render(t, ui.Page(s)), `data-events`)
	s.Live.EventsHref = "/events?after=a-1"
	require.Contains(t, render(t, ui.Page(s)), `data-events="/events?after=a-1"`)
	require.Contains(t, render(t, ui.Page(view.Shell{Live: view.Live{EventsHref: "/events"}})), `data-events`, "a form is told for what lies over it")
}

// Over a page there is nothing but the way to the active runs, until they are loaded; and nothing where there are none.
func TestTheOverlayIsLoadedOnItsOwn(t *testing.T) {
	t.Parallel()
	require.NotContains(t, render(t, ui.Page(view.Shell{})), `id="overlay"`)
	html := render(t, ui.Page(view.Shell{Overlay: view.Overlay{Href: "/p?x=1"}}))
	require.Contains(t, html, `data-pending`)
	require.Contains(t, html, `hx-get="/p?x=1"`)
	html = render(t, ui.Overlay(view.Overlay{Href: "/p", Loaded: true}))
	require.NotContains(t, html, `data-pending`)
	require.NotContains(t, html, `data-poll`)
	require.NotContains(t, html, `<aside`)
}

// Where there is no action there is no group for one.
func TestThereAreNoEmptyActionGroups(t *testing.T) {
	t.Parallel()
	require.NotContains(t, render(t, ui.Decision(view.DecisionOf(every()))), `class="actions"`)
	require.Empty(t, render(t, ui.Pager("runs", view.Pager{Shown: 3, Noun: "runs"})))
}

func TestARowHasOneLink(t *testing.T) {
	t.Parallel()
	require.Equal(t, 1, strings.Count(render(t, samples()["runs"]), `href="/r/r1"`))
}

func TestAFieldNamesItsError(t *testing.T) {
	t.Parallel()
	text := render(t, samples()["start"])
	require.Contains(t, text, `href="#f-a"`)
	require.Contains(t, text, `aria-describedby="f-a-hint f-a-error"`)
	require.Contains(t, text, `aria-invalid="true"`)
	require.Contains(t, text, "One field needs a correction.")
}
