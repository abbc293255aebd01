// Package start is the one way in which a run comes to be: its input is
// checked, its record is made, and its workflow is started. Pages, the API and
// samples all start runs here.
package start

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
)

// UnknownTypeError refuses an operation type that is not registered.
type UnknownTypeError struct {
	Type  string
	Known []string
}

func (e *UnknownTypeError) Error() string {
	return fmt.Sprintf("operation type %q is not known; use one of %s", e.Type, strings.Join(e.Known, ", "))
}

// Request is a wish for a run. Whether the caller may have it was decided before.
type Request struct {
	Type           string
	WorkspaceID    string
	TenantID       string
	Input          json.RawMessage
	IdempotencyKey string // optional; the same again returns the first run
	InitiatorID    string
	InitiatorName  string
	RetryOf        string // optional: the run that this one tries again
}

// Record is what a start needs of the record store.
type Record interface {
	CreateRun(ctx context.Context, n models.NewRun) (run models.Run, created bool, err error)
}

// Starter starts runs.
type Starter struct {
	Record   Record
	Types    *operation.Registry
	Dispatch func(ctx context.Context, run models.Run) error
	Logger   *slog.Logger
}

// Start makes a run, or returns the one that the idempotency key made before.
// It fails with an *UnknownTypeError, an operation.FieldErrors, or what
// models.Store.CreateRun refuses. While Temporal is away the run stays queued
// and is dispatched later: that is a success.
func (s *Starter) Start(ctx context.Context, r Request) (run models.Run, created bool, err error) {
	d, ok := s.Types.Lookup(r.Type)
	if !ok {
		return models.Run{}, false, &UnknownTypeError{Type: r.Type, Known: s.known()}
	}
	if err := placed(d, r); err != nil {
		return models.Run{}, false, err
	}
	target, err := d.Target(ctx, r.TenantID, r.Input)
	if err != nil {
		return models.Run{}, false, err
	}
	run, created, err = s.Record.CreateRun(ctx, models.NewRun{
		WorkspaceID: r.WorkspaceID, TenantID: r.TenantID, Type: d.Name, Target: target, Queue: d.Queue,
		Policy: d.Policy, Input: r.Input, IdempotencyKey: r.IdempotencyKey,
		InitiatorID: r.InitiatorID, InitiatorName: r.InitiatorName, RetryOf: r.RetryOf,
		Supersedes: d.Supersedes, Exclusive: d.Exclusive,
	})
	if err != nil {
		return run, false, fmt.Errorf("create a run of %s: %w", d.Name, err)
	}
	if run.Facts.Status == lifecycle.Queued && run.Facts.DispatchedAt.IsZero() {
		s.dispatch(ctx, run)
	}
	return run, created, nil
}

// dispatch starts the workflow. The record is the promise: what fails here is
// repaired by the reconciler.
func (s *Starter) dispatch(ctx context.Context, run models.Run) {
	if err := s.Dispatch(ctx, run); err != nil && !errors.Is(err, context.Canceled) {
		s.Logger.WarnContext(ctx, "run stays queued; it is dispatched when Temporal answers", "run", run.ID, "error", err)
	}
}

func placed(d operation.Definition, r Request) error {
	wrong := operation.FieldErrors{}
	if r.WorkspaceID == "" {
		wrong["workspace"] = "is required"
	}
	if r.TenantID == "" && !d.Tenantless {
		wrong["tenant"] = "is required"
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

func (s *Starter) known() []string {
	var names []string
	for _, d := range s.Types.All() {
		names = append(names, d.Name)
	}
	slices.Sort(names)
	return names
}
