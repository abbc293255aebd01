package models

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// SavedView is a list that a reader named. Its query is the filter as a URL carries it, and is read anew in the reader's
// scope each time: a view opens nothing.
type SavedView struct {
	ID        string
	UserID    string
	Plane     Plane
	Name      string
	Query     string
	CreatedAt time.Time `gorm:"serializer:micros;autoCreateTime:false"`
}

// MaxViewName is the length of a view's name, in characters.
const MaxViewName = 60

const (
	maxViews     = 50   // of one reader on one plane
	maxViewQuery = 2000 // bytes
)

// ErrTooManyViews refuses one saved view more than a reader may have.
var ErrTooManyViews = errors.New("you have 50 saved views; delete one before you save another")

// ErrViewTooLong refuses a view whose filter is longer than is kept.
var ErrViewTooLong = errors.New("this list's filter is too long to be saved as a view; search for a shorter text, or filter by fewer things, and save it again")

// SaveView stores a view. One of the same name is replaced.
func (s *Store) SaveView(ctx context.Context, v SavedView) (SavedView, error) {
	v.Name = strings.TrimSpace(v.Name)
	if n := utf8.RuneCountInString(v.Name); n == 0 || n > MaxViewName {
		return SavedView{}, fmt.Errorf("save view: want a name of 1 to %d characters", MaxViewName)
	}
	if len(v.Query) > maxViewQuery {
		return SavedView{}, ErrViewTooLong
	}
	if err := giveID(&v.ID); err != nil {
		return SavedView{}, err
	}
	saved, err := written[SavedView](ctx, s, "view", `INSERT INTO saved_views (id, user_id, plane, name, query, created_at)
		SELECT ?, ?, ?, ?, ?, `+s.clock+` WHERE EXISTS (SELECT 1 FROM saved_views WHERE user_id = ? AND plane = ? AND name = ?)
			OR (SELECT COUNT(*) FROM saved_views WHERE user_id = ? AND plane = ?) < ?
		ON CONFLICT (user_id, plane, name) DO UPDATE SET query = excluded.query RETURNING id, user_id, plane, name, query, created_at`,
		v.ID, v.UserID, string(v.Plane), v.Name, v.Query, v.UserID, string(v.Plane), v.Name, v.UserID, string(v.Plane), maxViews)
	if errors.Is(err, ErrNotFound) {
		return SavedView{}, ErrTooManyViews
	}
	return saved, err
}

// DeleteView removes a reader's own view; ErrNotFound for any other.
func (s *Store) DeleteView(ctx context.Context, userID string, p Plane, id string) error {
	rows, err := s.exec(ctx, `DELETE FROM saved_views WHERE user_id = ? AND plane = ? AND id = ?`, userID, string(p), id)
	if err != nil {
		return fmt.Errorf("delete view: %w", err)
	}
	if rows == 0 {
		return fmt.Errorf("find view: %w", ErrNotFound)
	}
	return nil
}
