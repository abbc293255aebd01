package main

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/feed"
	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/operation"
	server "github.com/opstruth/opstruth/web"
	"github.com/opstruth/opstruth/web/api"
	"github.com/opstruth/opstruth/web/api/apitest"
)

// bench is a real console, over a record store of its own, that no worker serves.
type bench struct {
	t       *testing.T
	store   *models.Store
	world   modelstest.World
	handler http.Handler
	address string
	token   string // of the owner of Acme
	// before is called before each request, with its number from 1, but for streams. It answers in the
	// console's place where it returns true.
	before  func(n int64, w http.ResponseWriter, r *http.Request) bool
	streams atomic.Int64 // those that were asked for, which before is not called for
}

type sample struct {
	Items int64  `json:"items"`
	Name  string `json:"name"`
}

// console is one that tells of no changes: who watches looks again and again.
func console(t *testing.T) *bench {
	t.Helper()
	return serving(t, modelstest.New(t), nil)
}

func serving(t *testing.T, store *models.Store, changes *feed.Feed) *bench {
	t.Helper()
	b := &bench{t: t, store: store}
	b.world = modelstest.Seed(t, b.store).Patient()
	types, err := operation.NewRegistry(lifecycle.DefaultPolicy(), lifecycle.NewTiming(5*time.Second, 5*time.Second),
		operation.Define(operation.Type[sample]{
			Name: "sample.simulate", Title: "Simulation", Queue: "default",
			Target: func(in sample) string { return in.Name },
			Validate: func(in sample) error {
				if in.Items < 0 {
					return operation.FieldErrors{"items": "must not be negative"}
				}
				return nil
			},
			Do: func(context.Context, *operation.Run[sample], string) (operation.Next, error) {
				return operation.Next{}, errors.New("no worker runs in this test")
			},
		}))
	require.NoError(t, err)
	away := func(context.Context, models.Run) error { return nil }
	handler, err := server.New(server.Options{
		Store: b.store, Types: types, Metrics: http.NotFoundHandler(), Feed: changes,
		Starter: &start.Starter{Record: b.store, Types: types, Dispatch: away},
	})
	require.NoError(t, err)
	b.handler = handler
	var asked atomic.Int64
	listening := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if api.Streams(r.URL.Path) {
			b.streams.Add(1)
			handler.ServeHTTP(w, r)
			return
		}
		if n := asked.Add(1); b.before != nil && b.before(n, w, r) {
			return
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		if err := apitest.Conforms(r, answer.Code, answer.Header(), answer.Body.Bytes()); err != nil && strings.HasPrefix(r.URL.Path, apitest.Prefix) {
			t.Error(err)
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // the caller may have hung up
	}))
	t.Cleanup(listening.Close)
	b.address, b.token = listening.URL, b.tokenOf(b.world.Owner, models.PlaneAdmin)
	return b
}

func (b *bench) tokenOf(u models.User, plane models.Plane) string {
	b.t.Helper()
	token, hash := auth.NewToken()
	_, err := b.store.CreateToken(b.t.Context(), models.APIToken{UserID: u.ID, Plane: plane, Hash: hash, Name: "test"})
	require.NoError(b.t, err)
	return token
}

// said is what a command did.
type said struct {
	code     int
	out, err string
}

// does runs a command below runs as the owner of Acme.
func (b *bench) does(args ...string) said { return b.doesAs(b.token, args...) }

func (b *bench) doesAs(token string, args ...string) said {
	return b.doesIn(b.t.Context(), append(args, "--url", b.address, "--token", token)...)
}

func (b *bench) doesIn(ctx context.Context, args ...string) said {
	return executed(ctx, append([]string{"runs"}, args...)...)
}

func executed(ctx context.Context, args ...string) said {
	var stdout, stderr bytes.Buffer
	code := execute(ctx, args, &stdout, &stderr)
	return said{code, stdout.String(), stderr.String()}
}

// did runs a command that must succeed, and returns what it printed.
func (b *bench) did(args ...string) string {
	b.t.Helper()
	s := b.does(args...)
	require.Zero(b.t, s.code, s.err)
	require.Empty(b.t, s.err)
	return s.out
}

// refuses runs a command that must fail with an exit code, and returns its one line of complaint.
func (b *bench) refuses(code int, args ...string) string {
	b.t.Helper()
	s := b.does(args...)
	require.Equal(b.t, code, s.code, s.err)
	require.Empty(b.t, s.out)
	require.Equal(b.t, 1, strings.Count(s.err, "\n"), s.err)
	return s.err
}
