package sample

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/datadir"
	"github.com/opstruth/opstruth/standalone/sampleapi"
)

// apiFile keeps what the sample API must have again after a restart.
const apiFile = "sample-api.json"

// apiState is that file. Runs in progress hold links to the port.
type apiState struct {
	Port   int    `json:"port"`
	Secret string `json:"secret"`
}

// API serves the sample API of every tenant on loopback.
type API struct {
	*sampleapi.API
	base   string
	secret string
	server *http.Server
	done   chan error
}

// StartAPI serves the sample API, on the same port as the last time unless that is taken.
func StartAPI(ctx context.Context, dir *datadir.Dir) (*API, error) {
	var state apiState
	if err := dir.Read(apiFile, &state); err != nil {
		return nil, err
	}
	if state.Secret == "" {
		state.Secret = rand.Text()
	}
	var on net.ListenConfig
	listener, err := on.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(state.Port)))
	if err != nil {
		listener, err = on.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("listen for the sample API: %w", err)
	}
	state.Port = listener.Addr().(*net.TCPAddr).Port
	if err := dir.Write(apiFile, state); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	a := &API{base: "http://" + listener.Addr().String(), secret: state.Secret, done: make(chan error, 1)}
	a.API = sampleapi.New(a.tenants()...)
	a.misbehave()
	a.server = &http.Server{Handler: a.API, ReadHeaderTimeout: 10 * time.Second}
	go func() { a.done <- a.server.Serve(listener) }()
	return a, nil
}

// Stop ends it; requests in flight are cut off when ctx ends.
func (a *API) Stop(ctx context.Context) error {
	err := a.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("stop the sample API: %w", err), a.server.Close())
	}
	if served := <-a.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (a *API) tenants() []sampleapi.Tenant {
	var out []sampleapi.Tenant
	for _, w := range workspaces {
		for _, t := range w.tenants {
			out = append(out, sampleapi.Tenant{
				ID: t.slug, Auth: sampleapi.AuthMode(t.auth), Size: t.size,
				Token: a.secretOf(t), ClientID: clientID(t), ClientSecret: a.secretOf(t),
			})
		}
	}
	return out
}

func (a *API) misbehave() {
	for _, w := range workspaces {
		for _, t := range w.tenants {
			a.Set(t.slug, func(k *sampleapi.Knobs) { *k = t.knobs })
		}
	}
}

// connection is a tenant's way to this API, without its secret.
func (a *API) connection(t tenant) models.Connection {
	c := models.Connection{Name: connectionName, BaseURL: a.base + "/" + t.slug + "/v1.0", Auth: t.auth}
	if t.auth == models.AuthClientCredentials {
		c.ClientID = clientID(t)
		c.TokenURL = a.base + "/" + t.slug + "/oauth2/v2.0/token"
		c.Scope = a.base + "/.default"
	}
	return c
}

func clientID(t tenant) string { return "opstruth-" + t.slug }

// secretOf is the tenant's token or client secret, another one in every installation.
func (a *API) secretOf(t tenant) string {
	if t.auth == models.AuthNone {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(a.secret))
	mac.Write([]byte(t.slug))
	return hex.EncodeToString(mac.Sum(nil))
}
