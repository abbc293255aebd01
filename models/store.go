package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

const (
	queryTimeout = 10 * time.Second // of one read
	writeTimeout = 30 * time.Second // of one transaction, with the wait for its turn
	maxConns     = 20               // per process; the fleet's sum must stay under the server's limit
)

// Store keeps the rows; one per process. It is safe for concurrent use.
type Store struct {
	db    *gorm.DB
	d     Dialect
	clock string // SQL for the database's clock in microseconds

	// turn is taken by the one writer of this process, where the database has but one: whoever waits in line is
	// served, while whoever polls a busy database may starve. Nil where writers lock rows.
	turn chan struct{}

	away *outage // of this process

	unreadable *unreadable

	titles map[string]string // what people call operation types, folded, by name: see WithTitles
}

// Open connects to PostgreSQL. The schema must have been migrated, see MigrateUp.
func Open(ctx context.Context, dsn string) (*Store, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the database address: %w", err)
	}
	// Planning a list takes the server longer than reading it, so it keeps the plans of the statements that a
	// connection asked last. Values that call for a plan of their own stand in the text, see runConditions.
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	config.StatementCacheCapacity = 200
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(prepareSession))
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(maxConns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	s, err := New(pool, Postgres)
	if err == nil {
		err = s.Ping(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect to the database: %w", err), pool.Close())
	}
	return s, nil
}

// prepareSession makes the server end what a lost client cannot: a stuck statement or an abandoned transaction. Reads want
// few runs by their ids; by a merge join the planner would find what is likely stuck by reading all runs back to the
// oldest active one.
func prepareSession(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SET statement_timeout = '15s'; SET idle_in_transaction_session_timeout = '30s'; SET enable_mergejoin = off`)
	return err
}

// New makes a store of an open pool. The store owns the pool.
func New(pool *sql.DB, d Dialect) (*Store, error) {
	config := &gorm.Config{Logger: logger.Discard, SkipDefaultTransaction: true, DisableAutomaticPing: true}
	dialector := postgres.New(postgres.Config{Conn: pool})
	if d.Dialector != nil {
		dialector = d.Dialector(pool)
	}
	db, err := gorm.Open(dialector, config)
	if err != nil {
		return nil, fmt.Errorf("open the record store: %w", err)
	}
	s := &Store{db: db, d: d, clock: d.Clock, away: &outage{now: time.Now}, unreadable: &unreadable{told: map[string]bool{}}}
	if !d.Advisory {
		s.turn = make(chan struct{}, 1)
	}
	return s, nil
}

// DB lets sibling packages read tables of their own, see Write. Runs are read through the store alone.
func (s *Store) DB() *gorm.DB { return s.db }

// Close closes every connection.
func (s *Store) Close() error {
	pool, err := s.db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.Now(ctx)
	return err
}

// Now reads the database's clock.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var now int64
	err := s.read(ctx, func(db *gorm.DB) error { return db.Raw(`SELECT ` + s.clock).Scan(&now).Error })
	if err != nil {
		return time.Time{}, fmt.Errorf("read the database's clock: %w", err)
	}
	return fromMicros(now), nil
}

// WithClock returns the same store on another clock: an SQL expression of microseconds. For tests.
func (s *Store) WithClock(sqlExpr string) *Store {
	other := *s
	other.clock = "(" + sqlExpr + ")"
	return &other
}

// read runs queries within the time limit. The reconciler reads before it writes, so that reads tell of an outage too.
func (s *Store) read(caller context.Context, query func(db *gorm.DB) error) error {
	ctx, cancel := context.WithTimeout(caller, queryTimeout)
	defer cancel()
	tried := s.away.begin(ctx)
	err := query(s.db.WithContext(ctx))
	if s.unreached(caller, err) {
		s.away.failed(tried)
	} else if err == nil {
		s.away.reached()
	}
	return err
}

// Write runs one transaction within the time limit, for sibling packages' own tables too. The function may run more
// than once: a transaction that gave way to others is tried again. The first that goes through after the database was
// away tells since when none did.
func (s *Store) Write(ctx context.Context, change func(tx *gorm.DB) error) error {
	tried := s.away.begin(ctx)
	err := s.write(ctx, change)
	if s.unreached(ctx, err) {
		s.away.failed(tried)
	}
	return err
}

func (s *Store) write(ctx context.Context, change func(tx *gorm.DB) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if s.turn != nil {
		select {
		case s.turn <- struct{}{}:
			defer func() { <-s.turn }()
		case <-ctx.Done():
			return fmt.Errorf("wait for the turn to write: %w", ctx.Err())
		}
	}
	for {
		var told time.Time
		err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) (err error) {
			if told, err = s.tellOutage(tx); err != nil {
				return err
			}
			return change(tx)
		})
		if err == nil {
			s.away.succeeded(told)
		}
		if err == nil || !s.d.BusyErr(err) || ctx.Err() != nil {
			return err
		}
	}
}

// exec runs one statement of its own and returns how many rows it changed.
func (s *Store) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	var rows int64
	err := s.Write(ctx, func(tx *gorm.DB) error {
		result := tx.Exec(statement, args...)
		rows = result.RowsAffected
		return result.Error
	})
	return rows, err
}

func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return id.String(), nil
}
