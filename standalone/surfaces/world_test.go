package surfaces

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/operation/httpbatch"
	"github.com/opstruth/opstruth/operation/inventory"
	"github.com/opstruth/opstruth/standalone/internal/browser"
	"github.com/opstruth/opstruth/web"
)

// now is the moment at which the world stands still. Everything in it is invented.
var now = time.Date(2026, 11, 18, 14, 32, 10, 0, time.UTC)

const (
	backup  = "backup.verify"
	rollout = "policy.rollout"
)

// world is a console over a record whose clock stands still, with runs in every state. Temporal is nowhere near.
type world struct {
	t          *testing.T
	record     *models.Store // on the database's own clock
	cost       *cost         // of what is asked of the record
	pages      []string      // the routes that are asked for with GET
	base       string
	workspaces map[string]models.Workspace
	tenants    map[string]models.Tenant
	users      map[string]models.User
	runs       map[string]models.Run // by the names that tests use
	number     int
	wrap       func(http.Handler) http.Handler // around the console, if anything is
}

// build makes the people and places, and serves the console.
func build(t *testing.T, change ...func(*world, *web.Options)) *world {
	t.Helper()
	w := &world{
		t: t, cost: &cost{}, workspaces: map[string]models.Workspace{}, tenants: map[string]models.Tenant{},
		users: map[string]models.User{}, runs: map[string]models.Run{},
	}
	w.record = counted(t, w.cost)
	timing := lifecycle.NewTiming(5*time.Second, 5*time.Second)
	services := operation.Services{Outbound: &http.Client{Timeout: time.Second}}
	types, err := operation.NewRegistry(lifecycle.DefaultPolicy(), timing, inventory.New(services), httpbatch.New(services),
		named(backup, "Backup verification", "Restores a sample of each backup and compares it."),
		named(rollout, "Policy rollout", "Applies a policy to every device group, one by one."),
	)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	options := web.Options{
		Store: w.at(0), Types: types, Starter: nobody{}, Asker: nobody{}, TemporalUIURL: "http://temporal.example", Namespace: "ops", PublicURL: base,
		WorkerAlive: timing.WorkerAlive(),
	}
	for _, c := range change {
		c(w, &options)
	}
	engine, err := web.New(options)
	require.NoError(t, err)
	for _, r := range engine.Routes() {
		if r.Method == http.MethodGet {
			w.pages = append(w.pages, r.Path)
		}
	}
	server.Config.Handler = engine
	if w.wrap != nil {
		server.Config.Handler = w.wrap(engine)
	}
	server.Start()
	t.Cleanup(server.Close)
	w.base = base
	return w
}

// nobody starts nothing, and has one answer to whoever asks Temporal: these pages are looked at.
type nobody struct{}

func (nobody) Ask(context.Context, temporalclient.Subject) (temporalclient.Said, error) {
	return temporalclient.Said{
		Answer: lifecycle.Answered, Took: 12 * time.Millisecond, Execution: lifecycle.ExecRunning, StartedAt: now.Add(-16 * minute), Events: 2291,
		Activities: []temporalclient.PendingActivity{{
			Name: "opstruth.execute", State: lifecycle.ActivityStarted, Attempt: 2, StartedAt: now.Add(-16 * minute), HeartbeatAt: now.Add(-12 * minute),
			Worker: "4127@worker-eu-2", Failure: "activity heartbeat timeout",
		}},
		NoPollers: "the namespace's limit of requests is reached",
	}, nil
}

func (nobody) Start(context.Context, start.Request) (models.Run, bool, error) {
	return models.Run{}, false, errors.New("nothing is started here")
}

func named(name, title, description string) operation.Definition {
	return operation.Define(operation.Type[struct{}]{
		Name: name, Title: title, Description: description, Queue: queueOf(name),
		Do: func(context.Context, *operation.Run[struct{}], string) (operation.Next, error) {
			return operation.Next{}, errors.New("no worker runs here")
		},
	})
}

func queueOf(typ string) string {
	switch typ {
	case backup:
		return "backups"
	case rollout:
		return "policies"
	}
	return "default"
}

// at is the record so long ago.
func (w *world) at(ago time.Duration) *models.Store { return modelstest.At(w.record, now.Add(-ago)) }

