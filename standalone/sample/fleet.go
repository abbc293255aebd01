package sample

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/operation/inventory"
	"github.com/opstruth/opstruth/standalone/simulate"
)

const (
	// FleetName is who starts the fleet's runs, as people read it.
	FleetName = "Sample fleet"

	// patience is how long the fleet lets one of its simulated runs go on.
	patience = 50 * time.Second
	// maxActive bounds the fleet's active runs; above it nothing is started.
	maxActive = 40
	// workerGone is how old a worker's last sign may be before the fleet leaves its queue alone: the reader is looking at
	// what a dead worker does, and neither new runs nor cancels should get in the way.
	workerGone = 5 * time.Second

	tickEvery = time.Second
	stepLimit = 15 * time.Second
)

// Starter starts runs; *start.Starter is one.
type Starter interface {
	Start(ctx context.Context, r start.Request) (run models.Run, created bool, err error)
}

// Fleet starts the script's runs for one tenant after another, ends those that do not end by themselves, takes note of
// its failures, and removes its old runs. It decides from the record alone, so a restart loses nothing of it.
type Fleet struct {
	Store   *models.Store
	Starter Starter
	Types   *operation.Registry
	API     *API
	Logger  *slog.Logger

	Temporal  Workflows
	Namespace string

	tenants []models.Tenant
	round   int
	begun   time.Time
	next    int                  // scene of this round
	came    map[string]time.Time // when a worker was first seen, by its id
}

