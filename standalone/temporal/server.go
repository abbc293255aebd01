// Package temporal runs a real Temporal server and its web UI inside this process, on loopback and on one SQLite file.
//
// It serves one machine: there is no TLS, no authorisation and one history shard. It refuses to listen on anything but
// 127.0.0.1 for that reason. It knows nothing of opstruth; every program that speaks to Temporal can use it.
package temporal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	temporalserver "go.temporal.io/server/temporal"

	"github.com/opstruth/opstruth/standalone/internal/ports"
)

const (
	// DefaultPort is where Temporal's own tools look for a server.
	DefaultPort = 7233
	// DefaultUIPort is where Temporal's development server has its UI.
	DefaultUIPort = 8233
	// DefaultNamespace is made when Options names none.
	DefaultNamespace = "default"
	// DefaultRetention is how long closed workflows stay readable, the shortest that the server allows: the reconciler's
	// passes are workflows too, tens of thousands a day. What a run was is kept in its record.
	DefaultRetention = 24 * time.Hour

	host         = "127.0.0.1"
	readyTimeout = 30 * time.Second
)

// Options says where the server keeps its file and where it listens.
type Options struct {
	// DataDir holds temporal.db. It is made when it is missing.
	DataDir string
	// Port of the gRPC frontend; 0 takes a free one.
	Port int
	// UIPort of the web UI; 0 takes a free one.
	UIPort int
	// NoUI leaves the web UI out.
	NoUI bool
	// Namespace is made unless it exists; DefaultNamespace when empty.
	Namespace string
	// Retention of the namespace when it is made; DefaultRetention when 0. An existing namespace keeps its own.
	Retention time.Duration
	// Logger gets the server's log; nil drops it.
	Logger *slog.Logger
}

// Server is a running Temporal server. Stop ends it; a new Start on the same directory and ports goes on where it was.
type Server struct {
	server    temporalserver.Server
	ui        *webUI
	port      int
	namespace string
}

// Start starts Temporal and its UI and returns when the namespace answers. ctx bounds the start, not the server's life.
// A port that is taken, a directory that cannot be written and a damaged file are errors.
func Start(ctx context.Context, o Options) (*Server, error) {
	o = o.withDefaults()
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make temporal's data directory: %w", err)
	}
	free, err := ports.Reserve(ctx, o.Port, 0, 0, 0, o.UIPort)
	if err != nil {
		return nil, err
	}
	o.Port, o.UIPort = free[0], free[4]

	cfg := serverConfig(o, free[1:4])
	store := cfg.Persistence.DataStores[storeName].SQL
	if err := prepareDatabase(ctx, filepath.Join(o.DataDir, databaseFile), store, o.Namespace, o.Retention); err != nil {
		return nil, err
	}
	server, err := temporalserver.NewServer(
		temporalserver.WithConfig(cfg),
		temporalserver.ForServices(temporalserver.DefaultServices),
		temporalserver.WithStaticHosts(staticHosts(cfg)),
		temporalserver.WithDynamicConfigClient(dynamicValues()),
		temporalserver.WithLogger(serverLog{o.Logger}),
		temporalserver.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporalserver.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("build the temporal server: %w", err)
	}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start the temporal server: %w", errors.Join(err, server.Stop()))
	}
	s := &Server{server: server, port: o.Port, namespace: o.Namespace}
	if err := s.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if !o.NoUI {
		if s.ui, err = startUI(ctx, o.UIPort, s.Address(), o.Namespace); err != nil {
			return nil, errors.Join(err, s.Stop())
		}
	}
	return s, nil
}

// Address is host:port of the gRPC frontend.
func (s *Server) Address() string { return net.JoinHostPort(host, strconv.Itoa(s.port)) }

// Port is the port of the gRPC frontend, to start again on.
func (s *Server) Port() int { return s.port }

// Namespace is the namespace that Start made sure of.
func (s *Server) Namespace() string { return s.namespace }

// UIURL is the address of the web UI without a trailing slash, empty when it was left out.
func (s *Server) UIURL() string {
	if s.ui == nil {
		return ""
	}
	return s.ui.url
}

// Stop ends the UI and the server; callers in flight are given about a second.
func (s *Server) Stop() error {
	if s.ui != nil {
		s.ui.stop()
	}
	if err := s.server.Stop(); err != nil {
		return fmt.Errorf("stop the temporal server: %w", err)
	}
	return nil
}

// awaitReady asks for the namespace until the frontend answers: its port listens before its parts are all there.
func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	c, err := client.DialContext(ctx, client.Options{
		HostPort: s.Address(), Namespace: s.namespace, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return fmt.Errorf("reach the temporal server: %w", err)
	}
	defer c.Close()
	for {
		_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: s.namespace})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for temporal's namespace %q: %w", s.namespace, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (o Options) withDefaults() Options {
	if o.Namespace == "" {
		o.Namespace = DefaultNamespace
	}
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
