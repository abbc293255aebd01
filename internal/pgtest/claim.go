package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Databases are named opstruth_test_<owner>_<number>. The owner is a word that one test process made
// up and for which it holds an advisory lock as long as its connection lives. So a later process can
// tell, on a server that many share, whose databases were left behind by a process that was killed.
// PostgreSQL keeps these locks per database: all processes must connect to the same one.
const namePrefix = "opstruth_test_"

// begin checks the server, claims an owner's name and drops what dead owners left.
func (h *host) begin(ctx context.Context) error {
	var version int
	if err := h.conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return fmt.Errorf("ask the test server's version: %w", err)
	}
	if version < minVersion {
		return fmt.Errorf("use PostgreSQL 15 or newer for tests: the server is %d", version/10000)
	}
	owner := strings.ToLower(rand.Text()[:12])
	h.prefix = namePrefix + owner + "_"
	claimed, err := h.lock(ctx, owner)
	if err != nil {
		return err
	}
	if !claimed {
		return fmt.Errorf("claim the test databases %s*: another process holds them", h.prefix)
	}
	return h.sweep(ctx, owner)
}

// sweep drops the databases of owners whose lock nobody holds.
func (h *host) sweep(ctx context.Context, self string) error {
	rows, err := h.conn.Query(ctx, "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", namePrefix)
	if err != nil {
		return fmt.Errorf("list test databases: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list test databases: %w", err)
	}
	for _, name := range names {
		owner, _, _ := strings.Cut(strings.TrimPrefix(name, namePrefix), "_")
		if owner == self {
			continue
		}
		dead, err := h.lock(ctx, owner)
		if err != nil {
			return err
		}
		if !dead {
			continue
		}
		if _, err := h.conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)"); err != nil {
			return fmt.Errorf("drop %s, left by an earlier test process: %w", name, err)
		}
		if _, err := h.conn.Exec(ctx, "SELECT pg_advisory_unlock(hashtextextended($1, 0))", owner); err != nil {
			return fmt.Errorf("release the lock on %s: %w", owner, err)
		}
	}
	return nil
}

// lock reports whether this process got the owner's advisory lock, without waiting for it.
func (h *host) lock(ctx context.Context, owner string) (bool, error) {
	var got bool
	err := h.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", owner).Scan(&got)
	if err != nil {
		return false, fmt.Errorf("lock the test databases of %s: %w", owner, err)
	}
	return got, nil
}
