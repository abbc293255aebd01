// Package pgtest gives each test a PostgreSQL database of its own.
//
// A test process migrates one template database and clones it for every test, which costs
// milliseconds instead of a migration. The server is the one OPSTRUTH_TEST_DATABASE_URL names;
// without that variable the process starts a throw-away server from the installed binaries.
// The package refuses to touch a database that it did not create.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// URLVariable names the environment variable with the address of a server on which the tests may
// create databases. Its user must have the CREATEDB right.
const URLVariable = "OPSTRUTH_TEST_DATABASE_URL"

const (
	minVersion  = 150000 // PostgreSQL 15, as server_version_num counts
	setupLimit  = 5 * time.Minute
	dropTimeout = 2 * time.Minute
)

// New returns the address of a fresh database, which is dropped when the test ends. The function
// migrate brings an empty database to the wanted schema and closes its connections; it runs once per
// test process, so pass the same function, not a closure over the test. With a nil migrate the
// database is empty.
//
// Where PostgreSQL is not installed the test is skipped, or failed when the CI variable is set.
func New(t testing.TB, migrate func(ctx context.Context, dsn string) error) string {
	t.Helper()

	h, err := theHost()
	if err != nil {
		missing(t, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), setupLimit)
	defer cancel()
	name, err := h.clone(ctx, migrate)
	if err != nil {
		t.Fatalf("make a test database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
		defer cancel()
		if err := h.drop(ctx, name); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	return h.dsn(name)
}

// missing ends the test: loudly skipped on a developer's machine without PostgreSQL, failed in CI and
// wherever PostgreSQL is there but does not start.
func missing(t testing.TB, err error) {
	t.Helper()

	if os.Getenv("CI") != "" || !errors.Is(err, errNotInstalled) {
		t.Fatalf("this test needs PostgreSQL: %v", err)
	}
	t.Skipf("SKIPPED, NOT TESTED: this test needs PostgreSQL: %v", err)
}

// theHost connects to the server of this process once.
var theHost = sync.OnceValues(func() (*host, error) {
	if address := os.Getenv(URLVariable); address != "" {
		return connect(address)
	}
	server, err := Start()
	if err != nil {
		return nil, err
	}
	h, err := connect(server.URL)
	if err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	h.own = server
	return h, nil
})

// host is one test process's place on a server.
type host struct {
	address url.URL
	prefix  string // begins the name of every database of this process

	// own is the throw-away server, if there is one. Nobody stops it: it ends by itself with the process. But it
	// ends as soon as its pipe closes, and the garbage collector closes a pipe that nothing refers to.
	own *Server

	mu        sync.Mutex // guards the connection and the fields below
	conn      *pgx.Conn
	templates map[uintptr]string // by migrate function
	made      int
}

func connect(address string) (*host, error) {
	parsed, err := url.Parse(address)
	if err != nil || (parsed.Scheme != "postgres" && parsed.Scheme != "postgresql") {
		return nil, fmt.Errorf("read %s: want postgres://user:password@host:port/database", URLVariable)
	}
	ctx, cancel := context.WithTimeout(context.Background(), setupLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("connect to the test server (%s): %w", URLVariable, err)
	}
	h := &host{address: *parsed, conn: conn, templates: map[uintptr]string{}}
	if err := h.begin(ctx); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return h, nil
}

// dsn is the address of one database on the host.
func (h *host) dsn(database string) string {
	address := h.address
	address.Path = "/" + database
	return address.String()
}

// clone makes a database from the template for migrate and returns its name.
func (h *host) clone(ctx context.Context, migrate func(context.Context, string) error) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()

	template, err := h.template(ctx, migrate)
	if err != nil {
		return "", err
	}
	return h.create(ctx, template)
}

// template returns the migrated template database, and makes it at the first call.
func (h *host) template(ctx context.Context, migrate func(context.Context, string) error) (string, error) {
	if migrate == nil {
		return "template0", nil
	}
	key := reflect.ValueOf(migrate).Pointer()
	if name, ok := h.templates[key]; ok {
		return name, nil
	}
	name, err := h.create(ctx, "template0")
	if err != nil {
		return "", err
	}
	if err := migrate(ctx, h.dsn(name)); err != nil {
		return "", fmt.Errorf("migrate the template database: %w", err)
	}
	h.templates[key] = name
	return name, nil
}

func (h *host) create(ctx context.Context, template string) (string, error) {
	h.made++
	name := fmt.Sprintf("%s%d", h.prefix, h.made)
	statement := "CREATE DATABASE " + quote(name) + " TEMPLATE " + quote(template)
	if _, err := h.conn.Exec(ctx, statement); err != nil {
		return "", fmt.Errorf("create database %s: %w", name, err)
	}
	return name, nil
}

func (h *host) drop(ctx context.Context, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()

	_, err := h.conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)")
	return err
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
