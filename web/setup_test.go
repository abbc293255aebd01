package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/feed"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/web"
	"github.com/opstruth/opstruth/web/api"
	"github.com/opstruth/opstruth/web/api/apitest"
)

// bench is a console over a record store of its own.
type bench struct {
	t        *testing.T
	store    *models.Store
	world    modelstest.World
	options  web.Options
	engine   *gin.Engine
	temporal *temporal
	sessions map[string]*http.Cookie
}

// setup makes a bench with the people of a modelstest.World, an operator of both tenants of Acme, and
// platform staff who may only look.
func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, store: modelstest.New(t), temporal: &temporal{t: t}, sessions: map[string]*http.Cookie{}}
	b.world = modelstest.Seed(t, b.store).Patient()
	types, err := operation.NewRegistry(lifecycle.DefaultPolicy(), lifecycle.NewTiming(5*time.Second, 5*time.Second), sample(), audit())
	require.NoError(t, err)
	dispatcher := &start.Dispatcher{
		Temporal: b.temporal, Record: b.store, Timing: lifecycle.NewTiming(5*time.Second, 5*time.Second),
		Home: func(context.Context) (string, string, error) { return "namespace-id", "cluster-id", nil },
	}
	b.options = web.Options{
		Store: b.store, Types: types, TemporalUIURL: "http://temporal.test", Namespace: "ops",
		Starter: &start.Starter{Record: b.store, Types: types, Dispatch: dispatcher.Dispatch, Logger: discard},
		Asker:   temporalclient.NewAsker(b.temporal, dispatcher.Home),
		Metrics: http.NotFoundHandler(), PublicURL: "http://console.test", Feed: changes(t, b.store),
	}
	b.engine, err = web.New(b.options)
	require.NoError(t, err)
	return b
}

// changes runs a feed until the test ends.
func changes(t *testing.T, store *models.Store) *feed.Feed {
	t.Helper()
	f := feed.New(func() feed.Reader { return store.NewChangeReader() }, 5*time.Millisecond, discard)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return f
}

type simulation struct {
	Items      int    `json:"items"`
	Target     string `json:"target"`
	Connection string `json:"connection"`
}

// sample is an operation type with a field of each kind that needs care.
func sample() operation.Definition {
	return operation.Define(operation.Type[simulation]{
		Name: "sample.simulate", Title: "Simulation", Description: "Pretends to work.", Queue: "default",
		Fields: []operation.Field{
			{Name: "items", Label: "Items", Kind: operation.Number, Required: true},
			{Name: "target", Label: "Target", Kind: operation.Text},
			{Name: "connection", Label: "Connection", Kind: operation.Connection},
		},
		Target: func(in simulation) string { return in.Target },
		Validate: func(in simulation) error {
			if in.Items > 1000 {
				return operation.FieldErrors{"items": "must be 1000 or less"}
			}
			return nil
		},
		Do: nothing[simulation],
	})
}

// audit is an operation type of which one run per tenant may be active.
func audit() operation.Definition {
	return operation.Define(operation.Type[struct{}]{
		Name: "sample.audit", Title: "Audit", Exclusive: true, Do: nothing[struct{}],
	})
}

func nothing[In any](context.Context, *operation.Run[In], string) (operation.Next, error) {
	return operation.Next{}, errors.New("no worker runs in this test")
}

// temporal counts what is asked of Temporal and answers nothing: it is away. Once that is forbidden, being asked fails
// the test.
type temporal struct {
	t         *testing.T
	mu        sync.Mutex
	calls     int
	forbidden bool
}

func (f *temporal) forbid() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forbidden = true
}

func (f *temporal) asked() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.forbidden {
		f.t.Error("Temporal was asked, which no page may do")
	}
	return errors.New("temporal is away")
}

func (f *temporal) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	return nil, f.asked()
}

func (f *temporal) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return nil, f.asked()
}

func (f *temporal) DescribeTaskQueue(context.Context, string, enumspb.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	return nil, f.asked()
}

// reader is somebody who asks, or nobody.
type reader struct {
	user  models.User
	plane links.Plane
}

