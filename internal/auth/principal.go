package auth

import (
	"slices"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
)

// Action is what somebody wants to do with what lies within their scope.
type Action string

const (
	View    Action = "view"    // read; every member and every platform account may
	Operate Action = "operate" // start, cancel, retry, acknowledge
)

// Principal is who asks, on one plane. Its zero value may do nothing.
type Principal struct {
	Plane       links.Plane
	User        models.User
	Memberships []models.Membership // admin plane
	Platform    []models.Capability // system plane
}

// Scope is what the principal may see.
func (p Principal) Scope() models.Scope {
	if p.Plane == links.System {
		return models.Platform().Of(p.User.ID)
	}
	grants := make([]models.Grant, len(p.Memberships))
	for i, m := range p.Memberships {
		grants[i] = m.Grant()
	}
	return models.Member(grants...).Of(p.User.ID)
}

// Mailbox is the principal's notifications. On the system plane there are none.
func (p Principal) Mailbox() models.Mailbox {
	if p.Plane == links.System {
		return models.Mailbox{}
	}
	box := models.Mailbox{UserID: p.User.ID, Scope: p.Scope()}
	for _, m := range p.Memberships {
		if m.Role == models.RoleOwner {
			box.Owns = append(box.Owns, m.WorkspaceID)
		}
	}
	return box
}

// Membership is the principal's place in a workspace.
func (p Principal) Membership(workspaceID string) (models.Membership, bool) {
	for _, m := range p.Memberships {
		if m.WorkspaceID == workspaceID {
			return m, true
		}
	}
	return models.Membership{}, false
}

// Can reports whether the principal may do this in a workspace that is within its scope. On the system
// plane the workspace does not matter.
func (p Principal) Can(a Action, workspaceID string) bool {
	if p.Plane == links.System {
		return slices.Contains(p.Platform, models.CapTriage) ||
			a == View && slices.Contains(p.Platform, models.CapView)
	}
	m, ok := p.Membership(workspaceID)
	switch a {
	case View:
		return ok
	case Operate:
		return ok && (m.Role == models.RoleOwner || m.Role == models.RoleOperator)
	}
	return false
}

// admitted reports whether the principal has any business on its plane.
func (p Principal) admitted() bool {
	if p.Plane == links.System {
		return p.Can(View, "")
	}
	return len(p.Memberships) > 0
}
