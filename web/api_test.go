package web_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/web/api"
)

var discard = slog.New(slog.DiscardHandler)

func decode[T any](t *testing.T, w *httptest.ResponseRecorder, status int) T {
	t.Helper()
	require.Equal(t, status, w.Code, w.Body.String())
	var out T
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	return out
}

// problem reads an error and checks what every error must have.
func problem(t *testing.T, w *httptest.ResponseRecorder, status int) api.Problem {
	t.Helper()
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	p := decode[api.Problem](t, w, status)
	require.Equal(t, status, p.Status)
	require.NotEmpty(t, p.Title)
	require.NotEmpty(t, p.Detail)
	return p
}

func wrongFields(p api.Problem) []string {
	var names []string
	if p.Errors != nil {
		for _, e := range *p.Errors {
			names = append(names, e.Field)
		}
	}
	return names
}

func simulate(items int) map[string]any {
	return map[string]any{"workspace": "acme", "tenant": "north", "type": "sample.simulate", "input": map[string]any{"items": items, "target": "box"}}
}

func TestAPIStartsARunAndShowsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.token(b.owner())

	w := b.api(token, http.MethodPost, "/api/v1/runs", simulate(3))
	run := decode[api.Run](t, w, http.StatusCreated)
	require.Equal(t, "/api/v1/runs/"+run.Id, w.Header().Get("Location"))
	require.Equal(t, "acme", run.Workspace)
	require.Equal(t, "north", *run.Tenant)
	require.Equal(t, "box", run.Target)
	require.Equal(t, api.StatusQueued, run.Status)
	require.Equal(t, "Olga", *run.Initiator)
	require.Equal(t, 1, b.temporal.calls, "its workflow was to be started; Temporal being away is no failure")

	got := decode[api.Run](t, b.api(token, http.MethodGet, "/api/v1/runs/"+run.Id, nil), http.StatusOK)
	require.Equal(t, run.Id, got.Id)
	require.Equal(t, run.WorkflowId, got.WorkflowId)
	timeline := decode[api.Timeline](t, b.api(token, http.MethodGet, "/api/v1/runs/"+run.Id+"/timeline", nil), http.StatusOK)
	require.Len(t, timeline.Events, 1)
	require.Equal(t, string(lifecycle.Enqueued), timeline.Events[0].Kind)
	require.NotEmpty(t, timeline.Events[0].Text)
}

func TestAPIRunJSONHasItsFieldsAtTopLevel(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Reconciled(t, b.store, b.world.NewRun())

	body := decode[map[string]any](t, b.api(b.token(b.owner()), http.MethodGet, "/api/v1/runs/"+run.ID, nil), http.StatusOK)
	for _, name := range strings.Fields(`id workspace tenant type target status outcome freshness problem_class stale_lineage open
		headline next_step cause progress queued_at started_at completed_at last_heartbeat_at last_progress_at stale_at
		reconciliation late_result retry_of superseded_by workflow_id version`) {
		require.Contains(t, body, name)
	}
	for _, name := range []string{"total", "processed", "succeeded", "failed", "skipped"} {
		require.Contains(t, body["progress"], name)
	}
	require.Equal(t, "reconciled_failed", body["freshness"])
	require.Equal(t, "terminal_follow_up", body["problem_class"])
	require.Equal(t, true, body["stale_lineage"])
	require.Nil(t, body["stale_at"])
	require.Nil(t, body["late_result"])
}

