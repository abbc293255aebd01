package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func answer[T any](t *testing.T, w *httptest.ResponseRecorder) (out T) {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	return out
}

func TestAPITellsTheOperationTypes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	type list struct {
		Types []struct {
			Name, Title, Description, Queue string
			Exclusive                       bool
			Fields                          []struct {
				Name, Label, Kind string
				Required          bool
			}
			Policy map[string]any
		}
	}
	member := b.api(b.token(b.viewer()), http.MethodGet, "/api/v1/types", nil)
	require.JSONEq(t, member.Body.String(), b.api(b.token(b.staff()), http.MethodGet, "/api/v1/system/types", nil).Body.String())
	all := answer[list](t, member).Types
	require.Len(t, all, 2)
	require.Equal(t, "sample.audit", all[0].Name)
	require.True(t, all[0].Exclusive)
	require.Empty(t, all[0].Fields)
	simulation := all[1]
	require.Equal(t, "Simulation", simulation.Title)
	require.Equal(t, "Pretends to work.", simulation.Description)
	require.Equal(t, "default", simulation.Queue)
	require.Equal(t, "number", simulation.Fields[0].Kind)
	require.True(t, simulation.Fields[0].Required)
	require.EqualValues(t, 20, simulation.Policy["stale_after_seconds"])
	require.Equal(t, true, simulation.Policy["close_missing"])
}

func TestAPITellsTenantsAndConnections(t *testing.T) {
	t.Parallel()
	b := setup(t)
	type list struct {
		Tenants    []struct{ Workspace, Tenant, Name string }
		NextCursor *string `json:"next_cursor"`
	}
	read := func(token, path string) (places []string) {
		for {
			page := answer[list](t, b.api(token, http.MethodGet, path, nil))
			for _, p := range page.Tenants {
				places = append(places, p.Workspace+"/"+p.Tenant)
			}
			if page.NextCursor == nil {
				return places
			}
			u, err := url.Parse(path)
			require.NoError(t, err)
			q := u.Query()
			q.Set("cursor", *page.NextCursor)
			u.RawQuery = q.Encode()
			path = u.String()
		}
	}
	require.Equal(t, []string{"acme/north", "acme/south"}, read(b.token(b.owner()), "/api/v1/tenants?limit=1"))
	require.Equal(t, []string{"acme/north"}, read(b.token(b.viewer()), "/api/v1/tenants"), "one tenant")
	require.Equal(t, []string{"acme/north", "acme/south", "globex/west"}, read(b.token(b.staff()), "/api/v1/system/tenants?limit=2"))
	require.Equal(t, []string{"globex/west"}, read(b.token(b.staff()), "/api/v1/system/tenants?workspace=globex"))
	require.Empty(t, read(b.token(b.owner()), "/api/v1/tenants?workspace=globex"))

	_, err := b.store.SaveConnection(t.Context(), models.Connection{
		TenantID: b.world.North.ID, Name: "graph", BaseURL: "https://g.test", Auth: models.AuthBearer, SecretSealed: []byte("sealed"),
	})
	require.NoError(t, err)
	const path = "/api/v1/connections?workspace=acme&tenant=north"
	w := b.api(b.token(b.owner()), http.MethodGet, path, nil)
	told := answer[struct{ Connections []map[string]string }](t, w).Connections
	require.Len(t, told, 1)
	require.Equal(t, "graph", told[0]["name"])
	require.Equal(t, "bearer", told[0]["auth"])
	require.NotContains(t, w.Body.String(), "secret")
	problem(t, b.api(b.token(b.viewer()), http.MethodGet, path, nil), http.StatusForbidden)
	missing := b.api(b.token(b.stranger()), http.MethodGet, "/api/v1/connections?workspace=acme&tenant=none", nil)
	require.Equal(t, missing.Body.String(), b.api(b.token(b.stranger()), http.MethodGet, path, nil).Body.String())
	problem(t, missing, http.StatusNotFound)
}

func TestAPINamesInitiatorsAsPeopleDo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Queued(t, b.store, b.world.NewRun())
	modelstest.Queued(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.InitiatorID = b.world.Viewer.ID }))
	type list struct {
		Runs []struct {
			ID          string
			InitiatorID *string `json:"initiator_id"`
		}
	}
	token := b.token(b.owner())
	for _, who := range []string{"me", b.world.Owner.Email, b.world.Owner.ID} {
		got := answer[list](t, b.api(token, http.MethodGet, "/api/v1/runs?initiator="+url.QueryEscape(who), nil)).Runs
		require.Len(t, got, 1, who)
		require.Equal(t, run.ID, got[0].ID)
		require.Equal(t, b.world.Owner.ID, *got[0].InitiatorID)
		sum := answer[map[string]any](t, b.api(token, http.MethodGet, "/api/v1/summary?initiator="+url.QueryEscape(who), nil))
		require.EqualValues(t, 1, sum["queued"], who)
	}
	require.Empty(t, answer[list](t, b.api(token, http.MethodGet, "/api/v1/runs?initiator=nobody@x.test", nil)).Runs)
}
