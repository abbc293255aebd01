package models

import (
	"context"
	"time"
)

const tokenColumns = `id, user_id, plane, hash, name, created_at, last_used_at, expires_at`

// CreateToken stores a personal token's hash.
func (s *Store) CreateToken(ctx context.Context, t APIToken) (APIToken, error) {
	if err := giveID(&t.ID); err != nil {
		return APIToken{}, err
	}
	err := s.insert(ctx, "token", `INSERT INTO api_tokens (id, user_id, plane, hash, name, created_at, expires_at)
		VALUES (?, ?, ?, ?, ?, `+s.clock+`, ?)`, t.ID, t.UserID, string(t.Plane), t.Hash, t.Name, toMicros(t.ExpiresAt))
	if err != nil {
		return APIToken{}, err
	}
	return one[APIToken](ctx, s, "token", `SELECT `+tokenColumns+` FROM api_tokens WHERE id = ?`, t.ID)
}

// TokenByHash finds a token that has not expired, and stamps its use at most once a minute.
func (s *Store) TokenByHash(ctx context.Context, hash string) (APIToken, error) {
	t, err := one[APIToken](ctx, s, "token", `SELECT `+tokenColumns+` FROM api_tokens WHERE hash = ? AND (expires_at = 0 OR expires_at > `+s.clock+`)`, hash)
	if err != nil {
		return APIToken{}, err
	}
	_, err = s.exec(ctx, `UPDATE api_tokens SET last_used_at = `+s.clock+` WHERE id = ? AND last_used_at < `+s.clock+` - ?`,
		t.ID, time.Minute.Microseconds())
	return t, err
}

// CreateSignInLink stores a link that signs its user in once, within so long.
func (s *Store) CreateSignInLink(ctx context.Context, l SignInLink, lasts time.Duration) error {
	return s.insert(ctx, "sign-in link", `INSERT INTO sign_in_links (hash, user_id, plane, expires_at) VALUES (?, ?, ?, `+s.clock+` + ?)`,
		l.Hash, l.UserID, string(l.Plane), lasts.Microseconds())
}

// UseSignInLink spends a link. ErrNotFound when it is unknown, expired or spent.
func (s *Store) UseSignInLink(ctx context.Context, hash string) (SignInLink, error) {
	return written[SignInLink](ctx, s, "sign-in link", `UPDATE sign_in_links SET used_at = `+s.clock+`
		WHERE hash = ? AND used_at = 0 AND expires_at > `+s.clock+` RETURNING hash, user_id, plane, expires_at, used_at`, hash)
}
