package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/apiclient"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// What a program needs to know before it starts a run is listed on the API.
func TestTypesTenantsAndConnectionsAreListed(t *testing.T) {
	b := console(t)
	t.Setenv(urlVariable, b.address)
	t.Setenv(tokenVariable, b.token)
	_, err := b.store.SaveConnection(t.Context(), models.Connection{
		TenantID: b.world.North.ID, Name: "graph", BaseURL: "https://g.test", Auth: models.AuthNone,
	})
	require.NoError(t, err)
	require.Regexp(t, `(?m)^sample\.simulate +Simulation +default +20s +-$`, ok(t, "types"))
	require.NotEmpty(t, decoded[apiclient.TypeList](t, ok(t, "types", "--json")).Types)
	require.Regexp(t, `(?m)^acme +north +`, ok(t, "tenant", "list", "--workspace", "acme"))
	require.Len(t, decoded[apiclient.TenantList](t, ok(t, "tenant", "list", "--json", "--limit", "1")).Tenants, 1)
	require.Regexp(t, `(?m)^graph +https://g\.test +none +`, ok(t, "connection", "list", "--workspace", "acme", "--tenant", "north"))
	require.Contains(t, misused(t, "connection", "list", "--workspace", "acme"), "tenant")
}

func TestRunsItemsAreListed(t *testing.T) {
	t.Parallel()
	b := console(t)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	require.NoError(t, b.store.RecordItems(t.Context(), run.ID, []models.Item{
		{Key: "a", State: models.ItemSucceeded}, {Key: "b", State: models.ItemFailed, Code: "http_500", Message: "no\tluck"},
	}))
	all := b.did("items", run.ID)
	require.Regexp(t, `(?m)^a +succeeded +20\S+Z +- +-$`, all)
	require.Regexp(t, `(?m)^b +failed +20\S+Z +http_500 +no luck$`, all)
	require.NotContains(t, b.did("items", run.ID, "--state", "failed"), "succeeded")
	require.Len(t, decoded[apiclient.ItemList](t, b.did("items", run.ID, "--json", "--limit", "1")).Items, 1)
}

func TestMisspeltVariablesAreToldByEveryCommand(t *testing.T) {
	t.Setenv("OPSTRUTH_TOKNE", "x")
	var stdout, stderr bytes.Buffer
	require.Zero(t, run([]string{"version"}, &stdout, &stderr))
	require.NotContains(t, stdout.String(), "OPSTRUTH_")
	require.Contains(t, stderr.String(), "OPSTRUTH_TOKNE is not a setting of opstruth and changes nothing; the nearest is OPSTRUTH_TOKEN")
}
