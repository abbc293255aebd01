package models

import (
	"slices"
	"strings"
)

// Scope says which runs a query may see. The zero Scope sees none and is refused, so that it cannot be left out.
type Scope struct {
	kind   scopeKind
	grants []Grant
	reader string // a user's id, where one asks
}

type scopeKind int

const (
	noScope scopeKind = iota
	memberScope
	platformScope
	engineScope
)

// Grant is what one membership opens: a workspace, and all its tenants or some.
type Grant struct {
	WorkspaceID string
	AllTenants  bool
	TenantIDs   []string
}

// Member is the scope of the admin plane. Runs without a tenant need AllTenants.
func Member(grants ...Grant) Scope { return Scope{kind: memberScope, grants: grants} }

// Platform is the scope of the system plane: every workspace.
func Platform() Scope { return Scope{kind: platformScope} }

// Engine is the scope of the run workflow and the reconciler.
func Engine() Scope { return Scope{kind: engineScope} }

// Of says who asks: whom Me is of.
func (sc Scope) Of(userID string) Scope {
	sc.reader = userID
	return sc
}

// Me is the initiator that a reader calls so.
const Me = "me"

// initiatorSQL is true for runs that somebody started, as a reader names people: by their id or e-mail address.
func (sc Scope) initiatorSQL(who string) (string, string) {
	switch {
	case strings.EqualFold(who, Me):
		return "r.initiator_id = ?", sc.reader
	case strings.Contains(who, "@"):
		return "r.initiator_id = (SELECT u.id FROM users u WHERE u.email = ?)", emailOf(who)
	}
	return "r.initiator_id = ?", who
}

// emailOf is an e-mail address as it is stored.
func emailOf(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// where is the scope's condition on operation_runs r.
func (sc Scope) where() (string, []any, error) {
	switch sc.kind {
	case platformScope, engineScope:
		return "TRUE", nil, nil
	case memberScope:
		condition, args := sc.grantsSQL("r.workspace_id", "r.tenant_id")
		return condition, args, nil
	case noScope:
	}
	return "", nil, ErrNoScope
}

// grantsSQL is true where a grant opens the row. A row without a tenant, whose tenant is NULL, needs all tenants.
func (sc Scope) grantsSQL(workspace, tenant string) (string, []any) {
	var whole []string
	var conditions []string
	var args []any
	for _, g := range sc.grants {
		switch {
		case g.AllTenants:
			whole = append(whole, g.WorkspaceID)
		case len(g.TenantIDs) > 0:
			inWorkspace, id := among(workspace, g.WorkspaceID)
			inTenants, ids := among(tenant, g.TenantIDs...)
			conditions = append(conditions, "("+inWorkspace+" AND "+inTenants+")")
			args = append(append(args, id...), ids...)
		}
	}
	if len(whole) > 0 {
		condition, ids := among(workspace, whole...)
		conditions, args = append(conditions, condition), append(args, ids...)
	}
	if len(conditions) == 0 {
		return "FALSE", nil
	}
	return "(" + strings.Join(conditions, " OR ") + ")", args
}

// tenants is the scope's condition on rows that belong to a tenant.
func (sc Scope) tenants(workspace, tenant string) (string, []any, error) {
	if sc.kind != memberScope {
		return sc.where()
	}
	condition, args := sc.grantsSQL(workspace, tenant)
	return condition, args, nil
}

// workspaces is the scope's condition on workspaces.
func (sc Scope) workspaces(workspace string) (string, []any, error) {
	if sc.kind != memberScope {
		return sc.where()
	}
	if len(sc.grants) == 0 {
		return "FALSE", nil, nil
	}
	ids := make([]string, len(sc.grants))
	for i, g := range sc.grants {
		ids[i] = g.WorkspaceID
	}
	return workspace + " IN ?", []any{ids}, nil
}

// Sees reports whether a run of this workspace and tenant is within the scope; the tenant is empty for a run without one.
// It is what the scope's condition says in SQL.
func (sc Scope) Sees(workspaceID, tenantID string) bool {
	if sc.kind != memberScope {
		return sc.kind != noScope
	}
	return slices.ContainsFunc(sc.grants, func(g Grant) bool {
		return g.WorkspaceID == workspaceID && (g.AllTenants || tenantID != "" && slices.Contains(g.TenantIDs, tenantID))
	})
}
