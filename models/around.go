package models

import (
	"context"
	"fmt"
	"strings"
)

// Around is what stands around a list of runs: the places and people that a reader may narrow it to, and the reader's
// own views.
type Around struct {
	Workspaces []Workspace
	Tenants    []Tenant // of the one workspace that was asked for
	Members    []User   // of it, or of all that the scope opens, at most MaxMembers: ids, names and e-mail addresses
	Views      []SavedView
}

// MaxMembers bounds the people of an Around.
const MaxMembers = 200

// Around reads it in one statement: the workspaces of the scope, the tenants that it opens in the workspace of a slug,
// which may be empty, the members, and the reader's views of a plane; each by name.
func (s *Store) Around(ctx context.Context, sc Scope, workspace, userID string, p Plane) (Around, error) {
	inWorkspaces, args, err := sc.workspaces("id")
	if err != nil {
		return Around{}, err
	}
	inTenants, more, err := sc.tenants("t.workspace_id", "t.id")
	if err != nil {
		return Around{}, err
	}
	args = append(append(args, workspace), more...)
	inMembers, more, err := sc.workspaces("w.id")
	if err != nil {
		return Around{}, err
	}
	if workspace != "" {
		inMembers, more = inMembers+" AND w.slug = ?", append(more, workspace)
	}
	args = append(args, more...)
	type row struct{ Kind, ID, Parent, Slug, Name, Query string }
	rows, err := many[row](ctx, s, "the places and views of a reader", strings.Join([]string{
		`SELECT 'workspace' AS kind, id, '' AS parent, slug, name, '' AS query FROM workspaces WHERE ` + inWorkspaces,
		`SELECT 'tenant', t.id, t.workspace_id, t.slug, t.name, '' FROM tenants t JOIN workspaces w ON w.id = t.workspace_id
			WHERE w.slug = ? AND ` + inTenants,
		fmt.Sprintf(`SELECT * FROM (SELECT 'member', u.id, '', '', u.name, u.email FROM workspaces w JOIN memberships m ON m.workspace_id = w.id
			JOIN users u ON u.id = m.user_id WHERE %s GROUP BY u.id, u.name, u.email ORDER BY u.name, u.id LIMIT %d) people`, inMembers, MaxMembers),
		`SELECT 'view', id, '', '', name, query FROM saved_views WHERE user_id = ? AND plane = ?`,
	}, ` UNION ALL `)+` ORDER BY kind, name, id`, append(args, userID, string(p))...)
	if err != nil {
		return Around{}, err
	}
	var a Around
	for _, r := range rows {
		switch r.Kind {
		case "workspace":
			a.Workspaces = append(a.Workspaces, Workspace{ID: r.ID, Slug: r.Slug, Name: r.Name})
		case "tenant":
			a.Tenants = append(a.Tenants, Tenant{ID: r.ID, WorkspaceID: r.Parent, Slug: r.Slug, Name: r.Name})
		case "member":
			a.Members = append(a.Members, User{ID: r.ID, Name: r.Name, Email: r.Query})
		default:
			a.Views = append(a.Views, SavedView{ID: r.ID, UserID: userID, Plane: p, Name: r.Name, Query: r.Query})
		}
	}
	return a, nil
}

// Place finds a workspace and, unless its slug is empty, a tenant of it among them, or ErrNotFound.
func (a Around) Place(workspace, tenant string) (w Workspace, t Tenant, err error) {
	err = ErrNotFound
	for _, one := range a.Workspaces {
		if one.Slug == workspace {
			w, err = one, nil
		}
	}
	if err != nil || tenant == "" {
		return w, t, err
	}
	for _, one := range a.Tenants {
		if one.Slug == tenant {
			return w, one, nil
		}
	}
	return w, t, ErrNotFound
}
