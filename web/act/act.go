// Package act is what people may do to runs. The pages and the API call it, so that both do the same and
// check the same; the right to act was checked before, by package access.
package act

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/internal/upload"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/operation/connection"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/fault"
)

// Starter stores a run and starts its workflow; *start.Starter is one.
type Starter interface {
	Start(ctx context.Context, r start.Request) (run models.Run, created bool, err error)
}

// Actions does them.
type Actions struct {
	store    *models.Store
	registry *operation.Registry
	starter  Starter
}

// New makes Actions.
func New(store *models.Store, registry *operation.Registry, starter Starter) *Actions {
	return &Actions{store: store, registry: registry, starter: starter}
}

// Types lists what may be started, by title.
func (a *Actions) Types() []operation.Definition { return a.registry.All() }

// Wish asks for a new run. Workspace and tenant were looked up within the asker's scope.
type Wish struct {
	Type           string
	WorkspaceID    string
	TenantID       string // empty: none
	Input          json.RawMessage
	IdempotencyKey string
	RetryOf        string
}

// Start starts an operation; created is false where the idempotency key has started it before.
func (a *Actions) Start(ctx context.Context, who auth.Principal, w Wish) (run models.Run, created bool, err error) {
	if len(w.Input) == 0 {
		w.Input = json.RawMessage("{}")
	}
	var files []string
	if def, ok := a.registry.Lookup(w.Type); ok { // the starter refuses any other
		if _, err := def.Parse(w.Input); err != nil {
			return run, false, asFieldErrors(err)
		}
		if w.Input, err = a.connections(ctx, who, def, w); err != nil {
			return run, false, err
		}
		if files, err = a.uploads(ctx, who, def, w); err != nil {
			return run, false, err
		}
	}
	run, created, err = a.starter.Start(ctx, start.Request{
		Type: w.Type, WorkspaceID: w.WorkspaceID, TenantID: w.TenantID, Input: w.Input,
		IdempotencyKey: w.IdempotencyKey, InitiatorID: who.User.ID, InitiatorName: who.User.Name, RetryOf: w.RetryOf,
	})
	if err == nil && len(files) > 0 {
		_ = a.store.UseUploads(ctx, files) // the run has begun all the same
	}
	return run, created, err
}

// asFieldErrors makes any refusal of an input one that may be shown.
func asFieldErrors(err error) error {
	var fields operation.FieldErrors
	if errors.As(err, &fields) {
		return err
	}
	return operation.FieldErrors{"": err.Error()}
}

// uploads is the files that an input names. It refuses one that is not the tenant's own, whoever it belongs to.
func (a *Actions) uploads(ctx context.Context, who auth.Principal, def operation.Definition, w Wish) (files []string, err error) {
	var input map[string]any
	if err := json.Unmarshal(w.Input, &input); err != nil {
		return nil, operation.FieldErrors{"": "must be a JSON object"}
	}
	for _, f := range def.Fields {
		id, _ := input[f.Name].(string)
		if f.Kind != operation.File || id == "" {
			continue
		}
		_, err = upload.Of(ctx, a.store, who.Scope(), w.TenantID, id)
		if errors.Is(err, upload.ErrNotOwn) {
			return nil, operation.FieldErrors{f.Name: err.Error()}
		}
		if err != nil {
			return nil, err
		}
		files = append(files, id)
	}
	return files, nil
}