func TestAPIListsPagesAndFilters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.token(b.owner())
	var want []string
	for range 5 {
		want = append([]string{modelstest.Queued(t, b.store, b.world.NewRun()).ID}, want...)
	}
	modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)

	var got []string
	for path := "/api/v1/runs?limit=2&status=queued"; path != ""; {
		page := decode[api.RunList](t, b.api(token, http.MethodGet, path, nil), http.StatusOK)
		for _, r := range page.Runs {
			got = append(got, r.Id)
		}
		path = ""
		if page.NextCursor != nil {
			path = "/api/v1/runs?limit=2&status=queued&cursor=" + *page.NextCursor
		}
	}
	require.Equal(t, want, got)

	sum := decode[api.Summary](t, b.api(token, http.MethodGet, "/api/v1/summary?workspace=acme", nil), http.StatusOK)
	require.EqualValues(t, 5, sum.Queued)
	require.EqualValues(t, 1, sum.TerminalFollowUp)
	open := decode[api.RunList](t, b.api(token, http.MethodGet, "/api/v1/runs?workspace=acme&problem_class=terminal_follow_up&open=true", nil), http.StatusOK)
	require.Len(t, open.Runs, 1)
}

func TestAPIItems(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	require.NoError(t, b.store.RecordItems(t.Context(), run.ID, []models.Item{
		{Key: "a", State: models.ItemSucceeded}, {Key: "b", State: models.ItemFailed, Code: "http_500", Message: "server error"},
	}))
	list := decode[api.ItemList](t, b.api(b.token(b.owner()), http.MethodGet, "/api/v1/runs/"+run.ID+"/items?state=failed", nil), http.StatusOK)
	require.Len(t, list.Items, 1)
	require.Equal(t, "b", list.Items[0].Key)
	require.Equal(t, "http_500", list.Items[0].Code)
}

func TestAPICancelAcknowledgeAndRetry(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.token(b.owner())
	run := modelstest.Running(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.Input = json.RawMessage(`{"items":2}`) }))
	path := "/api/v1/runs/" + run.ID

	for range 2 {
		got := decode[api.Run](t, b.api(token, http.MethodPost, path+"/cancel", nil), http.StatusOK)
		require.Equal(t, "Olga", got.CancelRequested.By)
	}
	problem(t, b.api(token, http.MethodPost, path+"/retry", nil), http.StatusConflict)
	problem(t, b.api(token, http.MethodPost, path+"/acknowledge", map[string]string{"note": "seen"}), http.StatusConflict)

	modelstest.Finish(t, b.store, run, lifecycle.Failed)
	problem(t, b.api(token, http.MethodPost, path+"/cancel", nil), http.StatusConflict)
	require.Equal(t, []string{"note"}, wrongFields(problem(t, b.api(token, http.MethodPost, path+"/acknowledge", map[string]string{}), http.StatusBadRequest)))
	noted := decode[api.Run](t, b.api(token, http.MethodPost, path+"/acknowledge", map[string]string{"note": "disk was full"}), http.StatusOK)
	require.Equal(t, "disk was full", noted.Acknowledged.Note)
	require.False(t, noted.Open)
	require.Equal(t, api.ProblemClassTerminalFollowUp, noted.ProblemClass, "taking note does not change the class")

	again := decode[api.Run](t, b.api(token, http.MethodPost, path+"/retry", nil, "Idempotency-Key", "k"), http.StatusCreated)
	require.Equal(t, run.ID, *again.RetryOf)
	same := decode[api.Run](t, b.api(token, http.MethodPost, path+"/retry", nil, "Idempotency-Key", "k"), http.StatusOK)
	require.Equal(t, again.Id, same.Id)
}

