package surfaces

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/standalone/internal/browser"
)

// odd are names that people do give to things.
var odd = map[string]string{
	"long":   strings.Repeat("Unbreakable", 17),
	"rtl":    "مزامنة قائمة الأجهزة (تجريبي) – שלום",
	"emoji":  "👩🏽‍🚀 Ops 🚀🚀 für Zoë",
	"markup": `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>&amp;`,
}

// Names of every kind are shown as they are, hurt nothing and widen no page.
func TestPagesWithOddNames(t *testing.T) {
	t.Parallel()
	w := build(t)
	var tenants []string
	for slug, name := range odd {
		tenants = append(tenants, slug, name)
	}
	w.workspace("odd", odd["markup"], tenants...)
	w.member(odd["long"], "odd", models.RoleOwner)
	w.member("Pia Novak", "", "")
	for slug, name := range odd {
		n := w.wish(slug, rollout, name, odd["long"])
		n.Queue = name
		stuck := modelstest.Running(t, w.at(hour), n)
		w.silent(stuck, minute, lifecycle.ActivityRetrying, hour, lifecycle.Evidence{Activity: lifecycle.ActivityScheduled, Attempt: 4, LastFailure: lifecycle.FailureApplication, FailureText: name, Host: name})
		w.runs["stuck "+slug] = stuck
		failed := w.started(w.wish(slug, backup, name, odd["long"], patient), 2*hour, 2*hour-minute, 30, 30, name, name+name, "")
		w.runs["failed "+slug] = w.end(failed, hour, lifecycle.Failed, lifecycle.Failure{Code: "target", Message: name})
	}
	w.passed()
	member, staff := w.open(odd["long"], links.Admin), w.open("Pia Novak", links.System)
	for _, size := range sizes {
		for _, plane := range []links.Plane{links.Admin, links.System} {
			b, paths := member, []string{links.Runs(plane, links.List{}), links.Runs(plane, links.List{Text: odd["long"], Queue: odd["markup"]})}
			if plane == links.System {
				b, paths = staff, append(paths, links.Stuck(links.List{}), links.Failures(links.List{}), links.Home(plane))
			} else {
				paths = append(paths, links.Workspace("odd"), links.Tenant("odd", "markup"), links.Tenant("odd", "long"), links.Start("odd", "rtl", "http.batch"))
			}
			for name := range w.runs {
				paths = append(paths, w.page(plane, name))
			}
			b.Size(size.width, size.height)
			for _, path := range paths {
				say := size.name + " " + path
				b.GoTo(path)
				fits(b, say)
				allowed(b, say)
				require.False(t, browser.Ask[bool](b, `"hurt" in window || document.querySelector("main img") !== null`), "%s lets a name be markup", say)
			}
		}
	}
	member.GoTo(links.Runs(links.Admin, links.List{}))
	shown := browser.Ask[[]string](member, `[...document.querySelectorAll(".row-target")].map((e) => e.textContent)`)
	for _, name := range odd {
		require.Contains(t, shown, name)
	}
}

// Places in which nothing has run, or one thing.
func TestPagesWithNoneAndOne(t *testing.T) {
	t.Parallel()
	w := build(t)
	w.workspace("new", "New Workspace", "first", "First Tenant")
	w.member("Nora New", "new", models.RoleOwner)
	w.member("Pia Novak", "", "")
	member, staff := w.open("Nora New", links.Admin), w.open("Pia Novak", links.System)
	for runs := range 2 {
		if runs == 1 {
			w.runs["only"] = modelstest.Queued(t, w.at(time.Second), w.wish("first", rollout, "Everything", "Nora New"))
		}
		for _, size := range sizes {
			for b, paths := range map[browser.Tab][]string{
				member: {links.Workspace("new"), links.Tenant("new", "first"), links.Runs(links.Admin, links.List{})},
				staff:  {links.Home(links.System), links.Stuck(links.List{}), links.Failures(links.List{}), links.Runs(links.System, links.List{})},
			} {
				b.Size(size.width, size.height)
				for _, path := range paths {
					say := fmt.Sprintf("%s %s with %d runs", size.name, path, runs)
					b.GoTo(path)
					b.Whole()
					require.NotEqual(t, http.StatusText(http.StatusNotFound), browser.Ask[string](b, `document.title`), say)
					fits(b, say)
					b.Accessible(say)
					allowed(b, say)
				}
			}
		}
	}
}
