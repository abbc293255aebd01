package models

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// CreateUser adds a person. The email is stored in lower case and unique.
func (s *Store) CreateUser(ctx context.Context, u User) (User, error) {
	if err := giveID(&u.ID); err != nil {
		return User{}, err
	}
	u.Email = emailOf(u.Email)
	err := s.insert(ctx, "user", `INSERT INTO users (id, email, name, password_hash) VALUES (?, ?, ?, ?)`, u.ID, u.Email, u.Name, u.PasswordHash)
	return u, err
}

// SetPassword replaces a user's password hash.
func (s *Store) SetPassword(ctx context.Context, userID, passwordHash string) error {
	rows, err := s.exec(ctx, `UPDATE users SET password_hash = ? WHERE id = ?`, passwordHash, userID)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if rows == 0 {
		return ErrNotFound
	}
	return nil
}

// userColumns are named: a column that a newer version adds must not break the statements that this one has prepared.
const userColumns = `id, email, name, password_hash, disabled_at`

// UserByEmail finds a person, disabled or not.
func (s *Store) UserByEmail(ctx context.Context, email string) (User, error) {
	return one[User](ctx, s, "user", `SELECT `+userColumns+` FROM users WHERE email = ?`, emailOf(email))
}

// UserByID finds a person, disabled or not.
func (s *Store) UserByID(ctx context.Context, id string) (User, error) {
	return one[User](ctx, s, "user", `SELECT `+userColumns+` FROM users WHERE id = ?`, id)
}

// SetMembership makes a user a member of a workspace, or changes what the member may do there.
func (s *Store) SetMembership(ctx context.Context, m Membership) error {
	err := s.Write(ctx, func(tx *gorm.DB) error {
		err := tx.Exec(`INSERT INTO memberships (user_id, workspace_id, role, all_tenants) VALUES (?, ?, ?, ?)
			ON CONFLICT (user_id, workspace_id) DO UPDATE SET role = excluded.role, all_tenants = excluded.all_tenants`,
			m.UserID, m.WorkspaceID, string(m.Role), m.AllTenants).Error
		if err != nil {
			return err
		}
		err = tx.Exec(`DELETE FROM membership_tenants WHERE user_id = ? AND workspace_id = ?`, m.UserID, m.WorkspaceID).Error
		if err != nil || m.AllTenants || len(m.TenantIDs) == 0 {
			return err
		}
		result := tx.Exec(`INSERT INTO membership_tenants (user_id, workspace_id, tenant_id)
			SELECT ?, workspace_id, id FROM tenants WHERE workspace_id = ? AND id IN ?`, m.UserID, m.WorkspaceID, m.TenantIDs)
		if result.Error == nil && int(result.RowsAffected) != len(m.TenantIDs) {
			return fmt.Errorf("a tenant of the membership is not in its workspace: %w", ErrNotFound)
		}
		return result.Error
	})
	if err != nil {
		return fmt.Errorf("set membership: %w", err)
	}
	return nil
}

// Memberships lists the workspaces of a user by name, with the tenants where not all are open.
func (s *Store) Memberships(ctx context.Context, userID string) ([]Membership, error) {
	type row struct {
		Membership Membership `gorm:"embedded"`
		TenantID   string
	}
	rows, err := many[row](ctx, s, "memberships", `SELECT m.user_id, m.workspace_id, w.slug AS workspace_slug, w.name AS workspace_name,
			m.role, m.all_tenants, COALESCE(t.tenant_id, '') AS tenant_id
		FROM memberships m JOIN workspaces w ON w.id = m.workspace_id
		LEFT JOIN membership_tenants t ON t.user_id = m.user_id AND t.workspace_id = m.workspace_id AND NOT m.all_tenants
		WHERE m.user_id = ? ORDER BY w.name, w.id, t.tenant_id`, userID)
	if err != nil {
		return nil, err
	}
	var all []Membership
	for _, r := range rows {
		if n := len(all); n == 0 || all[n-1].WorkspaceID != r.Membership.WorkspaceID {
			all = append(all, r.Membership)
		}
		if last := &all[len(all)-1]; r.TenantID != "" {
			last.TenantIDs = append(last.TenantIDs, r.TenantID)
		}
	}
	return all, nil
}

// GrantCapability makes a user a platform account, or gives it one more capability.
func (s *Store) GrantCapability(ctx context.Context, userID string, c Capability) error {
	return s.insert(ctx, "capability", `INSERT INTO platform_capabilities (user_id, capability) VALUES (?, ?) ON CONFLICT DO NOTHING`, userID, string(c))
}

// Capabilities lists what a platform account may do; none for members.
func (s *Store) Capabilities(ctx context.Context, userID string) ([]Capability, error) {
	return many[Capability](ctx, s, "capabilities", `SELECT capability FROM platform_capabilities WHERE user_id = ? ORDER BY capability`, userID)
}

func giveID(id *string) error {
	if *id != "" {
		return nil
	}
	made, err := newID()
	*id = made
	return err
}
