package surfaces

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/standalone/internal/browser"
)

// A run in each state that needs a person is found at each entry on both planes, and tells there what its page tells: its
// badges, its headline and its class, from wherever its page is opened. Healthy ones are found where there is no class.
func TestSurfacesWalkedInEveryState(t *testing.T) {
	t.Parallel()
	w := build(t)
	w.workspace("five", "Five States", "all", "All of Them")
	w.member("Nora New", "five", models.RoleOwner)
	w.member("Pia Novak", "", "")
	classes := w.everyState()
	w.passed()
	stuck, ended := lifecycle.ActiveStaleAttention, lifecycle.TerminalFollowUp
	member, staff := w.open("Nora New", links.Admin), w.open("Pia Novak", links.System)
	for _, b := range []browser.Tab{member, staff} {
		b.Size(1280, 500) // small, so that there is something to scroll
	}
	for run, class := range classes {
		var admin, system []step
		for _, place := range []string{links.Workspace("five"), links.Tenant("five", "all")} {
			admin = append(admin, step{start: place, table: "#recent"})
			switch class {
			case lifecycle.ActiveStaleAttention:
				admin = append(admin, step{start: place, table: "#stuck-runs", class: stuck})
			case lifecycle.TerminalFollowUp:
				admin = append(admin, step{start: place, table: "#follow-up-runs", class: ended})
			case lifecycle.NoProblem:
			}
		}
		admin = append(admin, step{start: links.Runs(links.Admin, links.List{})})
		system = append(system, step{start: links.Runs(links.System, links.List{})})
		if class != lifecycle.NoProblem {
			l := links.List{Class: class, Workspace: "five"}
			admin = append(admin, step{start: links.Runs(links.Admin, l), class: class})
			system = append(system, step{start: links.Runs(links.System, l), class: class})
		}
		if class == ended {
			system = append(system, step{start: links.Failures(links.List{}), table: "#runs", class: ended})
		}
		for _, s := range admin {
			s.run, s.name = run, run+" from "+s.table+" at "+s.start
			member.GoTo(s.start)
			w.openAndReturn(member, links.Admin, s)
			allowed(member, s.name)
		}
		for _, s := range system {
			s.run, s.name = run, run+" from "+s.table+" at "+s.start
			staff.GoTo(s.start)
			w.openAndReturn(staff, links.System, s)
			allowed(staff, s.name)
		}
	}
	staff.GoTo(links.Stuck(links.List{}))
	follow(staff, "#stuck-groups .row-link")
	w.openAndReturn(staff, links.System, step{name: "its group", class: stuck, run: "stale"})
	for _, run := range []string{"reconciled", "partial", "failed", "blocked"} {
		require.NotEmpty(t, w.runs[run].ID)
		w.fromNotification(member, run)
	}
}

// everyState makes a run in each, and says its class.
func (w *world) everyState() map[string]lifecycle.ProblemClass {
	w.t.Helper()
	of := func(target string, change ...func(*models.NewRun)) models.NewRun {
		return w.wish("all", rollout, target, "Nora New", change...)
	}
	stale := w.started(of("Firewall rules"), 16*minute, 12*minute, 40, 12)
	w.silent(stale, 4*second, lifecycle.NoWorkers, 11*minute, noWorkers)
	closed := w.started(of("Guest network profiles"), 140*minute, 130*minute, 64, 41)
	w.silent(closed, 100*minute, lifecycle.NoWorkers, 30*minute, noWorkers)
	partial := w.started(of("Kiosk lockdown", patient), 50*minute, 49*minute, 12, 12, "quota exceeded")
	failed := w.started(of("Browser settings", patient), 40*minute, 39*minute, 0, 0)
	blocked := w.started(of("Disk encryption baseline", patient), 30*minute, 0, 0, 0)
	w.runs["stale"], w.runs["reconciled"] = stale, w.closed(closed, 10*minute, lifecycle.NoWorkers, noWorkers)
	w.runs["partial"] = w.end(partial, 45*minute, lifecycle.PartiallySucceeded, lifecycle.Failure{})
	w.runs["failed"] = w.end(failed, 35*minute, lifecycle.Failed, lifecycle.Failure{Code: "connection", Message: "the secret has expired"})
	w.runs["blocked"] = w.end(blocked, 29*minute, lifecycle.Blocked, lifecycle.Failure{Code: "permission", Message: "may not write device configurations"})
	w.runs["fresh"] = w.started(of("Windows update rings", patient), 6*minute, 4*second, 640, 395)
	w.runs["succeeded"] = modelstest.Ended(w.t, w.at(20*minute), of("Night-time restart", patient), lifecycle.Succeeded)
	return map[string]lifecycle.ProblemClass{
		"stale": lifecycle.ActiveStaleAttention, "reconciled": lifecycle.TerminalFollowUp, "partial": lifecycle.TerminalFollowUp,
		"failed": lifecycle.TerminalFollowUp, "blocked": lifecycle.TerminalFollowUp, "fresh": lifecycle.NoProblem, "succeeded": lifecycle.NoProblem,
	}
}

// fromNotification opens a run from its message, which tells the run's badges and class, and leads to the page that does.
func (w *world) fromNotification(b browser.Tab, run string) {
	b.T.Helper()
	type told struct{ Badges, Message string }
	const badges = `[...e.querySelectorAll(".tag")].map((t) => t.innerText).join(" | ")`
	row := `#notifications tr[data-run="` + w.runs[run].ID + `"]`
	b.GoTo(links.Notifications(false))
	message := browser.Ask[told](b, `(() => { const e = document.querySelector('`+row+`'); return {Badges: `+badges+`, Message: e.querySelector(".row-message").innerText}; })()`)
	follow(b, row+" .tag")
	require.Equal(b.T, links.Run(links.Admin, w.runs[run].ID, links.List{}), b.Path(), run)
	require.Equal(b.T, message.Badges, browser.Ask[string](b, `(() => { const e = document.querySelector("#decision"); return `+badges+`; })()`), run)
	for _, part := range []string{"#decision-headline", ".decision-next .next-text"} {
		require.Contains(b.T, message.Message, strings.TrimSuffix(browser.Ask[string](b, `document.querySelector("`+part+`").innerText`), "."), run)
	}
	require.Contains(b.T, message.Message, lifecycle.TerminalFollowUp.Label(), run)
	require.Equal(b.T, lifecycle.TerminalFollowUp, asked(b).Class, "%s: the message's class is kept", run)
	allowed(b, run)
	back(b, links.Notifications(false))
}
