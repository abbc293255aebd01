package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/standalone/host"
	"github.com/opstruth/opstruth/standalone/internal/clocked"
	"github.com/opstruth/opstruth/standalone/sample"
	"github.com/opstruth/opstruth/standalone/supervise"
)

// soon is how long a test waits for what needs a few seconds on an idle machine.
const soon = 5 * time.Minute

// slow is no more than what lets the sample fleet's own times be.
const slow = min(clocked.Slow, 2)

// impatient settings let a test see in seconds what takes a newcomer a minute.
var impatient = []string{
	setting("OPSTRUTH_STALE_AFTER", 4*time.Second), setting("OPSTRUTH_QUEUED_STALE_AFTER", 6*time.Second),
	setting("OPSTRUTH_HEARTBEAT_EVERY", 500*time.Millisecond), setting("OPSTRUTH_RECONCILE_EVERY", time.Second),
}

func setting(name string, d time.Duration) string { return name + "=" + (slow * d).String() }

// install starts an installation without the fleet, so that the only runs are the test's own.
func install(t *testing.T) *host.Host {
	t.Helper()
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	h, err := host.Start(ctx, host.Options{
		Data: t.TempDir(), Listen: "127.0.0.1:0", TemporalUI: "127.0.0.1:0", Sample: true,
		Environ: append(os.Environ(), impatient...),
		Program: supervise.Command{Env: []string{roleEnv + "=1"}},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			showLogs(t, h)
		}
		require.NoError(t, h.Stop())
	})
	return h
}

// showLogs helps to understand a failure.
func showLogs(t *testing.T, h *host.Host) {
	t.Helper()
	for _, name := range []string{"opstruth", "worker-inventory", "worker-simulate"} {
		raw, err := os.ReadFile(h.Dir() + "/logs/" + name + ".log")
		if err == nil {
			t.Logf("end of %s.log:\n%s", name, raw[max(0, len(raw)-3000):])
		}
	}
}

// run is what a test reads of a run's JSON.
type run struct {
	ID, Status, Outcome, Freshness, Cause, Headline, Target string
	ProblemClass                                            string `json:"problem_class"`
	StaleLineage                                            bool   `json:"stale_lineage"`
	WorkflowID                                              string `json:"workflow_id"`
	Progress                                                struct{ Total, Processed, Succeeded, Failed, Skipped int64 }
}

// caller speaks to the API as one of the demo's users.
type caller struct {
	t    *testing.T
	base string
	user sample.User
}

func as(t *testing.T, demo sample.Demo, name string) caller {
	t.Helper()
	for _, u := range demo.Users {
		if u.Name == name {
			return caller{t, demo.APIURL, u}
		}
	}
	require.Fail(t, "no such user", name)
	return caller{}
}

var client = &http.Client{Timeout: time.Minute}

// ask makes a request and decodes its answer.
func (c caller) ask(method, path string, body, into any) int {
	c.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(c.t, err)
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, bytes.NewReader(raw))
	require.NoError(c.t, err)
	req.Header.Set("Authorization", "Bearer "+c.user.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	if into != nil {
		require.NoError(c.t, json.Unmarshal(answer, into), "%s", answer)
	}
	return resp.StatusCode
}

// start starts a run and returns its id.
func (c caller) start(tenant, typ string, input any) string {
	c.t.Helper()
	var r run
	status := c.ask(http.MethodPost, "/runs", map[string]any{
		"workspace": c.user.Workspace, "tenant": tenant, "type": typ, "input": input,
	}, &r)
	require.Equal(c.t, http.StatusCreated, status)
	require.NotEmpty(c.t, r.ID)
	return r.ID
}

func (c caller) run(id string) run {
	c.t.Helper()
	var r run
	require.Equal(c.t, http.StatusOK, c.ask(http.MethodGet, "/runs/"+id, nil, &r))
	return r
}

// until asks for a run until it is as wanted.
func (c caller) until(id, what string, wanted func(run) bool) run {
	c.t.Helper()
	deadline := time.NewTimer(soon)
	defer deadline.Stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		r := c.run(id)
		if wanted(r) {
			return r
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			require.Failf(c.t, "the run never came to be "+what, "%+v", r)
		}
	}
}

func ended(r run) bool { return r.Status == "completed" }
func stuck(r run) bool { return r.ProblemClass == "active_stale_attention" }
func fresh(r run) bool { return r.Freshness == "fresh_active" }
