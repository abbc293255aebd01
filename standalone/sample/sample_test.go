package sample

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/sqlite"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/operation/inventory"
	"github.com/opstruth/opstruth/standalone/datadir"
	"github.com/opstruth/opstruth/standalone/simulate"
	"github.com/opstruth/opstruth/workflows/contract"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type bundle struct {
	store *models.Store
	dir   *datadir.Dir
	api   *API
}

func setup(t *testing.T) bundle {
	t.Helper()
	t.Parallel()
	dir, err := datadir.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dir.Close()) })
	store, err := sqlite.Open(t.Context(), filepath.Join(dir.Path(), "records.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.MigrateUp(t.Context()))
	api, err := StartAPI(t.Context(), dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, api.Stop(context.Background())) })
	return bundle{store, dir, api}
}

func seal(owner string, secret []byte) ([]byte, error) {
	return []byte(owner + ":" + string(secret)), nil
}

func (b bundle) prepare(t *testing.T) (Demo, string) {
	t.Helper()
	demo, link, err := Prepare(t.Context(), b.store, b.dir, b.api, seal, "http://127.0.0.1:1", "http://127.0.0.1:2")
	require.NoError(t, err)
	return demo, link
}

func TestEverybodyCanSignInAndStaysAbleTo(t *testing.T) {
	b := setup(t)
	demo, link := b.prepare(t)
	require.Contains(t, link, "http://127.0.0.1:1/sign-in/link/")
	require.Equal(t, "http://127.0.0.1:1/api/v1", demo.APIURL)
	require.Len(t, demo.Users, len(people))
	for _, u := range demo.Users {
		account, err := b.store.UserByEmail(t.Context(), u.Name)
		require.NoError(t, err)
		ok, err := auth.CheckPassword(t.Context(), account.PasswordHash, u.Password)
		require.NoError(t, err)
		require.True(t, ok, u.Name)
		token, _, err := b.store.TokenByHash(t.Context(), auth.HashSecret(u.Token))
		require.NoError(t, err)
		require.Equal(t, u.Plane, string(token.Plane))
	}
	again, second := b.prepare(t)
	require.Equal(t, demo, again, "a restart changes nothing")
	require.NotEqual(t, link, second, "but makes another link")

	require.NoError(t, b.dir.Write(demoFile, Demo{}))
	renewed, _ := b.prepare(t)
	for i, u := range renewed.Users {
		require.NotEqual(t, demo.Users[i].Password, u.Password, "what was lost is made anew")
	}
}

func TestTheTenantRestrictedOperatorSeesOneTenant(t *testing.T) {
	b := setup(t)
	b.prepare(t)
	account, err := b.store.UserByEmail(t.Context(), "tess@harbor.example")
	require.NoError(t, err)
	all, err := b.store.Memberships(t.Context(), account.ID)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.False(t, all[0].AllTenants)
	require.Len(t, all[0].TenantIDs, 1)
}

func TestConnectionsFollowTheAPI(t *testing.T) {
	b := setup(t)
	b.prepare(t)
	w, err := b.store.Workspace(t.Context(), models.Platform(), "harbor")
	require.NoError(t, err)
	tenant, err := b.store.Tenant(t.Context(), models.Platform(), w.ID, "delta-freight")
	require.NoError(t, err)
	before, err := b.store.Connections(t.Context(), models.Platform(), tenant.ID)
	require.NoError(t, err)
	require.Len(t, before, 1)
	require.Equal(t, b.api.base+"/delta-freight/v1.0", before[0].BaseURL)

	b.api.base = "http://127.0.0.1:9"
	b.prepare(t)
	after, err := b.store.Connections(t.Context(), models.Platform(), tenant.ID)
	require.NoError(t, err)
	require.Len(t, after, 1)
	require.Equal(t, before[0].ID, after[0].ID)
	require.Equal(t, "http://127.0.0.1:9/delta-freight/v1.0", after[0].BaseURL)
	full, err := b.store.Connection(t.Context(), after[0].ID)
	require.NoError(t, err)
	require.Equal(t, after[0].ID+":"+b.api.secretOf(workspaces[0].tenants[1]), string(full.SecretSealed))
}

