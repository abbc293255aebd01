// Package harness runs opstruth for real under a script of faults: a Temporal server, PostgreSQL, web and worker
// processes, each a process of its own on loopback that ends with the harness. It writes down what was done to whom and
// when; package check compares that with what the record says.
package harness

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/sdk/client"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/pgtest"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/faults/check"
	"github.com/opstruth/opstruth/standalone/faults/work"
	"github.com/opstruth/opstruth/standalone/internal/ports"
	"github.com/opstruth/opstruth/standalone/supervise"
)

// site is an installation of real processes.
type site struct {
	dir     string
	program string // the node
	timing  Timing

	postgres *pgtest.Server
	proxy    *proxy
	direct   string // the database's address past the proxy
	shown    string // and through it
	store    *models.Store

	temporal     *supervise.Process
	temporalPort int
	client       client.Client

	mu      sync.Mutex
	nodes   map[string]*node
	faults  []check.Fault
	console *console
	webPort int
}

// node is a web or worker process.
type node struct {
	name   string
	role   string
	queues []string
	offset time.Duration

	process *supervise.Process
	up      []check.Life
	logged  int // bytes of its log before the present process
}

// Timing are the settings of a scenario. They are longer than the product could bear where the machine that runs it has
// other things to do.
type Timing struct {
	Heartbeat, Pass, StaleAfter, QueuedStaleAfter time.Duration
	CloseAfter, CloseDoomed                       time.Duration
}

func (t Timing) environ() []string {
	return []string{
		"OPSTRUTH_HEARTBEAT_EVERY=" + t.Heartbeat.String(), "OPSTRUTH_RECONCILE_EVERY=" + t.Pass.String(),
		"OPSTRUTH_STALE_AFTER=" + t.StaleAfter.String(), "OPSTRUTH_QUEUED_STALE_AFTER=" + t.QueuedStaleAfter.String(),
		"OPSTRUTH_RECONCILE_AFTER=" + t.CloseAfter.String(), work.CloseDoomedEnv + "=" + t.CloseDoomed.String(),
	}
}

// open starts the database and Temporal. close ends whatever was started, also after an error.
func open(ctx context.Context, dir, program string, timing Timing) (s *site, err error) {
	s = &site{dir: dir, program: program, timing: timing, nodes: map[string]*node{}}
	for _, step := range []func(context.Context) error{s.openDatabase, s.openTemporal} {
		if err := step(ctx); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *site) openDatabase(ctx context.Context) (err error) {
	if s.postgres, err = pgtest.Start(); err != nil { //nolint:contextcheck // it lives until close
		return err
	}
	const name = "faults"
	conn, err := pgx.Connect(ctx, s.postgres.URL)
	if err != nil {
		return fmt.Errorf("connect to the database server: %w", err)
	}
	// The throw-away server forgets the last commits of a crash unless a session asks it not to.
	for _, statement := range []string{"CREATE DATABASE " + name, "ALTER DATABASE " + name + " SET synchronous_commit = on"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return errors.Join(fmt.Errorf("make the database: %w", err), conn.Close(ctx))
		}
	}
	if err := conn.Close(ctx); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	address, err := url.Parse(s.postgres.URL)
	if err != nil {
		return fmt.Errorf("read the database's address: %w", err)
	}
	socket := filepath.Join(address.Query().Get("host"), ".s.PGSQL.5432")
	address.Path = "/" + name
	s.direct = address.String()
	s.proxy, err = startProxy(func(ctx context.Context) (net.Conn, error) { //nolint:contextcheck // it lives until close
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", socket)
	})
	if err != nil {
		return err
	}
	s.shown = "postgres://postgres@" + s.proxy.address() + "/" + name + "?sslmode=disable"
	if s.store, err = models.Open(ctx, s.direct); err != nil {
		return err
	}
	return s.store.MigrateUp(ctx)
}

func (s *site) openTemporal(ctx context.Context) error {
	free, err := ports.Reserve(ctx, 0, 0)
	if err != nil {
		return err
	}
	s.temporalPort, s.webPort = free[0], free[1]
	s.temporal = supervise.New(supervise.Command{
		Env:     []string{roleEnv + "=" + roleTemporal, temporalDirEnv + "=" + filepath.Join(s.dir, "temporal"), temporalPortEnv + "=" + strconv.Itoa(s.temporalPort)},
		LogFile: s.log("temporal"),
	})
	s.client, err = client.NewLazyClient(client.Options{HostPort: s.temporalAddress(), Namespace: work.Namespace, Logger: quietLog()})
	if err != nil {
		return fmt.Errorf("make a client of Temporal: %w", err)
	}
	return s.startTemporal(ctx)
}

