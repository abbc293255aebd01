package models

import (
	"encoding/json"
	"log/slog"
	"sync"
)

// unreadable remembers of which stored texts it was told that they cannot be read: every pass and page reads them again.
type unreadable struct {
	mu   sync.Mutex
	told map[string]bool
}

// toldMost bounds what is remembered. A database with more such texts has been told of.
const toldMost = 1000

func (u *unreadable) tell(what, of string, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if key := what + " " + of; !u.told[key] && len(u.told) < toldMost {
		u.told[key] = true
		slog.Warn("a stored text cannot be read, and goes for nothing; was it written by a newer version, or by hand?", "text", what, "of", of, "error", err)
	}
}

// decoded reads a stored JSON text. One that cannot be read goes for nothing, which is reported: it must not hide all the
// other rows of its list, nor stop a pass.
func decoded[T any](s *Store, what, of, text string) (v T, ok bool) {
	if text == "" || text == "{}" {
		return v, true
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		s.unreadable.tell(what, of, err)
		var nothing T
		return nothing, false
	}
	return v, true
}
