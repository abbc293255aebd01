// Package find turns the names that people and URLs use into rows within a scope. What lies outside the
// scope is not found, like what does not exist.
package find

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

// Place looks up a workspace by its slug and, unless its slug is empty, a tenant in it.
func Place(ctx context.Context, store *models.Store, scope models.Scope, workspace, tenant string) (models.Workspace, models.Tenant, error) {
	if tenant != "" {
		return store.Place(ctx, scope, workspace, tenant)
	}
	w, err := store.Workspace(ctx, scope, workspace)
	return w, models.Tenant{}, err
}

// Filter is the store's form of a filter in a URL.
func Filter(ctx context.Context, store *models.Store, scope models.Scope, l links.List) (models.Filter, error) {
	now := l.AsOf
	if now.IsZero() && (l.Within > 0 || l.EndedWithin > 0) {
		var err error
		if now, err = store.Now(ctx); err != nil {
			return models.Filter{}, err
		}
	}
	if l.Workspace == "" {
		return In(models.Workspace{}, models.Tenant{}, l, now), nil
	}
	w, t, err := Place(ctx, store, scope, l.Workspace, l.Tenant)
	return In(w, t, l, now), err
}

// In is Filter in a place that was looked up before. Spans that end now end at the clock reading of the count that led
// here, or at now.
func In(w models.Workspace, t models.Tenant, l links.List, now time.Time) models.Filter {
	l = absolute(l, now)
	if id, ok := RunID(l.Text); ok {
		l.Text = id
	}
	return models.Filter{
		WorkspaceID: w.ID, TenantID: t.ID,
		Type: l.Type, Status: l.Status, Outcome: l.Outcome, Freshness: l.Freshness, Class: l.Class,
		Cause: l.Cause, Queue: l.Queue, Failure: l.Failure,
		Active: l.Active, Open: l.Open, Lineage: l.Lineage, Initiator: l.Initiator, From: l.From, To: l.To,
		EndedFrom: l.EndedFrom, EndedTo: l.EndedTo, Text: l.Text, AsOf: l.AsOf,
	}
}

// RunID is the id of a run that a text names whole: itself or as its workflow is called.
func RunID(text string) (string, bool) {
	if id, ok := contract.RunIDOf(text); ok {
		return id, true
	}
	id, err := uuid.Parse(text)
	return id.String(), err == nil && len(text) == len(id.String())
}

// absolute makes moments of spans that end now.
func absolute(l links.List, now time.Time) links.List {
	if !l.AsOf.IsZero() {
		now = l.AsOf
	}
	later := func(at time.Time, within time.Duration) time.Time {
		if since := now.Add(-within); within > 0 && since.After(at) {
			return since
		}
		return at
	}
	l.From, l.EndedFrom = later(l.From, l.Within), later(l.EndedFrom, l.EndedWithin)
	return l
}

// List is the URL form of a filter within a place that is already known by its slugs.
func List(f models.Filter, workspace, tenant string) links.List {
	return links.List{
		Workspace: workspace, Tenant: tenant, Type: f.Type, Status: f.Status, Outcome: f.Outcome,
		Freshness: f.Freshness, Class: f.Class, Cause: f.Cause, Queue: f.Queue, Failure: f.Failure, Active: f.Active, Open: f.Open, Lineage: f.Lineage,
		Initiator: f.Initiator, From: f.From, To: f.To, EndedFrom: f.EndedFrom, EndedTo: f.EndedTo,
		Text: f.Text, AsOf: f.AsOf,
	}
}
