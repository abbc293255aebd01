package models

import (
	"encoding/base64"
	"encoding/json"
)

const (
	defaultLimit = 50
	maxLimit     = 500
)

// limit is how many rows the page asks for.
func (p Page) limit() int {
	if p.Limit <= 0 {
		return defaultLimit
	}
	return min(p.Limit, maxLimit)
}

// position is the last row of a page: its sort keys. It travels as an opaque cursor.
type position struct {
	At int64  `json:"a,omitempty"`
	ID string `json:"i,omitempty"`
}

func (p position) cursor() string {
	b, err := json.Marshal(p)
	if err != nil {
		return "" // a number and a text always encode
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// position reads the cursor; ok is false for the first page.
func (p Page) position() (at position, ok bool, err error) {
	if p.Cursor == "" {
		return position{}, false, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil || json.Unmarshal(b, &at) != nil || at == (position{}) {
		return position{}, false, ErrBadCursor
	}
	return at, true, nil
}

// cut keeps one page of rows of which one more was read than asked for, and says whether there are more.
func cut[T any](rows []T, limit int) ([]T, bool) {
	if len(rows) > limit {
		return rows[:limit], true
	}
	return rows, false
}