func (w *world) workspace(slug, name string, tenants ...string) {
	w.t.Helper()
	ws, err := w.at(0).CreateWorkspace(w.t.Context(), models.Workspace{Slug: slug, Name: name})
	require.NoError(w.t, err)
	w.workspaces[slug] = ws
	for i := 0; i+1 < len(tenants); i += 2 {
		tenant, err := w.at(0).CreateTenant(w.t.Context(), models.Tenant{WorkspaceID: ws.ID, Slug: tenants[i], Name: tenants[i+1]})
		require.NoError(w.t, err)
		w.tenants[tenants[i]] = tenant
	}
}

// member adds a person; without a workspace one of the platform.
func (w *world) member(name, workspace string, role models.Role) {
	w.t.Helper()
	u, err := w.at(0).CreateUser(w.t.Context(), models.User{Email: fmt.Sprintf("user%d@people.example", len(w.users)), Name: name})
	require.NoError(w.t, err)
	w.users[name] = u
	if workspace == "" {
		require.NoError(w.t, w.at(0).GrantCapability(w.t.Context(), u.ID, models.CapView))
		require.NoError(w.t, w.at(0).GrantCapability(w.t.Context(), u.ID, models.CapTriage))
		return
	}
	require.NoError(w.t, w.at(0).SetMembership(w.t.Context(), models.Membership{UserID: u.ID, WorkspaceID: w.workspaces[workspace].ID, Role: role, AllTenants: true}))
}

// looker adds a person who may see everything of the platform and change nothing.
func (w *world) looker(name string) {
	w.t.Helper()
	u, err := w.at(0).CreateUser(w.t.Context(), models.User{Email: fmt.Sprintf("user%d@people.example", len(w.users)), Name: name})
	require.NoError(w.t, err)
	require.NoError(w.t, w.at(0).GrantCapability(w.t.Context(), u.ID, models.CapView))
	w.users[name] = u
}

// wish is a run of a tenant. Its id follows from its number, so that pages are the same each time.
func (w *world) wish(tenant, typ, target, by string, change ...func(*models.NewRun)) models.NewRun {
	w.number++
	n := models.NewRun{
		ID: fmt.Sprintf("019a96d2-%04x-7c41-9b%02x-%012x", w.number*977%0xffff, w.number%256, w.number*7919*104729), WorkspaceID: w.tenants[tenant].WorkspaceID,
		TenantID: w.tenants[tenant].ID, Type: typ, Target: target, Queue: queueOf(typ), Policy: lifecycle.DefaultPolicy(), InitiatorName: by,
	}
	if u, ok := w.users[by]; ok {
		n.InitiatorID = u.ID
	}
	for _, c := range change {
		c(&n)
	}
	return n
}

// patient makes a run that nobody has to hear from while the story goes on.
func patient(n *models.NewRun) {
	n.Policy.StaleAfter, n.Policy.QueuedStaleAfter = 9*time.Hour, 9*time.Hour
}

// started is a run that began so long ago, and was heard from until it had done its first items out of a plan, which was
// at a moment after.
func (w *world) started(n models.NewRun, ago, moved time.Duration, total, done int, failures ...string) models.Run {
	w.t.Helper()
	run := modelstest.Running(w.t, w.at(ago), n)
	if total == 0 {
		return run
	}
	require.NoError(w.t, w.at(ago-time.Second).SavePlan(w.t.Context(), run.ID, int64(total), ""))
	for at := ago - time.Second; at > moved && n.Policy.StaleAfter < time.Hour; at -= 18 * time.Second {
		w.hears(run, hostOf(n.Queue), at)
	}
	items := make([]models.Item, 0, done)
	for i := range done {
		item := models.Item{Key: fmt.Sprintf("%s-%04d", itemsOf[n.Type], i+1), State: models.ItemSucceeded}
		if i%11 == 3 && i/11 < len(failures) {
			item.State, item.Message = models.ItemFailed, failures[i/11]
		}
		items = append(items, item)
	}
	for len(items) > 0 {
		n := min(len(items), 200)
		require.NoError(w.t, w.at(moved).RecordItems(w.t.Context(), run.ID, items[:n]))
		items = items[n:]
	}
	return run
}

// itemsOf names the items of an operation type.
var itemsOf = map[string]string{backup: "snapshot", rollout: "group", inventory.Name: "object", httpbatch.Name: "line"}