func (b *bench) owner() reader    { return reader{b.world.Owner, links.Admin} }
func (b *bench) viewer() reader   { return reader{b.world.Viewer, links.Admin} }
func (b *bench) stranger() reader { return reader{b.world.Stranger, links.Admin} }
func (b *bench) staff() reader    { return reader{b.world.Staff, links.System} }

var nobody = reader{}

// person adds a user.
func (b *bench) person(name string, plane links.Plane, rights func(id string)) reader {
	b.t.Helper()
	u, err := b.store.CreateUser(b.t.Context(), models.User{Email: strings.ToLower(name) + "@people.test", Name: name})
	require.NoError(b.t, err)
	rights(u.ID)
	return reader{u, plane}
}

func (b *bench) operator() reader {
	return b.person("Oscar", links.Admin, func(id string) {
		require.NoError(b.t, b.store.SetMembership(b.t.Context(), models.Membership{
			UserID: id, WorkspaceID: b.world.Acme.ID, Role: models.RoleOperator, AllTenants: true,
		}))
	})
}

// session signs a reader in by a one-time link, once per test.
func (b *bench) session(r reader) *http.Cookie {
	b.t.Helper()
	key := r.user.ID + string(r.plane)
	if b.sessions[key] == nil {
		secret, hash := auth.NewLinkSecret()
		require.NoError(b.t, b.store.CreateSignInLink(b.t.Context(), models.SignInLink{Hash: hash, UserID: r.user.ID, Plane: models.Plane(r.plane)}, time.Minute))
		w := b.serve(httptest.NewRequest(http.MethodGet, links.SignInLink(secret), nil))
		require.Equal(b.t, http.StatusSeeOther, w.Code, w.Body.String())
		cookies := w.Result().Cookies()
		require.Len(b.t, cookies, 1)
		b.sessions[key] = cookies[0]
	}
	return b.sessions[key]
}

// token makes an API token for a reader.
func (b *bench) token(r reader) string {
	b.t.Helper()
	token, hash := auth.NewToken()
	_, err := b.store.CreateToken(b.t.Context(), models.APIToken{UserID: r.user.ID, Plane: models.Plane(r.plane), Hash: hash, Name: "test"})
	require.NoError(b.t, err)
	return token
}

// serve answers a request. What the API answers must be what its document says; of a stream only the
// beginning is read.
func (b *bench) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	if !api.Streams(r.URL.Path) {
		b.engine.ServeHTTP(w, r)
	} else {
		ctx, hangUp := context.WithCancel(r.Context())
		b.engine.ServeHTTP(&shortCall{w, hangUp}, r.WithContext(ctx))
		hangUp()
	}
	if !strings.HasPrefix(r.URL.Path, apitest.Prefix) {
		return w
	}
	if err := apitest.Conforms(r, w.Code, w.Header(), w.Body.Bytes()); err != nil {
		b.t.Error(err)
	}
	return w
}

// shortCall hangs up as soon as it was told something.
type shortCall struct {
	*httptest.ResponseRecorder
	hangUp func()
}

func (s *shortCall) Flush() {
	s.ResponseRecorder.Flush()
	s.hangUp()
}

// as sends a page's request for a reader.
func (b *bench) as(who reader, method, path string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, path, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if who != nobody {
		r.AddCookie(b.session(who))
	}
	return b.serve(r)
}

// page reads a page that must be there.
func (b *bench) page(who reader, path string) *goquery.Document {
	b.t.Helper()
	w := b.as(who, http.MethodGet, path, nil)
	require.Equal(b.t, http.StatusOK, w.Code, "%s: %s", path, w.Body.String())
	doc, err := goquery.NewDocumentFromReader(w.Body)
	require.NoError(b.t, err)
	return doc
}

// api sends a request to the API with a token; body is sent as JSON unless it is nil.
func (b *bench) api(token, method, path string, body any, header ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		require.NoError(b.t, err)
		if text, ok := body.(string); ok {
			raw = []byte(text)
		}
		reader = strings.NewReader(string(raw))
	}
	r := httptest.NewRequest(method, path, reader)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.serve(r)
}
