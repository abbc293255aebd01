// Package access decides, before a handler runs, whether a request may reach it. A route declares a Rule;
// Check finds out who asks, loads what the path names within the asker's scope, and then asks for the
// right to act on it. What lies outside the scope is answered like what does not exist.
package access

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
)

// Target is what a route's path names.
type Target string

const (
	Nothing   Target = ""          // no single thing
	Workspace Target = "workspace" // :ws
	Tenant    Target = "tenant"    // :ws and :tenant
	Run       Target = "run"       // :id
)

// Rule is who may reach a route. Its zero value lets nobody through.
type Rule struct {
	Public bool // anybody, signed in or not; everything below is ignored
	Plane  links.Plane
	Action auth.Action
	Target Target
	Bearer bool // an API token instead of a session
	// InBody says that the path names nothing but the request does: the handler asks Access.Permit.
	InBody bool
}

// Access is what Check found out; handlers read it instead of looking again.
type Access struct {
	auth.Principal
	Workspace models.Workspace
	Tenant    models.Tenant
	Run       models.Run
	Now       time.Time // the clock reading that came with Run

	again func(ctx context.Context) (Access, error)
}

// Again finds out anew, for an answer that goes on: who asks may have lost the right meanwhile.
func (a Access) Again(ctx context.Context) (Access, error) {
	if a.again == nil {
		return Access{}, auth.ErrAnonymous
	}
	return a.again(ctx)
}

// Permit refuses an action in a workspace that is within the scope.
func (a Access) Permit(action auth.Action, workspaceID string) error {
	if !a.Can(action, workspaceID) {
		return auth.ErrForbidden
	}
	return nil
}

// Checker checks rules.
type Checker struct {
	auth  *auth.Service
	store *models.Store
}

// NewChecker makes a Checker.
func NewChecker(a *auth.Service, store *models.Store) *Checker {
	return &Checker{auth: a, store: store}
}

// Check returns what the request may work with, or why it may not: auth.ErrAnonymous, auth.ErrBadToken,
// models.ErrNotFound or auth.ErrForbidden.
func (c *Checker) Check(r *http.Request, rule Rule, param func(string) string) (Access, error) {
	if rule.Public {
		return Access{}, nil
	}
	a := Access{again: func(ctx context.Context) (Access, error) { return c.Check(r.WithContext(ctx), rule, param) }}
	var err error
	if a.Principal, err = c.principal(r, rule); err != nil {
		return Access{}, err
	}
	if err := c.load(r.Context(), rule.Target, &a, param); err != nil {
		return Access{}, err
	}
	switch {
	case rule.Action == "":
		return Access{}, errors.New("check access: the route's rule names no action")
	case rule.InBody:
		return a, nil
	case rule.Target == Nothing && rule.Plane == links.Admin && rule.Action == auth.View:
		return a, nil // a list: its scope narrows it
	}
	return a, a.Permit(rule.Action, a.Workspace.ID)
}

func (c *Checker) principal(r *http.Request, rule Rule) (auth.Principal, error) {
	if rule.Plane != links.Admin && rule.Plane != links.System {
		return auth.Principal{}, errors.New("check access: the route's rule names no plane")
	}
	if !rule.Bearer {
		return c.auth.BySession(r, rule.Plane) //nolint:contextcheck // the request brings it
	}
	token, ok := auth.Bearer(r.Header.Get("Authorization"))
	if !ok {
		return auth.Principal{}, auth.ErrAnonymous
	}
	return c.auth.ByToken(r.Context(), rule.Plane, token)
}

func (c *Checker) load(ctx context.Context, target Target, a *Access, param func(string) string) (err error) {
	scope := a.Scope()
	switch target {
	case Nothing:
		return nil
	case Run:
		a.Run, a.Now, err = c.store.Run(ctx, scope, param("id"))
		a.Workspace = models.Workspace{ID: a.Run.WorkspaceID, Slug: a.Run.WorkspaceSlug, Name: a.Run.WorkspaceName}
		return err
	case Workspace, Tenant:
		if a.Workspace, err = c.store.Workspace(ctx, scope, param("ws")); err != nil || target == Workspace {
			return err
		}
		a.Tenant, err = c.store.Tenant(ctx, scope, a.Workspace.ID, param("tenant"))
		return err
	}
	return errors.New("check access: the route's rule names an unknown target")
}

type key struct{}

// With puts what was found out into a request's context.
func With(ctx context.Context, a Access) context.Context { return context.WithValue(ctx, key{}, a) }

// From is what Check found out about this request. Without a check it may do nothing.
func From(ctx context.Context) Access {
	a, _ := ctx.Value(key{}).(Access)
	return a
}