// Run goes on until ctx ends.
func (f *Fleet) Run(ctx context.Context) {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		if err := f.step(ctx, time.Now()); err != nil && ctx.Err() == nil {
			f.Logger.WarnContext(ctx, "the sample fleet could not go on; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// step does what is due at now.
func (f *Fleet) step(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	if err := f.load(ctx); err != nil {
		return err
	}
	served, err := f.served(ctx)
	if err != nil {
		return err
	}
	if f.begun.IsZero() && served[simulate.Queue].IsZero() {
		return nil // the first scenes wait for the workers to come up
	}
	if f.begun.IsZero() || now.Sub(f.begun) >= cycle {
		f.begun, f.next = now, 0
		f.round++
		removed, err := prune(ctx, f.Store)
		if err != nil {
			return err
		}
		f.forget(ctx, removed)
		if err := f.tidy(ctx); err != nil {
			return err
		}
	}
	active, err := f.active(ctx, served)
	if err != nil {
		return err
	}
	if err := f.end(ctx, active, served); err != nil {
		return err
	}
	for f.next < len(script) && now.Sub(f.begun) >= script[f.next].at {
		s := script[f.next]
		f.next++
		if !f.wants(s, served, len(active)) {
			continue
		}
		if err := f.start(ctx, s, f.tenantOf(s)); err != nil {
			return err
		}
	}
	return nil
}

// tenantOf is the tenant of a scene: another one of its workspace each time, and for a real reading each of all in turn.
func (f *Fleet) tenantOf(s scene) models.Tenant {
	tenants, turn := f.tenants[:len(workspaces[0].tenants)], f.round+f.next
	switch {
	case s.typ == inventorySync:
		tenants, turn = f.tenants, f.round-1
	case s.other:
		tenants = f.tenants[len(workspaces[0].tenants):]
	}
	return tenants[turn%len(tenants)]
}

// wants tells whether a scene is to be played now.
func (f *Fleet) wants(s scene, served map[string]time.Time, active int) bool {
	d, known := f.Types.Lookup(s.typ)
	return known && active < maxActive && (!served[d.Queue].IsZero() || d.Queue == simulate.UnattendedQueue)
}

// load reads the sample tenants once.
func (f *Fleet) load(ctx context.Context) error {
	if len(f.tenants) > 0 {
		return nil
	}
	var found []models.Tenant
	for _, w := range workspaces {
		space, err := f.Store.Workspace(ctx, models.Platform(), w.slug)
		if err != nil {
			return fmt.Errorf("read the sample workspace %s: %w", w.slug, err)
		}
		tenants, err := f.Store.Tenants(ctx, models.Platform(), space.ID)
		if err != nil {
			return fmt.Errorf("read the tenants of %s: %w", w.slug, err)
		}
		found = append(found, slices.DeleteFunc(tenants, func(t models.Tenant) bool { return !isSample(w, t) })...)
	}
	f.tenants = found
	return nil
}

func isSample(w workspace, t models.Tenant) bool {
	return slices.ContainsFunc(w.tenants, func(s tenant) bool { return s.slug == t.Slug })
}

// served are the task queues that have a live worker, and since when the fleet knows the first of them.
func (f *Fleet) served(ctx context.Context) (map[string]time.Time, error) {
	workers, now, err := f.Store.Workers(ctx)
	if err != nil {
		return nil, fmt.Errorf("read workers: %w", err)
	}
	queues, came := map[string]time.Time{}, map[string]time.Time{}
	for _, w := range workers {
		came[w.ID] = now
		if at, known := f.came[w.ID]; known {
			came[w.ID] = at
		}
		if now.Sub(w.LastSeen) >= workerGone {
			continue
		}
		for _, queue := range w.Queues {
			if at, known := queues[queue]; !known || came[w.ID].Before(at) {
				queues[queue] = came[w.ID]
			}
		}
	}
	f.came = came
	return queues, nil
}

// aged is an active run of the fleet and how long it has had to end.
type aged struct {
	models.Run
	age time.Duration
}

func (f *Fleet) active(ctx context.Context, served map[string]time.Time) ([]aged, error) {
	yes := true
	page, err := f.Store.ListRuns(ctx, models.Platform(), models.Filter{Active: &yes}, models.Page{Limit: 500})
	if err != nil {
		return nil, fmt.Errorf("list active runs: %w", err)
	}
	var runs []aged
	for _, r := range page.Runs {
		if r.Facts.Initiator != FleetName {
			continue
		}
		// A run that its worker left in the lurch gets its time anew: the reader is to see it go on, and until it is heard
		// again it has only a worker that came back.
		since := slices.MaxFunc([]time.Time{r.Facts.QueuedAt, r.Facts.RecoveredAt, served[r.Facts.Queue]}, time.Time.Compare)
		runs = append(runs, aged{r, page.Now.Sub(since)})
	}
	return runs, nil
}

// end asks simulated runs to end that have gone on for long enough.
func (f *Fleet) end(ctx context.Context, active []aged, served map[string]time.Time) error {
	for _, r := range active {
		if r.Facts.Type != simulate.Name || served[r.Facts.Queue].IsZero() || r.age < patience || !r.Facts.Cancel.At.IsZero() {
			continue
		}
		_, err := f.Store.Transition(ctx, r.ID, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: FleetName})
		if err != nil && !errors.Is(err, lifecycle.ErrUnchanged) && !errors.Is(err, lifecycle.ErrEnded) {
			return fmt.Errorf("cancel run %s: %w", r.ID, err)
		}
	}
	return nil
}

func (f *Fleet) start(ctx context.Context, s scene, t models.Tenant) error {
	input, err := s.json()
	if err == nil && s.typ == inventorySync {
		f.API.Drift(t.Slug)
		input, err = f.inventory(ctx, t)
	}
	if err == nil {
		_, _, err = f.Starter.Start(ctx, start.Request{
			Type: s.typ, WorkspaceID: t.WorkspaceID, TenantID: t.ID, Input: input, InitiatorName: FleetName,
		})
	}
	var busy models.ErrAlreadyActive
	if err != nil && !errors.As(err, &busy) { // somebody else is at it
		return fmt.Errorf("start %s for %s: %w", s.typ, t.Slug, err)
	}
	return nil
}

// inventory is the input that reads everything by the tenant's connection.
func (f *Fleet) inventory(ctx context.Context, t models.Tenant) (json.RawMessage, error) {
	connections, err := f.Store.Connections(ctx, models.Platform(), t.ID)
	if err != nil {
		return nil, err
	}
	for _, c := range connections {
		if c.Name == connectionName {
			return json.Marshal(inventory.Input{Connection: c.ID})
		}
	}
	return nil, fmt.Errorf("tenant %s has no connection named %q", t.Slug, connectionName)
}
