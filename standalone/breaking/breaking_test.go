package breaking

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/standalone/simulate"
	"github.com/opstruth/opstruth/standalone/supervise"
	"github.com/opstruth/opstruth/web"
	"github.com/opstruth/opstruth/web/access"
)

// fakeProcess remembers what was done to it.
type fakeProcess struct {
	state supervise.State
	done  []string
	err   error
}

func (p *fakeProcess) Start() error               { p.done = append(p.done, start); return p.err }
func (p *fakeProcess) Stop(context.Context) error { p.done = append(p.done, stop); return p.err }
func (p *fakeProcess) Kill() error                { p.done = append(p.done, kill); return p.err }
func (p *fakeProcess) State() supervise.State     { return p.state }

type runs []models.Run

func (r runs) ListRuns(context.Context, models.Scope, models.Filter, models.Page) (models.RunPage, error) {
	return models.RunPage{Runs: r, Now: time.Now()}, nil
}

func member(role models.Role) access.Access {
	return access.Access{Principal: auth.Principal{
		Plane: links.Admin, Memberships: []models.Membership{{WorkspaceID: "w1", Role: role}},
	}}
}

func setup(t *testing.T, r ...models.Run) (web.Extra, *fakeProcess) {
	t.Helper()
	t.Parallel()
	p := &fakeProcess{state: supervise.State{Running: true, PID: 4711, Since: time.Now()}}
	types, err := operation.NewRegistry(lifecycle.DefaultPolicy(), lifecycle.NewTiming(5*time.Second, 5*time.Second), simulate.Definition())
	require.NoError(t, err)
	return Page([]Worker{{Name: "simulate", Title: "Simulation worker", Queue: "q", Process: p}}, types, runs(r), "http://127.0.0.1:8233", "default"), p
}

func post(t *testing.T, e web.Extra, verb string, a access.Access) error {
	t.Helper()
	for _, p := range e.Posts {
		if p.Path == Path+"/simulate/"+verb {
			return p.Do(t.Context(), a)
		}
	}
	require.Fail(t, "no such address", verb)
	return nil
}

func TestOnlyWhoMayOperateMayBreak(t *testing.T) {
	e, p := setup(t)
	for _, verb := range []string{kill, stop, start} {
		require.ErrorIs(t, post(t, e, verb, member(models.RoleViewer)), auth.ErrForbidden)
	}
	require.Empty(t, p.done)
	for _, verb := range []string{kill, stop, start} {
		require.NoError(t, post(t, e, verb, member(models.RoleOperator)))
	}
	require.Equal(t, []string{kill, stop, start}, p.done)
}

func TestWhatIsDoneAlreadyIsASuccess(t *testing.T) {
	e, p := setup(t)
	owner := member(models.RoleOwner)
	p.err = supervise.ErrNotRunning
	require.NoError(t, post(t, e, kill, owner))
	require.NoError(t, post(t, e, stop, owner))
	p.err = supervise.ErrRunning
	require.NoError(t, post(t, e, start, owner))
	p.err = errors.New("no such program")
	require.ErrorContains(t, post(t, e, start, owner), "start the simulate worker: no such program")
}

func TestThePageShowsWorkersAndTheirRunsOnly(t *testing.T) {
	run := func(id, queue string) models.Run {
		now := time.Now()
		return models.Run{ID: id, TenantName: "Lakeside", Facts: lifecycle.Facts{
			ID: id, Type: "sample.simulate", Target: "9 items", Queue: queue, Policy: lifecycle.DefaultPolicy(), Status: lifecycle.Running,
			QueuedAt: now, StartedAt: now, LivenessAt: now.Add(-time.Minute), StaleAt: now.Add(-time.Second),
			Silence: lifecycle.Silence{Cause: lifecycle.NoWorkers, At: now},
		}}
	}
	e, p := setup(t, run("r1", "q"), run("r2", "another"))
	body, active, err := e.Body(t.Context(), member(models.RoleOwner))
	require.NoError(t, err)
	require.True(t, active)
	var html bytes.Buffer
	require.NoError(t, body.Render(t.Context(), &html))
	for _, text := range []string{"process 4711", "Simulate work: 9 items", "Likely stuck", "/admin/operations/r1", "http://127.0.0.1:8233/namespaces/default/workflows/opstruth-run-r1", Path + "/simulate/kill"} {
		require.Contains(t, html.String(), text)
	}
	require.NotContains(t, html.String(), "r2")
	require.NotContains(t, html.String(), Path+"/simulate/start")

	p.state = supervise.State{PID: 4711, Since: time.Now(), Exit: "signal: killed"}
	body, _, err = e.Body(t.Context(), member(models.RoleViewer))
	require.NoError(t, err)
	html.Reset()
	require.NoError(t, body.Render(t.Context(), &html))
	for _, text := range []string{"Not running", "signal: killed", "Only for owners and operators"} {
		require.Contains(t, html.String(), text)
	}
	require.NotContains(t, html.String(), Path+"/simulate/", "a viewer has nothing to press")
}
