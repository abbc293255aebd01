package e2e

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/standalone/simulate"
)

// Every page that a link of the real installation leads to passes axe's rules in both colour schemes and keeps to its
// security policy, with runs in every kind of state on it. That no route is left out is tested with the surfaces.
func TestAccessibilityOfEveryPage(t *testing.T) {
	h := install(t)
	owner := as(t, h.Demo, "mara@harbor.example")
	ends := map[string]string{}
	for name, knobs := range map[string]simulate.Knobs{
		"succeeded": {Items: 5}, "partial": {Items: 6, FailEvery: 3}, "failed": {Items: 2, FailEvery: 1}, "blocked": {Items: 1, Block: true},
	} {
		ends[name] = owner.start(tenant, simulate.Name, knobs)
	}
	waiting := owner.start(tenant, simulate.Name, simulate.Knobs{Items: 4, WaitS: 3600})
	panicking := owner.start(tenant, simulate.Name, simulate.Knobs{Items: 4, PanicWorkflow: true})
	for _, id := range ends {
		owner.until(id, "ended", ended)
	}
	owner.until(panicking, "likely stuck", stuck)

	platform := as(t, h.Demo, "pia@opstruth.example").user
	for _, c := range []struct {
		signIn, email, password string
		from                    []string
	}{
		{"/sign-in", owner.user.Name, owner.user.Password, []string{"/", links.Start("harbor", tenant, ""), "/admin/nothing", links.Run(links.Admin, waiting, links.List{})}},
		{"/system/sign-in", platform.Name, platform.Password, []string{"/system", "/system/nothing", links.Run(links.System, panicking, links.List{})}},
	} {
		b := open(t, h.Demo.AdminURL)
		b.WatchPolicy()
		look := func(path string) {
			b.accessible(path)
			require.Empty(t, b.Refused(), path)
		}
		b.goTo(c.signIn)
		look(c.signIn)
		b.signIn(c.signIn, c.email, c.password)
		opened := b.Crawl(kindOf, look, c.from...)
		t.Logf("%s: %d pages", c.signIn, len(opened))
		for _, id := range append(slices.Collect(maps.Values(ends)), waiting, panicking) {
			require.True(t, slices.ContainsFunc(opened, func(path string) bool { return strings.Contains(path, "/"+id) }), "nothing leads to run %s", id)
		}

		// The check itself must be able to fail.
		b.within(chromedp.Evaluate[chromedp.Void](`document.body.append(document.createElement("img"))`))
		require.NotEmpty(t, b.violations("light"))
	}
}

var aTenant = regexp.MustCompile(`/tenants/[^/]+`)

// kindOf is what the addresses of pages have in common that look alike. Files have none.
func kindOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || strings.HasSuffix(u.Path, ".csv") || strings.Contains(u.Path, "/artifacts/") || strings.HasPrefix(u.Path, "/assets/") {
		return ""
	}
	kind, q := aTenant.ReplaceAllString(u.Path, "/tenants/:tenant"), u.Query()
	if kind == links.Runs(links.Admin, links.List{}) || kind == links.Runs(links.System, links.List{}) {
		kind += " " + q.Get("problem_class")
	}
	return strings.Join([]string{kind, q.Get("days"), q.Get("unread"), q.Get("items")}, " ")
}
