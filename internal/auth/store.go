package auth

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// NewSessionStore keeps sessions in the record database. Expired ones are removed when a new one is stored.
func NewSessionStore(db *gorm.DB) SessionStore { return sessionStore{db} }

type sessionStore struct{ db *gorm.DB }

func (s sessionStore) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	var rows []struct{ Data []byte }
	err = s.db.WithContext(ctx).
		Raw("SELECT data FROM sessions WHERE token = ? AND expiry > ?", token, time.Now().UnixMicro()).Scan(&rows).Error
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	if len(rows) == 0 {
		return nil, false, nil
	}
	return rows[0].Data, true, nil
}

func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("DELETE FROM sessions WHERE expiry <= ?", time.Now().UnixMicro()).Error; err != nil {
			return fmt.Errorf("remove expired sessions: %w", err)
		}
		err := tx.Exec("INSERT INTO sessions (token, data, expiry) VALUES (?, ?, ?) "+
			"ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry",
			token, data, expiry.UnixMicro()).Error
		if err != nil {
			return fmt.Errorf("store session: %w", err)
		}
		return nil
	})
}

func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	if err := s.db.WithContext(ctx).Exec("DELETE FROM sessions WHERE token = ?", token).Error; err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}

// The library's interface asks for these too; with a CtxStore it calls only those above.

func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s sessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