func (s *site) temporalAddress() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.temporalPort))
}

// startTemporal starts the server where it was and waits until it answers.
func (s *site) startTemporal(ctx context.Context) error {
	if err := s.temporal.Start(); err != nil {
		return fmt.Errorf("start Temporal: %w", err)
	}
	return until(ctx, time.Minute, "Temporal answers", func(ctx context.Context) error {
		_, err := s.client.CheckHealth(ctx, nil)
		return err
	})
}

func (s *site) log(name string) string { return filepath.Join(s.dir, name+".log") }

func (s *site) journal(name string) string { return filepath.Join(s.dir, name+".attempts") }

// start starts a node under a name that it keeps when it is started again.
func (s *site) start(name, role string, queues []string, offset time.Duration) error {
	s.mu.Lock()
	n, ok := s.nodes[name]
	if !ok {
		n = &node{name: name}
		s.nodes[name] = n
	}
	s.mu.Unlock()
	n.role, n.queues, n.offset = role, queues, offset
	env := append(s.timing.environ(),
		"OPSTRUTH_DATABASE_URL="+s.shown, "OPSTRUTH_SECRET_KEY="+secretKey(), "OPSTRUTH_QUEUES="+strings.Join(queues, ","),
		work.OffsetEnv+"="+offset.String(), work.LogEnv+"="+s.journal(name), work.TemporalEnv+"="+s.temporalAddress())
	if role == work.RoleWeb {
		env = append(env, "OPSTRUTH_LISTEN="+net.JoinHostPort("127.0.0.1", strconv.Itoa(s.webPort)), "OPSTRUTH_PUBLIC_URL="+s.webURL())
	}
	said, err := os.ReadFile(s.log(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("start %s: %w", name, err)
	}
	n.logged = len(said)
	process := supervise.New(supervise.Command{Path: s.program, Args: []string{role}, Env: env, LogFile: s.log(name)})
	if err := process.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n.process = process
	n.up = append(n.up, check.Life{From: time.Now().UTC(), PID: process.State().PID})
	return nil
}

func (s *site) webURL() string {
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(s.webPort))
}

// ended notes how the present process of a node ended.
func (s *site) ended(n *node, graceful bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := &n.up[len(n.up)-1]
	last.To, last.Graceful = time.Now().UTC(), graceful && n.process.State().Exit == "exit status 0" && n.handedOver(s.log(n.name))
}

// handedOver reports whether the present process did not warn that it leaves runs behind.
func (n *node) handedOver(log string) bool {
	text, err := os.ReadFile(log)
	return err == nil && !bytes.Contains(text[min(n.logged, len(text)):], []byte("could not hand over"))
}

func (s *site) node(name string) *node {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nodes[name]
}

// close ends everything, workers first so that they can hand over.
func (s *site) close(ctx context.Context) error {
	var errs []error
	for _, role := range []string{work.RoleWorker, work.RoleWeb} {
		errs = append(errs, s.stopAll(ctx, role))
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.client != nil {
		s.client.Close()
	}
	if s.temporal != nil && s.temporal.State().Running {
		errs = append(errs, s.temporal.Kill())
	}
	if s.proxy != nil {
		errs = append(errs, s.proxy.stop())
	}
	if s.postgres != nil {
		errs = append(errs, s.postgres.Stop())
	}
	return errors.Join(errs...)
}

// stopAll stops the nodes of a role that run, in good order and at once.
func (s *site) stopAll(ctx context.Context, role string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	errs := make(chan error, len(s.nodes))
	for _, n := range s.nodes {
		if n.role != role || n.process == nil || !n.process.State().Running {
			continue
		}
		wg.Go(func() {
			err := n.process.Stop(ctx)
			s.ended(n, err == nil)
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// secretKey seals nothing here.
func secretKey() string { return base64.StdEncoding.EncodeToString(make([]byte, config.KeyBytes)) }

// until tries something until it succeeds.
func until(ctx context.Context, limit time.Duration, what string, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		asking, done := context.WithTimeout(ctx, 5*time.Second)
		err := try(asking)
		done()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