func TestAPIProblemsSayWhatToDo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.token(b.owner())
	post := func(change func(map[string]any)) *httptest.ResponseRecorder {
		body := simulate(1)
		change(body)
		return b.api(token, http.MethodPost, "/api/v1/runs", body)
	}

	p := problem(t, post(func(m map[string]any) { m["type"] = "no.such" }), http.StatusUnprocessableEntity)
	require.Contains(t, p.Detail, "no.such")
	require.Contains(t, p.Detail, "sample.simulate", "names the known types")
	require.Equal(t, []string{"type"}, wrongFields(p))

	p = problem(t, post(func(m map[string]any) { delete(m, "workspace"); delete(m, "type") }), http.StatusBadRequest)
	require.ElementsMatch(t, []string{"workspace", "type"}, wrongFields(p))
	p = problem(t, post(func(m map[string]any) { delete(m, "tenant") }), http.StatusUnprocessableEntity)
	require.Equal(t, []string{"tenant"}, wrongFields(p))
	p = problem(t, post(func(m map[string]any) { m["input"] = map[string]any{} }), http.StatusUnprocessableEntity)
	require.Equal(t, []string{"input.items"}, wrongFields(p))
	require.Contains(t, p.Detail, "items is required")
	p = problem(t, post(func(m map[string]any) { m["input"] = map[string]any{"items": "many"} }), http.StatusUnprocessableEntity)
	require.Equal(t, []string{"input.items"}, wrongFields(p))
	p = problem(t, post(func(m map[string]any) { m["input"] = map[string]any{"items": 5000} }), http.StatusUnprocessableEntity)
	require.Contains(t, p.Detail, "1000 or less")
	p = problem(t, post(func(m map[string]any) { m["surprise"] = 1 }), http.StatusBadRequest)
	require.Equal(t, []string{"surprise"}, wrongFields(p))
	problem(t, b.api(token, http.MethodPost, "/api/v1/runs", "{nope"), http.StatusBadRequest)
	problem(t, b.api(token, http.MethodPost, "/api/v1/runs", strings.Repeat(" ", 2<<20)+"{}"), http.StatusRequestEntityTooLarge)

	p = problem(t, b.api(token, http.MethodGet, "/api/v1/runs?cursor=garbage", nil), http.StatusBadRequest)
	require.Contains(t, p.Detail, "Start again without one")
	p = problem(t, b.api(token, http.MethodGet, "/api/v1/runs?status=done&limit=0", nil), http.StatusBadRequest)
	require.ElementsMatch(t, []string{"status", "limit"}, wrongFields(p))
	p = problem(t, b.api(token, http.MethodGet, "/api/v1/runs?tenant=north", nil), http.StatusBadRequest)
	require.Equal(t, []string{"tenant"}, wrongFields(p))
	problem(t, b.api(token, http.MethodGet, "/api/v1/no-such", nil), http.StatusNotFound)
	problem(t, b.api(token, http.MethodDelete, "/api/v1/runs", nil), http.StatusMethodNotAllowed)
}

func TestAPIIdempotencyKeyStartsOneRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.token(b.owner())

	first := decode[api.Run](t, b.api(token, http.MethodPost, "/api/v1/runs", simulate(1), "Idempotency-Key", "k1"), http.StatusCreated)
	again := decode[api.Run](t, b.api(token, http.MethodPost, "/api/v1/runs", simulate(1), "Idempotency-Key", "k1"), http.StatusOK)
	require.Equal(t, first.Id, again.Id)
	p := problem(t, b.api(token, http.MethodPost, "/api/v1/runs", simulate(2), "Idempotency-Key", "k1"), http.StatusConflict)
	require.Contains(t, p.Detail, "Send a new key")
	require.Len(t, decode[api.RunList](t, b.api(token, http.MethodGet, "/api/v1/runs", nil), http.StatusOK).Runs, 1)

	exclusive := map[string]any{"workspace": "acme", "tenant": "north", "type": "sample.audit"}
	active := decode[api.Run](t, b.api(token, http.MethodPost, "/api/v1/runs", exclusive), http.StatusCreated)
	p = problem(t, b.api(token, http.MethodPost, "/api/v1/runs", exclusive), http.StatusConflict)
	require.Contains(t, p.Detail, active.Id)
}

func TestAPITokenMustBeGoodForThePlane(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owner, staff := b.token(b.owner()), b.token(b.staff())
	_, err := b.store.CreateToken(t.Context(), models.APIToken{
		UserID: b.world.Owner.ID, Plane: models.PlaneAdmin, Hash: "unused", Name: "old", ExpiresAt: time.Now().Add(-time.Hour),
	})
	require.NoError(t, err)

	for _, token := range []string{"", "opst_wrong", staff} {
		w := b.api(token, http.MethodGet, "/api/v1/runs", nil)
		problem(t, w, http.StatusUnauthorized)
		require.Contains(t, w.Header().Get("WWW-Authenticate"), "Bearer")
	}
	problem(t, b.api(owner, http.MethodGet, "/api/v1/system/runs", nil), http.StatusUnauthorized)
	require.Equal(t, http.StatusOK, b.api(staff, http.MethodGet, "/api/v1/system/runs", nil).Code)
	require.Equal(t, http.StatusOK, b.api(owner, http.MethodGet, "/api/v1/runs", nil).Code)
}

