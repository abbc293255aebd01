// Package sqlite opens the record store in an SQLite file, for the program that needs nothing beside itself.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite" // also registers the driver
	lib "modernc.org/sqlite/lib"

	"github.com/opstruth/opstruth/models"
)

// driver is modernc's. Every build of this program has it once: a second registration of the name would panic.
const driver = "sqlite"

// primaryCode masks an extended error code.
const primaryCode = 0xff

// maxConns lets readers go on beside the one writer.
const maxConns = 8

// Dialect is SQLite in WAL mode. Every transaction takes the write lock when it begins, so it is the only writer
// until it ends; others wait for it.
var Dialect = models.Dialect{
	Name:     "sqlite",
	Clock:    `CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000`,
	Greatest: "MAX",
	Least:    "MIN",
	Match:    match,
	Dialector: func(pool *sql.DB) gorm.Dialector {
		return gormsqlite.New(gormsqlite.Config{DriverName: driver, Conn: pool})
	},
	UniqueErr: func(err error) bool {
		var refused *sqlite.Error
		return errors.As(err, &refused) &&
			(refused.Code() == lib.SQLITE_CONSTRAINT_UNIQUE || refused.Code() == lib.SQLITE_CONSTRAINT_PRIMARYKEY)
	},
	BusyErr: func(err error) bool {
		var refused *sqlite.Error
		return errors.As(err, &refused) && refused.Code()&primaryCode == lib.SQLITE_BUSY
	},
	AwayErr: func(err error) bool {
		var refused *sqlite.Error
		if !errors.As(err, &refused) {
			return false
		}
		switch refused.Code() & primaryCode {
		case lib.SQLITE_BUSY, lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_FULL:
			return true
		}
		return false
	},
}

// match asks the search index, whose texts are in double quotes.
func match(words [][]string) string {
	all := make([]string, len(words))
	for i, parts := range words {
		quoted := make([]string, len(parts))
		for n, part := range parts {
			quoted[n] = `"` + strings.ReplaceAll(part, `"`, `""`) + `"`
		}
		all[i] = "(" + strings.Join(quoted, " OR ") + ")"
	}
	return strings.Join(all, " AND ")
}

// Open opens the store in the file at path and makes the file where there is none. Several processes of one host
// may share it. The schema must have been migrated, see Store.MigrateUp.
func Open(ctx context.Context, path string) (*models.Store, error) {
	pool, err := sql.Open(driver, Address(path))
	if err != nil {
		return nil, fmt.Errorf("open the record file: %w", err)
	}
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(maxConns)
	s, err := models.New(pool, Dialect)
	if err == nil {
		err = s.Ping(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the record file %s: %w", path, err), pool.Close())
	}
	return s, nil
}

// Address is how the driver is told to open the file.
func Address(path string) string {
	options := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(9000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)"},
	}
	address := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options.Encode()}
	return address.String()
}
