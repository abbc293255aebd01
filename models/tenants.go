package models

import (
	"context"
	"fmt"
	"strings"
)

// CreateWorkspace adds an organisation; its slug is unique.
func (s *Store) CreateWorkspace(ctx context.Context, w Workspace) (Workspace, error) {
	if err := giveID(&w.ID); err != nil {
		return Workspace{}, err
	}
	return w, s.insert(ctx, "workspace", `INSERT INTO workspaces (id, slug, name) VALUES (?, ?, ?)`, w.ID, w.Slug, w.Name)
}

// RenameWorkspace changes the name that people see.
func (s *Store) RenameWorkspace(ctx context.Context, slug, name string) error {
	rows, err := s.exec(ctx, `UPDATE workspaces SET name = ? WHERE slug = ?`, name, slug)
	if err != nil {
		return fmt.Errorf("rename workspace: %w", err)
	}
	if rows == 0 {
		return ErrNotFound
	}
	return nil
}

// CreateTenant adds a managed environment; its slug is unique in the workspace.
func (s *Store) CreateTenant(ctx context.Context, t Tenant) (Tenant, error) {
	if err := giveID(&t.ID); err != nil {
		return Tenant{}, err
	}
	return t, s.insert(ctx, "tenant", `INSERT INTO tenants (id, workspace_id, slug, name) VALUES (?, ?, ?, ?)`, t.ID, t.WorkspaceID, t.Slug, t.Name)
}

// Workspace finds one workspace of the scope.
func (s *Store) Workspace(ctx context.Context, sc Scope, idOrSlug string) (Workspace, error) {
	visible, args, err := sc.workspaces("id")
	if err != nil {
		return Workspace{}, err
	}
	return one[Workspace](ctx, s, "workspace", `SELECT id, slug, name FROM workspaces WHERE (id = ? OR slug = ?) AND `+visible,
		append([]any{idOrSlug, idOrSlug}, args...)...)
}

// Place finds a workspace of the scope and a tenant in it that the scope opens, each by its id or slug, in one statement.
func (s *Store) Place(ctx context.Context, sc Scope, workspace, tenant string) (Workspace, Tenant, error) {
	visible, args, err := sc.tenants("t.workspace_id", "t.id")
	if err != nil {
		return Workspace{}, Tenant{}, err
	}
	type row struct {
		Workspace Workspace `gorm:"embedded;embeddedPrefix:w_"`
		Tenant    Tenant    `gorm:"embedded"`
	}
	found, err := one[row](ctx, s, "tenant", `SELECT w.id AS w_id, w.slug AS w_slug, w.name AS w_name, t.id, t.workspace_id, t.slug, t.name
		FROM tenants t JOIN workspaces w ON w.id = t.workspace_id WHERE (w.id = ? OR w.slug = ?) AND (t.id = ? OR t.slug = ?) AND `+visible,
		append([]any{workspace, workspace, tenant, tenant}, args...)...)
	return found.Workspace, found.Tenant, err
}

// Tenants lists the tenants of a workspace that the scope opens, by name.
func (s *Store) Tenants(ctx context.Context, sc Scope, workspaceID string) ([]Tenant, error) {
	visible, args, err := sc.tenants("workspace_id", "id")
	if err != nil {
		return nil, err
	}
	return many[Tenant](ctx, s, "tenants", `SELECT id, workspace_id, slug, name FROM tenants WHERE workspace_id = ? AND `+visible+` ORDER BY name, id`,
		append([]any{workspaceID}, args...)...)
}

// TenantPlace is a tenant by the names that addresses and requests use.
type TenantPlace struct{ Workspace, Slug, Name string }

// TenantPlaces lists a page of the tenants that the scope opens, in the workspace of a slug or, where it is empty, in
// all, in the order of the slugs.
func (s *Store) TenantPlaces(ctx context.Context, sc Scope, workspace string, p Page) (places []TenantPlace, next string, err error) {
	c := &conditions{}
	visible, args, err := sc.tenants("t.workspace_id", "t.id")
	if err != nil {
		return nil, "", err
	}
	c.add(visible, args...)
	if workspace != "" {
		c.add("w.slug = ?", workspace)
	}
	after, more, err := p.position()
	if err != nil {
		return nil, "", err
	}
	if more {
		inWorkspace, slug, _ := strings.Cut(after.ID, "/")
		c.add("(w.slug, t.slug) > (?, ?)", inWorkspace, slug)
	}
	places, err = many[TenantPlace](ctx, s, "tenants", fmt.Sprintf(`SELECT w.slug AS workspace, t.slug, t.name FROM tenants t
		JOIN workspaces w ON w.id = t.workspace_id %s ORDER BY w.slug, t.slug LIMIT %d`, c.where(), p.limit()+1), c.args...)
	if err != nil {
		return nil, "", err
	}
	if places, more = cut(places, p.limit()); more {
		last := places[len(places)-1]
		next = position{ID: last.Workspace + "/" + last.Slug}.cursor()
	}
	return places, next, nil
}

// Tenant finds one tenant of a workspace that the scope opens.
func (s *Store) Tenant(ctx context.Context, sc Scope, workspaceID, idOrSlug string) (Tenant, error) {
	visible, args, err := sc.tenants("workspace_id", "id")
	if err != nil {
		return Tenant{}, err
	}
	return one[Tenant](ctx, s, "tenant", `SELECT id, workspace_id, slug, name FROM tenants WHERE workspace_id = ? AND (id = ? OR slug = ?) AND `+visible,
		append([]any{workspaceID, idOrSlug, idOrSlug}, args...)...)
}
