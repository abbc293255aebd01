package sample

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/datadir"
)

// Seal encrypts the secret of a connection, whose id is its owner.
type Seal func(owner string, secret []byte) (sealed []byte, err error)

// Seed makes workspaces, tenants and people where they are missing, and returns how they sign in. With an API it also
// makes each tenant's connection to it; without one there is only what is needed to sign in.
func Seed(ctx context.Context, store *models.Store, dir *datadir.Dir, api *API, seal Seal) ([]User, error) {
	spaces, all := emptyWorkspaces, emptyPeople
	if api != nil {
		spaces, all = workspaces, people
	}
	for _, w := range spaces {
		if err := ensureWorkspace(ctx, store, w, api, seal); err != nil {
			return nil, fmt.Errorf("make the workspace %s: %w", w.slug, err)
		}
	}
	return signIns(ctx, store, dir, all)
}

func ensureWorkspace(ctx context.Context, store *models.Store, want workspace, api *API, seal Seal) error {
	w, err := store.Workspace(ctx, models.Platform(), want.slug)
	if errors.Is(err, models.ErrNotFound) {
		w, err = store.CreateWorkspace(ctx, models.Workspace{Slug: want.slug, Name: want.name})
	}
	if err != nil {
		return err
	}
	for _, t := range want.tenants {
		made, err := store.Tenant(ctx, models.Platform(), w.ID, t.slug)
		if errors.Is(err, models.ErrNotFound) {
			made, err = store.CreateTenant(ctx, models.Tenant{WorkspaceID: w.ID, Slug: t.slug, Name: t.name})
		}
		if err == nil && api != nil {
			err = ensureConnection(ctx, store, made.ID, t, api, seal)
		}
		if err != nil {
			return fmt.Errorf("make the tenant %s: %w", t.slug, err)
		}
	}
	return nil
}

// connectionName is that of every tenant's connection.
const connectionName = "Sample directory"

// ensureConnection also follows the sample API to another port.
func ensureConnection(ctx context.Context, store *models.Store, tenantID string, t tenant, api *API, seal Seal) error {
	want := api.connection(t)
	want.TenantID = tenantID
	existing, err := store.Connections(ctx, models.Platform(), tenantID)
	if err != nil {
		return err
	}
	want.ID = uuid.NewString()
	for _, c := range existing {
		if c.Name != want.Name {
			continue
		}
		if c.BaseURL == want.BaseURL {
			return nil
		}
		want.ID = c.ID
	}
	if secret := api.secretOf(t); secret != "" {
		if want.SecretSealed, err = seal(want.ID, []byte(secret)); err != nil {
			return err
		}
	}
	_, err = store.SaveConnection(ctx, want)
	return err
}
