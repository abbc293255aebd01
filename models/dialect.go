package models

import (
	"database/sql"

	"gorm.io/gorm"
)

// Dialect is what differs between the databases.
type Dialect struct {
	Name      string
	Clock     string // microseconds; constant within a statement, so that indexes serve comparisons with it
	Greatest  string // the scalar function for the larger of two
	Least     string
	RowLock   string                        // suffix that locks the selected rows against other writers
	RunLock   string                        // the same for a run's own row, and lets others refer to it
	Advisory  bool                          // named locks exist; without them every transaction is the only writer
	Literal   func(text string) string      // a text as it stands in a statement
	Match     func(words [][]string) string // for all of the words any of its parts, as the search index asks; nil: as LIKE does
	Dialector func(pool *sql.DB) gorm.Dialector
	UniqueErr func(err error) bool // a unique index refused a row
	BusyErr   func(err error) bool // other writers were in the way: the transaction may be tried again
	AwayErr   func(err error) bool // the server said that it is not there, or did not get to it in time
}

// Postgres is PostgreSQL 15 or newer.
var Postgres = Dialect{
	Name:      "postgres",
	Clock:     `(extract(epoch FROM statement_timestamp()) * 1000000)::bigint`,
	Greatest:  "GREATEST",
	Least:     "LEAST",
	RowLock:   " FOR UPDATE",
	RunLock:   " FOR NO KEY UPDATE",
	Advisory:  true,
	Literal:   postgresLiteral,
	UniqueErr: postgresUnique,
	BusyErr:   postgresBusy,
	AwayErr:   postgresAway,
}
