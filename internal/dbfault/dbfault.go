// Package dbfault lets a test stand at every statement between a store and its database: to let others go first, or to
// break the connection before the statement runs or after it ran, its answer lost. It is for tests alone.
package dbfault

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
)

// ErrLost is what every call on a broken connection says: an error of the network, as the drivers' own.
var ErrLost error = &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection was lost")}

// Point is a place between two statements.
type Point struct {
	Statement string // BEGIN and COMMIT too
	After     bool   // it ran; its answer has not arrived
}

// Watcher is called at each point. An error breaks the connection there, and is what the statement says.
type Watcher func(Point) error

type watcherKey struct{}

// Watch makes a watcher of what is done under the context.
func Watch(ctx context.Context, w Watcher) context.Context {
	return context.WithValue(ctx, watcherKey{}, w)
}

// Reach tells the watcher of the context that a point was reached. Stand-ins for other servers call it too.
func Reach(ctx context.Context, p Point) error {
	if w, ok := ctx.Value(watcherKey{}).(Watcher); ok {
		return w(p)
	}
	return nil
}

// BreakAt breaks the connection at the n-th point, the first being 0. The one after a statement is the same connection's
// loss with the answer under way.
func BreakAt(n int) Watcher {
	at := -1
	return func(p Point) error {
		if at++; at == n {
			return fmt.Errorf("%w at %q", ErrLost, p.Statement)
		}
		return nil
	}
}

// Count counts points.
func Count(n *int) Watcher {
	return func(Point) error {
		*n++
		return nil
	}
}

// open opens a pool whose statements can be watched.
func open(c driver.Connector) *sql.DB { return sql.OpenDB(connector{c}) }

// named makes a connector of a driver that has only names.
type named struct {
	d    driver.Driver
	name string
}

func (n named) Connect(context.Context) (driver.Conn, error) { return n.d.Open(n.name) }
func (n named) Driver() driver.Driver                        { return n.d }

type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := inner.(full)
	if !ok {
		return nil, errors.Join(fmt.Errorf("driver %T lacks what a watched connection needs", inner), inner.Close())
	}
	return &conn{full: whole}, nil
}
