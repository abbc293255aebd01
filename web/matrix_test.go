package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/web"
	"github.com/opstruth/opstruth/web/access"
)

// The matrix: every route that the router serves, asked by everybody there is, for a thing that exists
// and for one that does not.

// readers are all kinds of people. Scope says whether Acme's northern tenant is within theirs.
func (b *bench) readers() []struct {
	name     string
	reader   reader
	scope    bool
	operates bool
} {
	type row = struct {
		name     string
		reader   reader
		scope    bool
		operates bool
	}
	south := b.person("Sue", links.Admin, func(id string) {
		require.NoError(b.t, b.store.SetMembership(b.t.Context(), models.Membership{
			UserID: id, WorkspaceID: b.world.Acme.ID, Role: models.RoleOperator, TenantIDs: []string{b.world.South.ID},
		}))
	})
	lookingStaff := b.person("Lou", links.System, func(id string) {
		require.NoError(b.t, b.store.GrantCapability(b.t.Context(), id, models.CapView))
	})
	return []row{
		{"anonymous", nobody, false, false},
		{"non-member", b.stranger(), false, false},
		{"member not entitled to the tenant", south, false, false},
		{"viewer", b.viewer(), true, false},
		{"operator", b.operator(), true, true},
		{"owner", b.owner(), true, true},
		{"platform, view", lookingStaff, true, false},
		{"platform, triage", b.staff(), true, true},
	}
}

func TestRouteMatrix(t *testing.T) {
	t.Parallel()
	b := setup(t)
	readers := b.readers()
	served := b.engine.Routes()
	require.Greater(t, len(served), 35)

	for _, route := range served {
		rule, ok := web.RuleOf(b.options, route.Method, route.Path)
		require.True(t, ok, "%s %s is served without a rule", route.Method, route.Path)
		if rule.Public {
			continue
		}
		require.NotEmpty(t, rule.Action, "%s %s", route.Method, route.Path)
		require.Contains(t, []links.Plane{links.Admin, links.System}, rule.Plane, "%s %s", route.Method, route.Path)
		require.Equal(t, strings.HasPrefix(route.Path, "/api/"), rule.Bearer, "%s %s", route.Method, route.Path)
		require.Equal(t, strings.Contains(route.Path, ":id"), rule.Target == access.Run, "a path that names a run is about it: %s", route.Path)
		if route.Method != http.MethodGet && route.Method != http.MethodHead && !strings.Contains(route.Path, "/views") && !strings.Contains(route.Path, "/notifications") { // which are the reader's own
			require.Equal(t, auth.Operate, rule.Action, "%s %s changes something", route.Method, route.Path)
		}
		for _, r := range readers {
			b.askMatrix(route.Method, route.Path, rule, r.name, r.reader, r.scope, r.operates)
		}
	}
}

// askMatrix asks one route for one reader and checks the kind of the answer.
func (b *bench) askMatrix(method, path string, rule access.Rule, name string, r reader, inScope, operates bool) {
	b.t.Helper()
	run := modelstest.Ended(b.t, b.store, b.world.NewRun(func(n *models.NewRun) { n.Input = []byte(`{"items":1}`) }), lifecycle.Failed)
	there := fill(path, "acme", "north", run.ID)
	w := b.ask(method, there, rule, r)
	say := []any{"%s asks %s %s: %s", name, method, there, w.Body.String()}

	// The system plane knows no scope; the admin plane's is the tenant.
	onPlane := r != nobody && r.plane == rule.Plane
	switch {
	case !onPlane && rule.Bearer:
		require.Equal(b.t, http.StatusUnauthorized, w.Code, say...)
	case !onPlane:
		require.Equal(b.t, http.StatusSeeOther, w.Code, say...)
		require.True(b.t, strings.HasPrefix(w.Header().Get("Location"), links.SignIn(rule.Plane, "")), say...)
	case rule.Target == access.Workspace && name == "member not entitled to the tenant":
		require.Equal(b.t, http.StatusOK, w.Code, say...) // the workspace is theirs, the tenant is not
	case rule.Target != access.Nothing && !inScope:
		require.Equal(b.t, http.StatusNotFound, w.Code, say...)
		for _, missing := range []string{fill(path, "no-such", "north", "no-such"), fill(path, "acme", "no-such", "0198-no-such")} {
			require.Equal(b.t, b.ask(method, missing, rule, r).Body.String(), w.Body.String(), "out of scope must look like missing")
		}
	case rule.Action == auth.Operate && !rule.InBody && !operates:
		require.Equal(b.t, http.StatusForbidden, w.Code, say...)
	default:
		require.NotContains(b.t, []int{401, 403, 500, 503}, w.Code, say...)
		if rule.Target != access.Nothing && !strings.Contains(path, ":name") {
			require.NotEqual(b.t, http.StatusNotFound, w.Code, say...)
		}
	}
}

func fill(path, workspace, tenant, run string) string {
	return strings.NewReplacer(":ws", workspace, ":tenant", tenant, ":id", run, ":type", "sample.simulate", ":name", "none").Replace(path)
}

func (b *bench) ask(method, path string, rule access.Rule, r reader) *httptest.ResponseRecorder {
	b.t.Helper()
	request := httptest.NewRequest(method, path, strings.NewReader(""))
	switch {
	case r == nobody:
	case rule.Bearer:
		request.Header.Set("Authorization", "Bearer "+b.token(r))
	default:
		request.AddCookie(b.session(r))
	}
	return b.serve(request)
}

func TestStartThroughTheAPIIsGuardedByItsBody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, r := range b.readers() {
		if r.reader.plane != links.Admin {
			continue
		}
		w := b.api(b.token(r.reader), http.MethodPost, "/api/v1/runs", simulate(1))
		switch {
		case !r.scope:
			problem(t, w, http.StatusNotFound)
			missing := simulate(1)
			missing["workspace"] = "no-such"
			require.Equal(t, b.api(b.token(r.reader), http.MethodPost, "/api/v1/runs", missing).Body.String(), w.Body.String())
		case !r.operates:
			problem(t, w, http.StatusForbidden)
		default:
			require.Equal(t, http.StatusCreated, w.Code, r.name)
		}
	}
}

func TestListsStayWithinTheScope(t *testing.T) {
	t.Parallel()
	b := setup(t)
	north := modelstest.Queued(t, b.store, b.world.NewRun())
	south := modelstest.Queued(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.TenantID = b.world.South.ID }))
	west := modelstest.Queued(t, b.store, b.world.NewRun(func(n *models.NewRun) {
		n.WorkspaceID, n.TenantID = b.world.Globex.ID, b.world.West.ID
	}))
	for _, c := range []struct {
		reader reader
		want   []string
	}{
		{b.owner(), []string{south.ID, north.ID}}, {b.viewer(), []string{north.ID}}, {b.stranger(), []string{west.ID}},
		{b.staff(), []string{west.ID, south.ID, north.ID}},
	} {
		require.Equal(t, c.want, b.listed(c.reader, links.Runs(c.reader.plane, links.List{})), c.reader.user.Name)
	}
	w := b.as(b.viewer(), http.MethodGet, links.Runs(links.Admin, links.List{Workspace: "globex"}), nil)
	require.Equal(t, http.StatusNotFound, w.Code, "a filter never widens the scope")
}

// listed are the ids of the runs that a list shows, in order.
func (b *bench) listed(r reader, path string) []string {
	b.t.Helper()
	var ids []string
	for _, row := range b.page(r, path).Find("#runs tbody tr[data-run]").EachIter() {
		ids = append(ids, row.AttrOr("data-run", ""))
	}
	return ids
}