func TestWithoutSampleDataThereIsStillASignIn(t *testing.T) {
	b := setup(t)
	demo, _, err := Prepare(t.Context(), b.store, b.dir, nil, seal, "http://127.0.0.1:1", "")
	require.NoError(t, err)
	require.Len(t, demo.Users, len(emptyPeople))
}

// fleet makes a fleet whose starts end up in the record and nowhere else.
func (b bundle) fleet(t *testing.T) *Fleet {
	t.Helper()
	b.prepare(t)
	types, err := operation.NewRegistry(lifecycle.DefaultPolicy(), lifecycle.NewTiming(time.Second, time.Second),
		simulate.Definition(), simulate.Unattended(), inventory.New(operation.Services{Store: b.store}))
	require.NoError(t, err)
	logger := slog.New(slog.DiscardHandler)
	starter := &start.Starter{Record: b.store, Types: types, Logger: logger, Dispatch: func(context.Context, models.Run) error { return nil }}
	return &Fleet{Store: b.store, Starter: starter, Types: types, API: b.api, Logger: logger, Temporal: &forgetful{}}
}

func (b bundle) workers(t *testing.T, queues ...string) {
	t.Helper()
	_, err := b.store.RecordBeats(t.Context(), models.WorkerRow{ID: "w", Host: "h", PID: 1, Queues: queues}, nil)
	require.NoError(t, err)
}

func (b bundle) runs(t *testing.T, f models.Filter) []models.Run {
	t.Helper()
	page, err := b.store.ListRuns(t.Context(), models.Platform(), f, models.Page{Limit: 500})
	require.NoError(t, err)
	return page.Runs
}

func TestTheFleetWaitsForItsWorkersAndIsBounded(t *testing.T) {
	b := setup(t)
	f := b.fleet(t)
	now := time.Now()
	require.NoError(t, f.step(t.Context(), now))
	require.Empty(t, b.runs(t, models.Filter{}), "no worker is up yet")

	b.workers(t, simulate.Queue)
	require.NoError(t, f.step(t.Context(), now))
	b.workers(t, simulate.Queue) // who would be gone by now on a busy machine
	require.NoError(t, f.step(t.Context(), now.Add(cycle-time.Second)))
	simulated := b.runs(t, models.Filter{Type: simulate.Name})
	require.Len(t, simulated, len(script)-2)
	require.Empty(t, b.runs(t, models.Filter{Type: inventory.Name}), "its queue has no worker")
	require.Len(t, b.runs(t, models.Filter{Type: simulate.UnattendedName}), 1)
	for _, r := range simulated {
		require.Equal(t, FleetName, r.Facts.Initiator)
	}
	harbor := 0
	for _, r := range b.runs(t, models.Filter{}) {
		if r.WorkspaceSlug == "harbor" {
			harbor++
		}
	}
	require.Equal(t, len(script)-1-2, harbor, "one sign-in sees every state")
	for i := range 20 {
		b.workers(t, simulate.Queue)
		require.NoError(t, f.step(t.Context(), now.Add(time.Duration(i+1)*cycle)))
		require.NoError(t, f.step(t.Context(), now.Add(time.Duration(i+2)*cycle-time.Second)))
	}
	require.LessOrEqual(t, len(b.runs(t, models.Filter{})), maxActive+len(script), "nothing ends them here, so it stops starting more")
}

func TestARunGetsItsTimeAnewFromAWorkerThatCameBack(t *testing.T) {
	b := setup(t)
	f := b.fleet(t)
	served := func() time.Time {
		b.workers(t, simulate.Queue)
		queues, err := f.served(t.Context())
		require.NoError(t, err)
		return queues[simulate.Queue]
	}
	first := served()
	require.False(t, first.IsZero())
	require.NoError(t, f.load(t.Context()))
	_, _, err := f.Starter.Start(t.Context(), start.Request{
		Type: simulate.Name, WorkspaceID: f.tenants[0].WorkspaceID, TenantID: f.tenants[0].ID,
		Input: json.RawMessage(`{"items":1}`), InitiatorName: FleetName,
	})
	require.NoError(t, err)
	require.Equal(t, first, served(), "it was there all the time")
	require.NoError(t, b.store.ForgetWorkers(t.Context(), -time.Minute))
	queues, err := f.served(t.Context())
	require.NoError(t, err)
	require.Empty(t, queues)
	require.Greater(t, served(), first)

	age := func(served time.Time) time.Duration {
		active, err := f.active(t.Context(), map[string]time.Time{simulate.Queue: served})
		require.NoError(t, err)
		i := slices.IndexFunc(active, func(a aged) bool { return a.Facts.Queue == simulate.Queue })
		require.GreaterOrEqual(t, i, 0)
		return active[i].age
	}
	require.GreaterOrEqual(t, age(first), time.Duration(0))
	require.Negative(t, age(time.Now().Add(time.Hour)), "counted from the worker, however long ago the run was queued")
}

