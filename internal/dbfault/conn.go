package dbfault

import (
	"context"
	"database/sql/driver"
)

// full is what the drivers of both databases can do.
type full interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
}

type conn struct {
	full

	lost bool
}

// around runs one statement between its two points.
func around[R any](ctx context.Context, c *conn, statement string, run func() (R, error)) (R, error) {
	var none R
	if c.lost {
		return none, ErrLost
	}
	if err := Reach(ctx, Point{Statement: statement}); err != nil {
		c.lose()
		return none, err
	}
	answer, err := run()
	if err != nil {
		return answer, err
	}
	if err := Reach(ctx, Point{Statement: statement, After: true}); err != nil {
		c.lose()
		return none, err
	}
	return answer, nil
}

// lose cuts the connection, so that the database rolls back what was not committed.
func (c *conn) lose() {
	c.lost = true
	_ = c.full.Close()
}

func (c *conn) Close() error {
	if c.lost {
		return nil
	}
	return c.full.Close()
}

func (c *conn) IsValid() bool { return !c.lost }

func (c *conn) ResetSession(ctx context.Context) error {
	if c.lost {
		return driver.ErrBadConn
	}
	return c.full.ResetSession(ctx)
}

// CheckNamedValue leaves to the driver what it takes, or to database/sql.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.full.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *conn) ExecContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Result, error) {
	return around(ctx, c, statement, func() (driver.Result, error) { return c.full.ExecContext(ctx, statement, args) })
}

func (c *conn) QueryContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Rows, error) {
	if c.lost {
		return nil, ErrLost
	}
	if err := Reach(ctx, Point{Statement: statement}); err != nil {
		c.lose()
		return nil, err
	}
	rows, err := c.full.QueryContext(ctx, statement, args)
	if err != nil {
		return nil, err
	}
	if err := Reach(ctx, Point{Statement: statement, After: true}); err != nil {
		_ = rows.Close()
		c.lose()
		return nil, err
	}
	return rows, nil
}

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	inner, err := around(ctx, c, "BEGIN", func() (driver.Tx, error) { return c.full.BeginTx(ctx, opts) })
	if err != nil {
		return nil, err
	}
	return &tx{Tx: inner, ctx: ctx, conn: c}, nil
}

type tx struct {
	driver.Tx

	ctx  context.Context //nolint:containedctx // database/sql hands none to Commit
	conn *conn
}

func (t *tx) Commit() error {
	_, err := around(t.ctx, t.conn, "COMMIT", func() (struct{}, error) { return struct{}{}, t.Tx.Commit() })
	return err
}

func (t *tx) Rollback() error {
	if t.conn.lost {
		return ErrLost
	}
	return t.Tx.Rollback()
}
