// Package sampleapi is a tenant management API to try opstruth on: collections of users, devices, policies and so on in
// OData v4 JSON, with paging, throttling and OAuth2 client credentials as large vendors have them.
//
// Its objects are computed from the tenant's name and a generation number, so it stores nothing, answers the same after a
// restart, and two readings of one generation are equal. It is a sample: its secrets are public.
package sampleapi

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// AuthMode is how a tenant's callers prove who they are.
type AuthMode string

const (
	// AuthNone lets everybody read.
	AuthNone AuthMode = "none"
	// AuthBearer wants the tenant's static token.
	AuthBearer AuthMode = "bearer"
	// AuthClientCredentials wants a token of the tenant's own token endpoint.
	AuthClientCredentials AuthMode = "client_credentials"
)

// Tenant is one customer environment that the API serves under /{ID}.
type Tenant struct {
	ID           string
	Auth         AuthMode
	Token        string  // for AuthBearer
	ClientID     string  // for AuthClientCredentials
	ClientSecret string  // for AuthClientCredentials
	Size         float64 // of its collections; 0 means 1, which is about three thousand objects
	TokenTTL     time.Duration
}

// API serves all tenants. Its methods may be called while it serves.
type API struct {
	mux *http.ServeMux
	now func() time.Time

	mu      sync.Mutex
	tenants map[string]*state
}

// state is what changes about a tenant; the API's mutex guards it.
type state struct {
	Tenant
	generation int
	knobs      Knobs
	tokens     map[string]time.Time // issued token to its expiry
	attempts   map[string]int       // by idempotency key
	stats      Stats
}

// Stats counts what a tenant was asked for since the start.
type Stats struct {
	Requests  int // of collections, refused ones included
	Throttled int // answered 429 or 503
	Pages     int // answered with objects
	Tokens    int // issued
}

// New makes an API that serves the tenants.
func New(tenants ...Tenant) *API {
	a := &API{mux: http.NewServeMux(), now: time.Now, tenants: make(map[string]*state, len(tenants))}
	for _, t := range tenants {
		if t.Size == 0 {
			t.Size = 1
		}
		if t.TokenTTL == 0 {
			t.TokenTTL = time.Hour
		}
		a.tenants[t.ID] = &state{Tenant: t, tokens: map[string]time.Time{}}
	}
	a.mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", a.issueToken)
	a.mux.HandleFunc("POST /{tenant}/v1.0/accounts", a.createAccount)
	a.mux.HandleFunc("GET /{tenant}/v1.0", a.listCollections)
	a.mux.HandleFunc("GET /{tenant}/v1.0/{$}", a.listCollections)
	a.mux.HandleFunc("GET /{tenant}/v1.0/{collection}", a.listObjects)
	return a
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// Drift moves a tenant on by a generation: in each collection some objects are added, some changed and some removed.
// Readings in progress go on in the generation they began with.
func (a *API) Drift(tenant string) { a.change(tenant, func(s *state) { s.generation++ }) }

// Set changes a tenant's knobs.
func (a *API) Set(tenant string, change func(*Knobs)) {
	a.change(tenant, func(s *state) { change(&s.knobs) })
}

// RevokeTokens makes every token that the tenant's token endpoint issued worthless.
func (a *API) RevokeTokens(tenant string) { a.change(tenant, func(s *state) { clear(s.tokens) }) }

// Stats tells what the tenant was asked for.
func (a *API) Stats(tenant string) Stats {
	var out Stats
	a.change(tenant, func(s *state) { out = s.stats })
	return out
}

// Objects lists a collection as a complete reading of it would now, nil for an unknown tenant or collection.
func (a *API) Objects(tenant, collection string) []Object {
	var out []Object
	a.change(tenant, func(s *state) {
		if c, ok := lookup(collection); ok {
			out = s.objects(c, s.generation, 0, c.size(s.Size))
		}
	})
	return out
}

func (a *API) change(tenant string, f func(*state)) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.tenants[tenant]
	if ok {
		f(s)
	}
	return ok
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone; nobody is left to tell
}

// writeError answers in the form that the vendors' clients know.
func writeError(w http.ResponseWriter, status int, code, message string) {
	writeJSON(w, status, map[string]any{"error": map[string]any{"code": code, "message": message}})
}
