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

// TokenByHash finds a token that has not expired and whose it is, disabled or not. It stamps the token's use at most once
// a minute.
func (s *Store) TokenByHash(ctx context.Context, hash string) (APIToken, User, error) {
	type row struct {
		Token APIToken `gorm:"embedded"`
		User  User     `gorm:"embedded;embeddedPrefix:user_"`
		Stale bool
	}
	found, err := one[row](ctx, s, "token", `SELECT t.id, t.user_id, t.plane, t.hash, t.name, t.created_at, t.last_used_at, t.expires_at,
			u.email AS user_email, u.name AS user_name, u.password_hash AS user_password_hash, u.disabled_at AS user_disabled_at,
			t.last_used_at < `+s.clock+` - ? AS stale
		FROM api_tokens t JOIN users u ON u.id = t.user_id WHERE t.hash = ? AND (t.expires_at = 0 OR t.expires_at > `+s.clock+`)`,
		time.Minute.Microseconds(), hash)
	if err != nil {
		return APIToken{}, User{}, err
	}
	found.User.ID = found.Token.UserID
	if found.Stale {
		_, err = s.exec(ctx, `UPDATE api_tokens SET last_used_at = `+s.clock+` WHERE id = ?`, found.Token.ID)
	}
	return found.Token, found.User, err
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
