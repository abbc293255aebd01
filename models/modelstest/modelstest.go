// Package modelstest gives tests a record store of their own and the rows that most of them start from.
package modelstest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/sqlite"
)

// New opens an empty, migrated store in an SQLite file, which goes with the test.
func New(t testing.TB) *models.Store {
	t.Helper()
	return Open(t, File(t))
}

// File makes an empty, migrated SQLite file for tests that open it more than once.
func File(t testing.TB) string {
	t.Helper()
	migrated, err := template()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "records.db")
	require.NoError(t, os.WriteFile(path, migrated, 0o600))
	return path
}

// Open opens the store in a file and closes it with the test.
func Open(t testing.TB, path string) *models.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// template migrates one file per test process; tests get copies.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "modelstest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	s, err := sqlite.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	err = s.MigrateUp(context.Background())
	if closed := s.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Epoch is a round moment for stores on a clock of their own.
var Epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// At is the same store on a clock that stands still at a moment.
func At(s *models.Store, now time.Time) *models.Store {
	return s.WithClock(strconv.FormatInt(now.UnixMicro(), 10))
}

// World is two workspaces with tenants and people.
type World struct {
	Acme, Globex  models.Workspace
	North, South  models.Tenant // of Acme
	West          models.Tenant // of Globex
	Owner, Viewer models.User   // of Acme: all tenants; North only
	Stranger      models.User   // of Globex
	Staff         models.User   // platform account
	OwnerScope    models.Scope
	ViewerScope   models.Scope
	StrangerScope models.Scope
	Policy        lifecycle.Policy // of new runs
}

// Seed makes a world.
func Seed(t testing.TB, s *models.Store) World {
	t.Helper()
	ctx := t.Context()
	w := World{Policy: lifecycle.DefaultPolicy()}
	var err error
	for _, ws := range []struct {
		into       *models.Workspace
		slug, name string
	}{{&w.Acme, "acme", "Acme"}, {&w.Globex, "globex", "Globex"}} {
		*ws.into, err = s.CreateWorkspace(ctx, models.Workspace{Slug: ws.slug, Name: ws.name})
		require.NoError(t, err)
	}
	for _, tenant := range []struct {
		into       *models.Tenant
		workspace  string
		slug, name string
	}{{&w.North, w.Acme.ID, "north", "North"}, {&w.South, w.Acme.ID, "south", "South"}, {&w.West, w.Globex.ID, "west", "West"}} {
		*tenant.into, err = s.CreateTenant(ctx, models.Tenant{WorkspaceID: tenant.workspace, Slug: tenant.slug, Name: tenant.name})
		require.NoError(t, err)
	}
	for _, u := range []struct {
		into        *models.User
		email, name string
	}{
		{&w.Owner, "olga@acme.test", "Olga"}, {&w.Viewer, "victor@acme.test", "Victor"},
		{&w.Stranger, "sam@globex.test", "Sam"}, {&w.Staff, "pat@platform.test", "Pat"},
	} {
		*u.into, err = s.CreateUser(ctx, models.User{Email: u.email, Name: u.name})
		require.NoError(t, err)
	}
	memberships := []models.Membership{
		{UserID: w.Owner.ID, WorkspaceID: w.Acme.ID, Role: models.RoleOwner, AllTenants: true},
		{UserID: w.Viewer.ID, WorkspaceID: w.Acme.ID, Role: models.RoleViewer, TenantIDs: []string{w.North.ID}},
		{UserID: w.Stranger.ID, WorkspaceID: w.Globex.ID, Role: models.RoleOwner, AllTenants: true},
	}
	for _, m := range memberships {
		require.NoError(t, s.SetMembership(ctx, m))
	}
	require.NoError(t, s.GrantCapability(ctx, w.Staff.ID, models.CapView))
	require.NoError(t, s.GrantCapability(ctx, w.Staff.ID, models.CapTriage))
	w.OwnerScope = models.Member(memberships[0].Grant())
	w.ViewerScope = models.Member(memberships[1].Grant())
	w.StrangerScope = models.Member(memberships[2].Grant())
	return w
}

// Patient is the world for tests on the database's own clock: its new runs are not taken for silent for so long that a
// busy machine cannot make a test last.
func (w World) Patient() World {
	const patience = 10 * time.Minute
	w.Policy.StaleAfter, w.Policy.QueuedStaleAfter = patience, patience
	return w
}

// NewRun is a plain run of the northern tenant that its owner starts; change says what is different.
func (w World) NewRun(change ...func(*models.NewRun)) models.NewRun {
	n := models.NewRun{
		WorkspaceID: w.Acme.ID, TenantID: w.North.ID, Type: "sample.simulate", Target: "sample", Queue: "default",
		Policy: w.Policy, InitiatorID: w.Owner.ID, InitiatorName: w.Owner.Name,
	}
	for _, c := range change {
		c(&n)
	}
	return n
}

// Queued stores a new run.
func Queued(t testing.TB, s *models.Store, n models.NewRun) models.Run {
	t.Helper()
	run, created, err := s.CreateRun(t.Context(), n)
	require.NoError(t, err)
	require.True(t, created)
	return run
}

// Running stores a new run, and starts it.
func Running(t testing.TB, s *models.Store, n models.NewRun) models.Run {
	t.Helper()
	run := Queued(t, s, n)
	require.NoError(t, s.SetDispatched(t.Context(), run.ID, "first-"+run.ID, "default", "cluster"))
	run, err := s.Transition(t.Context(), run.ID, lifecycle.Change{Kind: lifecycle.Started})
	require.NoError(t, err)
	return run
}

// Ended stores a new run that ends so.
func Ended(t testing.TB, s *models.Store, n models.NewRun, o lifecycle.Outcome) models.Run {
	t.Helper()
	return Finish(t, s, Running(t, s, n), o)
}

// Finish ends a run.
func Finish(t testing.TB, s *models.Store, run models.Run, o lifecycle.Outcome) models.Run {
	t.Helper()
	run, err := s.Transition(t.Context(), run.ID, lifecycle.Change{Kind: lifecycle.Finished, Token: "token-" + run.ID, Outcome: o})
	require.NoError(t, err)
	return run
}

// Reconciled stores a new run that the reconciler closes without workers.
func Reconciled(t testing.TB, s *models.Store, n models.NewRun) models.Run {
	t.Helper()
	run := Running(t, s, n)
	claim := lifecycle.Closing{ID: "closing-" + run.ID, Cause: lifecycle.NoWorkers}
	run, err := s.Transition(t.Context(), run.ID, lifecycle.Change{
		Kind: lifecycle.CloseClaimed, Version: run.Facts.Version, LivenessAt: run.Facts.LivenessAt, Closing: claim,
	})
	require.NoError(t, err)
	run, err = s.Transition(t.Context(), run.ID, lifecycle.Change{
		Kind: lifecycle.Reconciled, Closing: claim,
		Silence: lifecycle.Silence{Cause: lifecycle.NoWorkers, Evidence: lifecycle.Evidence{Answer: lifecycle.Answered}},
	})
	require.NoError(t, err)
	return run
}
