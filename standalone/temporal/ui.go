package temporal

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

type webUI struct {
	server *server.Server
	url    string
	done   chan struct{}
}

// startUI serves Temporal's UI and returns when it answers.
func startUI(ctx context.Context, port int, temporalAddress, namespace string) (*webUI, error) {
	u := &webUI{url: "http://" + net.JoinHostPort(host, strconv.Itoa(port)), done: make(chan struct{})}
	u.server = server.NewServer(server_options.WithConfigProvider(&config.Config{
		Host:                host,
		Port:                port,
		TemporalGRPCAddress: temporalAddress,
		DefaultNamespace:    namespace,
		EnableUI:            true,
		CORS:                config.CORS{CookieInsecure: true}, // plain http on loopback
		DisableNewsFetch:    true,                              // nothing is fetched from outside
		HideLogs:            true,
	}))
	go func() {
		defer close(u.done)
		_ = u.server.Start() // it answers nil when it was stopped and ends the process when it cannot listen
	}()
	if err := u.awaitReady(ctx); err != nil {
		u.stop()
		return nil, err
	}
	return u, nil
}

func (u *webUI) stop() {
	u.server.Stop()
	<-u.done
}

func (u *webUI) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.url+"/healthz", nil)
		if err != nil {
			return fmt.Errorf("ask temporal's ui: %w", err)
		}
		resp, err := transport.RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("answered %s", resp.Status)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for temporal's ui: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