// hostOf is where the workers of a task queue live.
func hostOf(queue string) string {
	return map[string]string{"policies": "worker-eu-2", "backups": "worker-eu-5", "inventory": "worker-eu-6"}[queue]
}

// hears lets a run be heard from so long ago.
func (w *world) hears(run models.Run, host string, ago time.Duration) {
	w.t.Helper()
	rejected, err := w.at(ago).RecordBeats(w.t.Context(), models.WorkerRow{
		ID: host + "-1", Host: host, PID: 4127, Queues: []string{run.Facts.Queue}, Build: "2026.11.2",
	}, []models.Beat{{RunID: run.ID, TemporalRunID: "first-" + run.ID, ActivityID: "5", Attempt: 1}})
	require.NoError(w.t, err)
	require.Empty(w.t, rejected)
}

// silent records what a check so long ago found out about a silent run.
func (w *world) silent(run models.Run, ago time.Duration, cause lifecycle.Cause, lasted time.Duration, e lifecycle.Evidence) {
	w.t.Helper()
	s := w.at(ago)
	run, at, err := s.Run(w.t.Context(), models.Engine(), run.ID)
	require.NoError(w.t, err)
	e.Answer = lifecycle.Answered
	if e.Execution == "" {
		e.Execution = lifecycle.ExecRunning
	}
	require.NoError(w.t, s.RecordVerdict(w.t.Context(), run, lifecycle.Verdict{
		Action: lifecycle.Silent, Cause: cause, Silence: lifecycle.Silence{Cause: cause, At: at, For: lasted, Times: 8, Evidence: e},
	}))
}

func (w *world) change(run models.Run, ago time.Duration, c lifecycle.Change) models.Run {
	w.t.Helper()
	run, err := w.at(ago).Transition(w.t.Context(), run.ID, c)
	require.NoError(w.t, err)
	return run
}

func (w *world) end(run models.Run, ago time.Duration, o lifecycle.Outcome, f lifecycle.Failure) models.Run {
	w.t.Helper()
	return w.change(run, ago, lifecycle.Change{Kind: lifecycle.Finished, Token: "token-" + run.ID, Outcome: o, Failure: f})
}

// closed lets the reconciler close a run.
func (w *world) closed(run models.Run, ago time.Duration, cause lifecycle.Cause, e lifecycle.Evidence) models.Run {
	w.t.Helper()
	run, _, err := w.at(ago).Run(w.t.Context(), models.Engine(), run.ID)
	require.NoError(w.t, err)
	claim := lifecycle.Closing{ID: "closing-" + run.ID, Cause: cause}
	run = w.change(run, ago, lifecycle.Change{Kind: lifecycle.CloseClaimed, Version: run.Facts.Version, LivenessAt: run.Facts.LivenessAt, Closing: claim})
	e.Answer, e.Execution = lifecycle.Answered, lifecycle.ExecRunning
	return w.change(run, ago, lifecycle.Change{Kind: lifecycle.Reconciled, Closing: claim, Silence: lifecycle.Silence{Cause: cause, Evidence: e}})
}

// passed lets the reconciler have finished a pass just now.
func (w *world) passed() {
	w.t.Helper()
	require.NoError(w.t, w.at(2*time.Second).FinishPass(w.t.Context(), models.PassReport{Every: 5 * time.Second, Took: 140 * time.Millisecond, TemporalAnswered: true}))
}

// open signs a person in, in a window of their own.
func (w *world) open(name string, plane links.Plane) browser.Tab {
	w.t.Helper()
	b := browser.Open(w.t, w.base)
	b.WatchPolicy()
	b.GoTo(w.signInLink(name, plane))
	return b
}

func (w *world) signInLink(name string, plane links.Plane) string {
	w.t.Helper()
	secret, hash := auth.NewLinkSecret()
	require.NoError(w.t, w.at(0).CreateSignInLink(w.t.Context(), models.SignInLink{Hash: hash, UserID: w.users[name].ID, Plane: models.Plane(plane)}, time.Hour))
	return links.SignInLink(secret)
}

// plane is the one that an address belongs to.
func (w *world) plane(path string) links.Plane {
	if strings.HasPrefix(path, links.Home(links.System)) {
		return links.System
	}
	return links.Admin
}
