package models

import "context"

const connectionColumns = `c.id, c.tenant_id, c.name, c.base_url, c.auth, c.client_id, c.token_url, c.scope, c.secret_sealed`

// SaveConnection adds a connection, or replaces the one with the same tenant and name. Without a sealed secret the
// stored one stays.
func (s *Store) SaveConnection(ctx context.Context, c Connection) (Connection, error) {
	if err := giveID(&c.ID); err != nil {
		return Connection{}, err
	}
	return written[Connection](ctx, s, "connection", `INSERT INTO connections AS c
			(id, tenant_id, name, base_url, auth, client_id, token_url, scope, secret_sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (tenant_id, name) DO UPDATE SET base_url = excluded.base_url, auth = excluded.auth, client_id = excluded.client_id,
			token_url = excluded.token_url, scope = excluded.scope, secret_sealed = COALESCE(excluded.secret_sealed, c.secret_sealed)
		RETURNING id, tenant_id, name, base_url, auth, client_id, token_url, scope, secret_sealed`,
		c.ID, c.TenantID, c.Name, c.BaseURL, string(c.Auth), c.ClientID, c.TokenURL, c.Scope, c.SecretSealed)
}

// Connection finds a connection for the engine, which has checked the run's tenant before.
func (s *Store) Connection(ctx context.Context, id string) (Connection, error) {
	return one[Connection](ctx, s, "connection", `SELECT `+connectionColumns+` FROM connections c WHERE c.id = ?`, id)
}

// Connections lists a tenant's connections by name, if the scope opens the tenant.
func (s *Store) Connections(ctx context.Context, sc Scope, tenantID string) ([]Connection, error) {
	visible, args, err := sc.tenants("t.workspace_id", "t.id")
	if err != nil {
		return nil, err
	}
	return many[Connection](ctx, s, "connections", `SELECT `+connectionColumns+` FROM connections c JOIN tenants t ON t.id = c.tenant_id
		WHERE c.tenant_id = ? AND `+visible+` ORDER BY c.name, c.id`, append([]any{tenantID}, args...)...)
}