func TestOldRunsOfTheFleetAreRemovedAndNoOthers(t *testing.T) {
	b := setup(t)
	f := b.fleet(t)
	require.NoError(t, f.load(t.Context()))
	var ids []string
	make := func(initiator, retryOf string) string {
		r, _, err := f.Starter.Start(t.Context(), start.Request{
			Type: simulate.Name, WorkspaceID: f.tenants[0].WorkspaceID, TenantID: f.tenants[0].ID,
			Input: json.RawMessage(`{"items":1}`), InitiatorName: initiator, RetryOf: retryOf,
		})
		require.NoError(t, err)
		_, err = b.store.Transition(t.Context(), r.ID, lifecycle.Change{Kind: lifecycle.Finished, Token: strconv.Itoa(len(ids)), Outcome: lifecycle.Succeeded})
		require.NoError(t, err)
		return r.ID
	}
	pointedAt := make(FleetName, "")
	theirs := make("Mara Owner", pointedAt)
	for range keepSimulated + 30 {
		ids = append(ids, make(FleetName, ""))
	}
	for range 3 {
		removed, err := prune(t.Context(), b.store)
		require.NoError(t, err)
		f.forget(t.Context(), removed)
	}
	left := map[string]bool{}
	for _, r := range b.runs(t, models.Filter{}) {
		left[r.ID] = true
	}
	require.True(t, left[pointedAt], "somebody's run points at it")
	require.True(t, left[theirs])
	require.Len(t, left, keepSimulated+2)
	require.True(t, left[ids[len(ids)-1]])
	require.False(t, left[ids[0]])
	require.Len(t, f.Temporal.(*forgetful).ids, 30, "and their workflows with them")
	require.Contains(t, f.Temporal.(*forgetful).ids, contract.WorkflowID(ids[0]))
}

func TestTheFleetKeepsItsFollowUpsFewAndLeavesOthersAlone(t *testing.T) {
	b := setup(t)
	f := b.fleet(t)
	require.NoError(t, f.load(t.Context()))
	fail := func(i int, initiator string) string {
		r, _, err := f.Starter.Start(t.Context(), start.Request{
			Type: simulate.Name, WorkspaceID: f.tenants[0].WorkspaceID, TenantID: f.tenants[0].ID,
			Input: json.RawMessage(`{"items":1}`), InitiatorName: initiator,
		})
		require.NoError(t, err)
		_, err = b.store.Transition(t.Context(), r.ID, lifecycle.Change{Kind: lifecycle.Finished, Token: strconv.Itoa(i), Outcome: lifecycle.Failed})
		require.NoError(t, err)
		return r.ID
	}
	theirs := fail(0, "Mara Owner")
	var ids []string
	for i := range keepOpen + 5 {
		ids = append(ids, fail(i+1, FleetName))
	}
	for range 2 { // the second time there is nothing to do
		require.NoError(t, f.tidy(t.Context()))
		yes := true
		open := map[string]bool{}
		for _, r := range b.runs(t, models.Filter{Open: &yes}) {
			open[r.ID] = true
		}
		require.Len(t, open, keepOpen+1)
		require.True(t, open[theirs], "a person's follow-up is a person's")
		require.True(t, open[ids[len(ids)-1]], "the newest stay")
		require.False(t, open[ids[0]])
	}
}

// forgetful is a Temporal that remembers what it was asked to forget.
type forgetful struct{ ids []string }

func (f *forgetful) DeleteWorkflowExecution(_ context.Context, r *workflowservice.DeleteWorkflowExecutionRequest, _ ...grpc.CallOption) (*workflowservice.DeleteWorkflowExecutionResponse, error) {
	f.ids = append(f.ids, r.GetWorkflowExecution().GetWorkflowId())
	return &workflowservice.DeleteWorkflowExecutionResponse{}, nil
}