func TestAPIRefusesAConnectionOfAnotherTenant(t *testing.T) {
	t.Parallel()
	b := setup(t)
	theirs, err := b.store.SaveConnection(t.Context(), models.Connection{TenantID: b.world.West.ID, Name: "theirs", BaseURL: "https://x.test", Auth: models.AuthNone})
	require.NoError(t, err)
	own, err := b.store.SaveConnection(t.Context(), models.Connection{TenantID: b.world.North.ID, Name: "own", BaseURL: "https://y.test", Auth: models.AuthNone})
	require.NoError(t, err)
	token := b.token(b.owner())

	with := func(id string) map[string]any {
		body := simulate(1)
		body["input"].(map[string]any)["connection"] = id
		return body
	}
	for _, id := range []string{theirs.ID, theirs.Name, "no-such"} {
		w := b.api(token, http.MethodPost, "/api/v1/runs", with(id))
		require.Contains(t, w.Body.String(), `is not a connection of this tenant; it has \"own\"`)
		require.Equal(t, []string{"input.connection"}, wrongFields(problem(t, w, http.StatusUnprocessableEntity)))
	}
	cased := simulate(1) // what is not checked must not be decoded either
	cased["input"].(map[string]any)["Connection"] = theirs.ID
	w := b.api(token, http.MethodPost, "/api/v1/runs", cased)
	require.Equal(t, []string{"input.Connection"}, wrongFields(problem(t, w, http.StatusUnprocessableEntity)))
	for _, asked := range []string{own.ID, own.Name} {
		run := decode[api.Run](t, b.api(token, http.MethodPost, "/api/v1/runs", with(asked)), http.StatusCreated)
		stored, _, err := b.store.Run(t.Context(), models.Engine(), run.Id)
		require.NoError(t, err)
		require.JSONEq(t, `{"items": 1, "target": "box", "connection": "`+own.ID+`"}`, string(stored.Input), "asked for as %s", asked)
	}
}

func TestAPIDocumentIsServed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w := b.serve(httptest.NewRequest(http.MethodGet, "/api/v1/openapi.yaml", nil))
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, api.Document, w.Body.Bytes())
}

func TestAPIServesExactlyWhatItsDocumentSays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context(), openapi3.IsOpenAPI31OrLater()))
	var described, served []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	for _, r := range b.engine.Routes() {
		if strings.HasPrefix(r.Path, "/api/") && r.Path != "/api/v1/openapi.yaml" {
			served = append(served, r.Method+" "+regexp.MustCompile(`:([a-z]+)`).ReplaceAllString(r.Path, "{$1}"))
		}
	}
	require.ElementsMatch(t, described, served)
}

func TestAPIAnswersManyAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.token(b.owner())
	raw, err := json.Marshal(simulate(1))
	require.NoError(t, err)
	var all sync.WaitGroup
	codes := make([]int, 12) // few enough for a busy machine to answer the last in time
	for i := range codes {
		all.Go(func() {
			r := httptest.NewRequest(http.MethodGet, "/api/v1/runs?status=queued&limit=5", nil)
			if i%2 == 0 {
				r = httptest.NewRequest(http.MethodPost, "/api/v1/runs", strings.NewReader(string(raw)))
				r.Header.Set("Content-Type", "application/json")
			}
			r.Header.Set("Authorization", "Bearer "+token)
			codes[i] = b.serve(r).Code
		})
	}
	all.Wait()
	for i, code := range codes {
		require.Equal(t, []int{http.StatusCreated, http.StatusOK}[i%2], code)
	}
}