// connections is the input with the ids of the tenant's own connections, which may be called by their names: an API's
// caller knows no ids. It refuses any other, whoever it belongs to.
func (a *Actions) connections(ctx context.Context, who auth.Principal, def operation.Definition, w Wish) (json.RawMessage, error) {
	for _, f := range def.Fields {
		if f.Kind != operation.Connection {
			continue
		}
		var input map[string]json.RawMessage // numbers stay as they are written
		if err := json.Unmarshal(w.Input, &input); err != nil {
			return nil, operation.FieldErrors{"": "must be a JSON object"}
		}
		var asked string
		if json.Unmarshal(input[f.Name], &asked) != nil || asked == "" {
			continue // it was not given
		}
		own, err := a.store.Connections(ctx, who.Scope(), w.TenantID)
		if err != nil {
			return nil, fmt.Errorf("list connections: %w", err)
		}
		id, err := among(own, asked)
		if err != nil {
			return nil, operation.FieldErrors{f.Name: err.Error()}
		}
		if id == asked {
			continue
		}
		if input[f.Name], err = json.Marshal(id); err != nil {
			return nil, fmt.Errorf("write the connection's id: %w", err)
		}
		if w.Input, err = json.Marshal(input); err != nil {
			return nil, fmt.Errorf("write the input: %w", err)
		}
	}
	return w.Input, nil
}

// among is the id of the connection that is asked for by its id or its name.
func among(own []models.Connection, asked string) (string, error) {
	names := make([]string, len(own))
	for i, c := range own {
		if c.ID == asked {
			return c.ID, nil
		}
		names[i] = fmt.Sprintf("%q", c.Name)
	}
	if i := slices.IndexFunc(own, func(c models.Connection) bool { return c.Name == asked }); i >= 0 {
		return own[i].ID, nil
	}
	if len(own) == 0 {
		return "", fmt.Errorf("%w, which has none", connection.ErrNotOwn)
	}
	return "", fmt.Errorf("%w; it has %s", connection.ErrNotOwn, strings.Join(names, ", "))
}

// Retry starts a new run with the input of one that has ended.
func (a *Actions) Retry(ctx context.Context, acc access.Access, key string) (run models.Run, created bool, err error) {
	old := acc.Run
	if old.Facts.Status.Active() {
		return run, false, fmt.Errorf("retry run: %w", lifecycle.ErrNotAllowed)
	}
	return a.Start(ctx, acc.Principal, Wish{
		Type: old.Facts.Type, WorkspaceID: old.WorkspaceID, TenantID: old.TenantID, Input: old.Input,
		IdempotencyKey: key, RetryOf: old.ID,
	})
}

// Cancel asks a run to end. Asking again changes nothing.
func (a *Actions) Cancel(ctx context.Context, acc access.Access) error {
	return a.change(ctx, acc, lifecycle.Change{Kind: lifecycle.CancelRequested})
}

// Acknowledge takes note of a follow-up.
func (a *Actions) Acknowledge(ctx context.Context, acc access.Access, note string) error {
	note = strings.TrimSpace(note)
	if note == "" || len([]rune(note)) > MaxNote {
		return &fault.Invalid{
			Detail: fmt.Sprintf("write a note of 1 to %d characters that says what was found or done", MaxNote),
			Fields: []fault.Field{{Name: "note", Detail: fmt.Sprintf("needs 1 to %d characters", MaxNote)}},
		}
	}
	return a.change(ctx, acc, lifecycle.Change{Kind: lifecycle.Acknowledged, Note: note})
}

// MaxNote is the length of a note, in characters.
const MaxNote = 1000

// Reopen takes an acknowledgement back.
func (a *Actions) Reopen(ctx context.Context, acc access.Access) error {
	return a.change(ctx, acc, lifecycle.Change{Kind: lifecycle.Reopened})
}

// Claim says that the actor looks after a run that needs a person, instead of whoever did.
func (a *Actions) Claim(ctx context.Context, acc access.Access) error {
	return a.change(ctx, acc, lifecycle.Change{Kind: lifecycle.Claimed})
}

// Release says that nobody looks after a run any more.
func (a *Actions) Release(ctx context.Context, acc access.Access) error {
	return a.change(ctx, acc, lifecycle.Change{Kind: lifecycle.Released})
}

func (a *Actions) change(ctx context.Context, acc access.Access, c lifecycle.Change) error {
	c.Actor, c.ActorID = acc.User.Name, acc.User.ID
	_, err := a.store.Transition(ctx, acc.Run.ID, c)
	if errors.Is(err, lifecycle.ErrUnchanged) {
		return nil
	}
	return err
}
