package models

// Scope says which runs a query may see. The zero Scope sees none and is refused, so that it cannot be left out.
type Scope struct {
	kind   scopeKind
	grants []Grant
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
