package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		_, err := s.CreateUser(ctx, models.User{Email: " OLGA@acme.test"})
		require.ErrorIs(t, err, models.ErrExists)
		require.NoError(t, s.SetPassword(ctx, w.Owner.ID, "hash"))
		require.ErrorIs(t, s.SetPassword(ctx, "missing", "hash"), models.ErrNotFound)
		user, err := s.UserByEmail(ctx, "Olga@Acme.test ")
		require.NoError(t, err)
		require.Equal(t, "hash", user.PasswordHash)
		require.True(t, user.DisabledAt.IsZero())
		_, err = s.UserByID(ctx, "missing")
		require.ErrorIs(t, err, models.ErrNotFound)

		memberships, err := s.Memberships(ctx, w.Viewer.ID)
		require.NoError(t, err)
		require.Equal(t, []models.Membership{{
			UserID: w.Viewer.ID, WorkspaceID: w.Acme.ID, WorkspaceSlug: "acme", WorkspaceName: "Acme",
			Role: models.RoleViewer, TenantIDs: []string{w.North.ID},
		}}, memberships)
		foreign := models.Membership{UserID: w.Viewer.ID, WorkspaceID: w.Acme.ID, Role: models.RoleViewer, TenantIDs: []string{w.West.ID}}
		require.ErrorIs(t, s.SetMembership(ctx, foreign), models.ErrNotFound, "a tenant of another workspace")

		capabilities, err := s.Capabilities(ctx, w.Staff.ID)
		require.NoError(t, err)
		require.Equal(t, []models.Capability{models.CapTriage, models.CapView}, capabilities)
		require.NoError(t, s.GrantCapability(ctx, w.Staff.ID, models.CapView))
	})
}

func TestTenantsFollowTheScope(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		tenants, err := s.Tenants(ctx, w.ViewerScope, w.Acme.ID)
		require.NoError(t, err)
		require.Equal(t, []models.Tenant{w.North}, tenants)
		tenants, err = s.Tenants(ctx, w.OwnerScope, w.Acme.ID)
		require.NoError(t, err)
		require.Equal(t, []models.Tenant{w.North, w.South}, tenants)
		_, err = s.Tenant(ctx, w.ViewerScope, w.Acme.ID, "south")
		require.ErrorIs(t, err, models.ErrNotFound)
		got, err := s.Tenant(ctx, w.OwnerScope, w.Acme.ID, "south")
		require.NoError(t, err)
		require.Equal(t, w.South, got)
		open, err := s.Workspace(ctx, w.ViewerScope, "acme")
		require.NoError(t, err)
		require.Equal(t, w.Acme, open, "one open tenant opens the workspace's page")
		_, err = s.Workspace(ctx, w.ViewerScope, "globex")
		require.ErrorIs(t, err, models.ErrNotFound)
		_, err = s.Workspace(ctx, models.Scope{}, "acme")
		require.ErrorIs(t, err, models.ErrNoScope)
		_, err = s.Tenants(ctx, models.Scope{}, w.Acme.ID)
		require.ErrorIs(t, err, models.ErrNoScope)
		_, err = s.CreateTenant(ctx, models.Tenant{WorkspaceID: w.Acme.ID, Slug: "north"})
		require.ErrorIs(t, err, models.ErrExists)
	})
}

func TestConnections(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		saved, err := s.SaveConnection(ctx, models.Connection{
			TenantID: w.South.ID, Name: "api", BaseURL: "https://a", Auth: models.AuthBearer, SecretSealed: []byte{1, 0, 2},
		})
		require.NoError(t, err)
		again, err := s.SaveConnection(ctx, models.Connection{TenantID: w.South.ID, Name: "api", BaseURL: "https://b", Auth: models.AuthBearer})
		require.NoError(t, err)
		require.Equal(t, saved.ID, again.ID)
		require.Equal(t, []byte{1, 0, 2}, again.SecretSealed, "the secret stays")
		got, err := s.Connection(ctx, saved.ID)
		require.NoError(t, err)
		require.Equal(t, again, got)
		list, err := s.Connections(ctx, w.OwnerScope, w.South.ID)
		require.NoError(t, err)
		require.Equal(t, []models.Connection{again}, list)
		list, err = s.Connections(ctx, w.ViewerScope, w.South.ID)
		require.NoError(t, err)
		require.Empty(t, list)
	})
}

func TestTokensAndLinks(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		at := func(d time.Duration) *models.Store { return modelstest.At(s, modelstest.Epoch.Add(d)) }
		token, err := at(0).CreateToken(ctx, models.APIToken{
			UserID: w.Owner.ID, Plane: models.PlaneAdmin, Hash: "h", Name: "cli", ExpiresAt: modelstest.Epoch.Add(time.Hour),
		})
		require.NoError(t, err)
		require.Equal(t, modelstest.Epoch, token.CreatedAt)
		_, _, err = at(time.Minute).TokenByHash(ctx, "h")
		require.NoError(t, err)
		token, user, err := at(2*time.Minute).TokenByHash(ctx, "h")
		require.NoError(t, err)
		require.Equal(t, w.Owner, user)
		require.Equal(t, modelstest.Epoch.Add(time.Minute), token.LastUsedAt)
		_, _, err = at(time.Hour).TokenByHash(ctx, "h")
		require.ErrorIs(t, err, models.ErrNotFound)

		link := models.SignInLink{Hash: "l", UserID: w.Owner.ID, Plane: models.PlaneAdmin}
		require.NoError(t, at(0).CreateSignInLink(ctx, link, time.Hour))
		spend := func() error { _, err := at(time.Minute).UseSignInLink(ctx, "l"); return err }
		spent := 0
		for _, err := range together(spend, spend, spend) {
			if err == nil {
				spent++
				continue
			}
			require.ErrorIs(t, err, models.ErrNotFound)
		}
		require.Equal(t, 1, spent, "a link works once")
		link.Hash = "late"
		require.NoError(t, at(0).CreateSignInLink(ctx, link, time.Hour))
		_, err = at(time.Hour).UseSignInLink(ctx, "late")
		require.ErrorIs(t, err, models.ErrNotFound)
	})
}
