package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation/inventory"
	"github.com/opstruth/opstruth/standalone/host"
	"github.com/opstruth/opstruth/standalone/sampleapi"
)

const tenant = "brightwood-bakery"

// objects counts what the sample API holds for a tenant.
func objects(h *host.Host, tenant string) (n int) {
	for _, c := range sampleapi.Collections() {
		n += len(h.API.Objects(tenant, c))
	}
	return n
}

// drifted counts what a drift of the API changes.
func drifted(h *host.Host, tenant string) (added, changed, removed int) {
	before := map[string]string{}
	for _, c := range sampleapi.Collections() {
		for _, o := range h.API.Objects(tenant, c) {
			raw, _ := json.Marshal(o)
			before[c+"/"+o["id"].(string)] = string(raw)
		}
	}
	h.API.Drift(tenant)
	for _, c := range sampleapi.Collections() {
		for _, o := range h.API.Objects(tenant, c) {
			raw, _ := json.Marshal(o)
			id := c + "/" + o["id"].(string)
			switch old, known := before[id]; {
			case !known:
				added++
			case old != string(raw):
				changed++
			}
			delete(before, id)
		}
	}
	return added, changed, len(before)
}

// diff is what a run told as changed.
func diff(t *testing.T, h *host.Host, runID string) (d inventory.Diff) {
	t.Helper()
	a, err := h.Store.Artifact(t.Context(), models.Engine(), runID, inventory.DiffName)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(a.Body, &d))
	return d
}

// connection is the id of a tenant's only connection.
func connection(t *testing.T, h *host.Host, tenant string) string {
	t.Helper()
	w, err := h.Store.Workspace(t.Context(), models.Platform(), "harbor")
	require.NoError(t, err)
	found, err := h.Store.Tenant(t.Context(), models.Platform(), w.ID, tenant)
	require.NoError(t, err)
	all, err := h.Store.Connections(t.Context(), models.Platform(), found.ID)
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0].ID
}

func TestConsoleOfANewcomer(t *testing.T) {
	h := install(t)
	h.API.Set(tenant, func(k *sampleapi.Knobs) { *k = sampleapi.Knobs{} })
	owner := as(t, h.Demo, "mara@harbor.example")
	b := open(t, h.Demo.AdminURL)

	// The printed link signs in, once.
	b.goTo(h.SignIn)
	b.shows("Harbor Managed Services")
	require.Equal(t, "/admin/workspaces/harbor", b.path())
	stranger := open(t, h.Demo.AdminURL)
	stranger.goTo(h.SignIn)
	stranger.shows("used before or has expired")

	// An operation is started on its form and watched to its end without a reload.
	sync := func() string {
		b.goTo("/admin/workspaces/harbor/tenants/" + tenant + "/start/inventory.sync")
		b.Fill(`select[name="connection"]`, connection(t, h, tenant))
		b.click(`.start-form button[type="submit"]`)
		b.shows("items are done")
		return b.path()[strings.LastIndex(b.path(), "/")+1:]
	}
	first := sync()
	r := owner.run(first)
	require.Equal(t, "succeeded", r.Outcome)
	require.EqualValues(t, len(sampleapi.Collections()), r.Progress.Succeeded)
	require.EqualValues(t, objects(h, tenant), diff(t, h, first).Objects)

	// The second run tells what has changed since.
	added, changed, removed := drifted(h, tenant)
	require.Positive(t, added+changed+removed)
	second := sync()
	d := diff(t, h, second)
	require.EqualValues(t, objects(h, tenant), d.Objects)
	require.Equal(t, []int{added, changed, removed}, []int{len(d.Added), len(d.Changed), len(d.Removed)})

	// The list and the overview tell the same.
	b.goTo("/admin/operations")
	b.shows("Inventory sync")
	b.shows("items are done")
	var list struct{ Runs []run }
	require.Equal(t, http.StatusOK, owner.ask(http.MethodGet, "/runs", nil, &list))
	require.Len(t, list.Runs, 2)
}

// A page that cannot be read for good leaves the run partly done, and says what is missing.
func TestSurfaceOfAPartialRun(t *testing.T) {
	h := install(t)
	owner := as(t, h.Demo, "mara@harbor.example")
	id := owner.start("lakeside-clinic", "inventory.sync", map[string]any{"connection": connection(t, h, "lakeside-clinic")})
	r := owner.until(id, "ended", ended)
	require.Equal(t, "partially_succeeded", r.Outcome)
	require.EqualValues(t, 1, r.Progress.Failed)
	var items struct {
		Items []struct{ Key, State, Code, Message string }
	}
	owner.ask(http.MethodGet, "/runs/"+id+"/items?state=failed", nil, &items)
	require.Len(t, items.Items, 1)
	require.Contains(t, items.Items[0].Key, "devices")
	require.NotEmpty(t, items.Items[0].Message)

	b := open(t, h.Demo.AdminURL)
	b.signIn("/sign-in", owner.user.Name, owner.user.Password)
	b.goTo("/admin/operations/" + id)
	b.shows("Partly done")
	b.shows("devices")
}
