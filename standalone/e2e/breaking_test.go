package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/opstruth/opstruth/standalone/host"
	"github.com/opstruth/opstruth/standalone/simulate"
	"github.com/opstruth/opstruth/workflows/contract"
)

// temporalSays is the state of a run's workflow in Temporal.
func temporalSays(t *testing.T, h *host.Host, id string) enumspb.WorkflowExecutionStatus {
	t.Helper()
	d, err := h.App.Temporal.DescribeWorkflowExecution(t.Context(), contract.WorkflowID(id), "")
	require.NoError(t, err)
	return d.GetWorkflowExecutionInfo().GetStatus()
}

// The story of the whole product: a worker dies, every surface says so while Temporal does not, and all is well again
// when the worker is back.
func TestKillAWorkerAndStartItAgain(t *testing.T) {
	h := install(t)
	owner := as(t, h.Demo, "mara@harbor.example")
	b := open(t, h.Demo.AdminURL) // before the run, which goes on meanwhile
	b.goTo(h.SignIn)
	id := owner.start(tenant, simulate.Name, simulate.Knobs{Items: 400, ItemMS: 100})
	owner.until(id, "on its way", func(r run) bool { return r.Progress.Processed > 5 })

	b.goTo("/admin/break")
	b.shows("Running normally")
	b.click(`form[action="/admin/break/simulate/kill"] button`)
	b.shows("signal: killed")
	b.shows("Likely stuck")

	r := owner.until(id, "known to have no workers", func(r run) bool { return r.Cause == "no_workers" })
	require.True(t, stuck(r))
	require.Equal(t, "likely_stale", r.Freshness)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, temporalSays(t, h, id), "Temporal tells nothing")
	surfaces := []string{"/admin/break", "/admin/operations", "/admin/operations/" + id, "/admin/workspaces/harbor", "/admin/workspaces/harbor/tenants/" + tenant}
	for _, path := range surfaces {
		b.goTo(path)
		b.shows("Likely stuck")
		b.shows(r.Headline)
	}

	b.goTo("/admin/break")
	b.click(`form[action="/admin/break/simulate/start"] button`)
	r = owner.until(id, "well again", fresh)
	require.True(t, r.StaleLineage, "what happened stays visible")
	b.goTo("/admin/operations/" + id)
	b.shows("Was stuck")
	r = owner.until(id, "ended", ended)
	require.Equal(t, "succeeded", r.Outcome)
	require.EqualValues(t, 400, r.Progress.Succeeded, "no item was lost, none counted twice")
	require.True(t, r.StaleLineage)
	b.shows("items are done")
	b.shows("Was stuck")
}

// A worker that is told to stop hands over: nothing is flagged when another start follows.
func TestWorkerStoppedGracefullyHandsOver(t *testing.T) {
	h := install(t)
	owner := as(t, h.Demo, "mara@harbor.example")
	b := open(t, h.Demo.AdminURL) // before the run, which goes on meanwhile
	b.goTo(h.SignIn)
	b.goTo("/admin/break")
	id := owner.start(tenant, simulate.Name, simulate.Knobs{Items: 60, ItemMS: 200})
	owner.until(id, "on its way", func(r run) bool { return r.Progress.Processed > 2 })
	b.click(`form[action="/admin/break/simulate/stop"] button`)
	b.shows("exit status 0")
	b.click(`form[action="/admin/break/simulate/start"] button`)
	r := owner.until(id, "ended", ended)
	require.Equal(t, "succeeded", r.Outcome)
	require.EqualValues(t, 60, r.Progress.Succeeded)
	require.False(t, r.StaleLineage)
}

// Only who may operate may break something.
func TestAuthOfTheBreakPage(t *testing.T) {
	h := install(t)
	viewer := as(t, h.Demo, "vera@harbor.example").user
	b := open(t, h.Demo.AdminURL)
	b.goTo("/admin/break")
	require.Equal(t, "/sign-in", b.path())
	b.signIn("/sign-in?next=%2Fadmin%2Fbreak", viewer.Name, viewer.Password)
	b.shows("Only for owners and operators")

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimRight(h.Demo.AdminURL, "/")+"/admin/break/simulate/kill", nil)
	require.NoError(t, err)
	req.Header.Set("Origin", "https://evil.example")
	resp, err := client.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
	for _, w := range h.Workers {
		require.True(t, w.State().Running)
	}
}

// Without Temporal everything can be read, nothing is concluded, and pages say since when.
func TestConsoleWithoutTemporal(t *testing.T) {
	h := install(t)
	owner := as(t, h.Demo, "mara@harbor.example")
	b := open(t, h.Demo.AdminURL) // before the run, which goes on meanwhile
	b.goTo(h.SignIn)
	id := owner.start(tenant, simulate.Name, simulate.Knobs{Items: 5000, ItemMS: 100})
	owner.until(id, "on its way", func(r run) bool { return r.Progress.Processed > 5 })

	require.NoError(t, h.StopTemporal())
	for _, path := range []string{"/admin/workspaces/harbor", "/admin/operations", "/admin/operations/" + id} {
		b.goTo(path)
		b.shows("unverified since")
	}
	r := owner.run(id)
	require.NotEqual(t, "completed", r.Status)

	require.NoError(t, h.StartTemporal(t.Context()))
	b.hides("unverified since")
	r = owner.until(id, "well again", fresh)
	before := r.Progress.Processed
	owner.until(id, "going on", func(r run) bool { return r.Progress.Processed > before+20 })
}
