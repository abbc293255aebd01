package surfaces

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/models/sqlite"
)

// cost counts what is asked of a record: unlike time, it is the same on every machine.
type cost struct {
	statements, rows atomic.Int64
}

// of is what something costs.
func (c *cost) of(do func()) (statements, rows int64) {
	statements, rows = c.statements.Load(), c.rows.Load()
	do()
	return c.statements.Load() - statements, c.rows.Load() - rows
}

// counted opens an empty record of which all that is read is counted.
func counted(t *testing.T, c *cost) *models.Store {
	t.Helper()
	file := modelstest.File(t)
	registered, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	require.NoError(t, registered.Close())
	pool := sql.OpenDB(counting{registered.Driver(), sqlite.Address(file), c})
	pool.SetMaxOpenConns(8)
	pool.SetMaxIdleConns(8)
	s, err := models.New(pool, sqlite.Dialect)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// counting makes connections that count.
type counting struct {
	driver  driver.Driver
	address string
	cost    *cost
}

func (c counting) Driver() driver.Driver { return c.driver }

func (c counting) Connect(context.Context) (driver.Conn, error) {
	inner, err := c.driver.Open(c.address)
	if err != nil {
		return nil, err
	}
	able, ok := inner.(connection)
	if !ok {
		return nil, errors.Join(fmt.Errorf("driver %T lacks what a counted connection needs", inner), inner.Close())
	}
	return countedConn{able, c.cost}, nil
}

// connection is what the driver's can do.
type connection interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
}

type countedConn struct {
	connection

	cost *cost
}

func (c countedConn) ExecContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Result, error) {
	c.cost.statements.Add(1)
	return c.connection.ExecContext(ctx, statement, args)
}

func (c countedConn) QueryContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Rows, error) {
	c.cost.statements.Add(1)
	rows, err := c.connection.QueryContext(ctx, statement, args)
	if err != nil {
		return nil, err
	}
	return countedRows{rows, c.cost}, nil
}

type countedRows struct {
	driver.Rows

	cost *cost
}

func (r countedRows) Next(into []driver.Value) error {
	err := r.Rows.Next(into)
	if err == nil {
		r.cost.rows.Add(1)
	}
	return err
}
