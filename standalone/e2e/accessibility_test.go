package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/standalone/simulate"
)

// Every page passes axe's rules in both colour schemes, with runs in every kind of state on it.
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

	b := open(t, h.Demo.AdminURL)
	b.goTo("/sign-in")
	b.accessible("sign-in")
	b.signIn("/sign-in", owner.user.Name, owner.user.Password)
	pages := map[string]string{
		"workspace": "/admin/workspaces/harbor", "tenant": "/admin/workspaces/harbor/tenants/" + tenant,
		"choose an operation": "/admin/workspaces/harbor/tenants/" + tenant + "/start",
		"start inventory":     "/admin/workspaces/harbor/tenants/" + tenant + "/start/inventory.sync",
		"start simulate":      "/admin/workspaces/harbor/tenants/" + tenant + "/start/" + simulate.Name,
		"operations":          "/admin/operations", "likely stuck": "/admin/operations?class=active_stale_attention",
		"no operations": "/admin/operations?q=nothing-is-called-so", "break something": "/admin/break", "not found": "/admin/nothing",
		"run waiting": "/admin/operations/" + waiting, "run likely stuck": "/admin/operations/" + panicking,
	}
	for name, id := range ends {
		pages["run "+name] = "/admin/operations/" + id
	}
	for name, path := range pages {
		b.goTo(path)
		b.accessible(name)
	}

	// The check itself must be able to fail.
	b.within(chromedp.Evaluate[chromedp.Void](`document.querySelector("main").append(document.createElement("img"))`))
	require.NotEmpty(t, b.violations("light"))

	platform := as(t, h.Demo, "pia@opstruth.example").user
	s := open(t, h.Demo.AdminURL)
	s.goTo("/system/sign-in")
	s.accessible("system sign-in")
	s.signIn("/system/sign-in", platform.Name, platform.Password)
	for name, path := range map[string]string{
		"system": "/system", "system runs": "/system/ops/runs",
		"system run likely stuck": "/system/ops/runs/" + panicking, "system run ended": "/system/ops/runs/" + ends["partial"],
	} {
		s.goTo(path)
		s.accessible(name)
	}
}
