package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/web/api"
)

func TestAPIEvidence(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.token(b.owner())
	run := modelstest.Running(t, b.store, b.world.NewRun())
	none := decode[api.RunEvidence](t, b.api(token, http.MethodGet, "/api/v1/runs/"+run.ID+"/evidence", nil), http.StatusOK)
	require.Nil(t, none.Silence)
	require.Nil(t, none.Reconciliation)
	require.NotNil(t, none.StaleAt)

	found := lifecycle.Evidence{
		Answer: lifecycle.Answered, Execution: lifecycle.ExecRunning, RunID: "temporal-run",
		Activity: lifecycle.ActivityStarted, ActivityName: "opstruth.execute", Attempt: 2, ScheduledAge: 3 * time.Minute,
		StartedAge: 2 * time.Minute, HeartbeatAge: 90 * time.Second, LastFailure: lifecycle.FailureHeartbeatTimeout, Host: "worker-7",
		WorkflowTask: true, WorkflowTaskAttempt: 3, WorkflowTaskAge: time.Second,
		WorkersSeen: time.Minute, PollerAge: -1,
	}
	run, now, err := b.store.Run(t.Context(), b.world.OwnerScope, run.ID)
	require.NoError(t, err)
	require.NoError(t, b.store.RecordVerdict(t.Context(), run, lifecycle.Verdict{
		Action: lifecycle.Silent, Silence: lifecycle.Silence{Cause: lifecycle.WorkerLost, At: now, For: time.Minute, Times: 2, Evidence: found},
	}))
	for token, path := range map[string]string{token: "/api/v1/runs/", b.token(b.staff()): "/api/v1/system/runs/"} {
		got := decode[api.RunEvidence](t, b.api(token, http.MethodGet, path+run.ID+"/evidence", nil), http.StatusOK)
		require.Equal(t, api.CauseWorkerLost, *got.Silence.Cause)
		require.InDelta(t, 60, got.Silence.SilentSeconds, 0)
		e := got.Silence.Evidence
		require.Equal(t, api.Answered, e.Answer)
		require.Equal(t, "worker-7", *e.Activity.Host)
		require.Equal(t, api.Moment{At: got.Silence.At.Add(-90 * time.Second), AgeSeconds: 90}, *e.Activity.Heartbeat)
		require.Equal(t, 3, e.WorkflowTask.Attempt)
		require.Zero(t, *e.Workers)
		require.InDelta(t, 60, e.WorkersSeen.AgeSeconds, 0)
		require.Nil(t, e.Polled, "nobody polled")
		require.Nil(t, e.Paused)
	}

	closed := modelstest.Reconciled(t, b.store, b.world.NewRun())
	got := decode[api.RunEvidence](t, b.api(token, http.MethodGet, "/api/v1/runs/"+closed.ID+"/evidence", nil), http.StatusOK)
	require.Equal(t, api.CauseNoWorkers, *got.Reconciliation.Cause)
	require.Nil(t, got.StaleAt)
	timeline := decode[api.Timeline](t, b.api(token, http.MethodGet, "/api/v1/runs/"+closed.ID+"/timeline", nil), http.StatusOK)
	at := slices.IndexFunc(timeline.Events, func(e api.Event) bool { return e.Kind == string(lifecycle.Reconciled) })
	require.Equal(t, api.Answered, timeline.Events[at].Data.Evidence.Answer)
	require.Positive(t, *timeline.Events[at].Data.SilentSeconds)
}

// A run that stood still may have beaten all along: how long it was likely stuck is not how long it was silent.
func TestAPITellsHowLongARunWasStuck(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun := modelstest.Epoch
	run := modelstest.Running(t, modelstest.At(b.store, begun), b.world.NewRun())
	back := begun.Add(run.Facts.Policy.StaleAfter + 42*time.Second)
	_, err := modelstest.At(b.store, back).RecordBeats(t.Context(), models.WorkerRow{ID: "w", Queues: []string{"default"}},
		[]models.Beat{{RunID: run.ID, TemporalRunID: "t", ActivityID: "1", Attempt: 1}})
	require.NoError(t, err)

	timeline := decode[api.Timeline](t, b.api(b.token(b.owner()), http.MethodGet, "/api/v1/runs/"+run.ID+"/timeline", nil), http.StatusOK)
	at := slices.IndexFunc(timeline.Events, func(e api.Event) bool { return e.Kind == string(lifecycle.Recovered) })
	require.InDelta(t, 42, *timeline.Events[at].Data.StuckSeconds, 0)
	require.Nil(t, timeline.Events[at].Data.SilentSeconds)
}

// Also that there is nothing is told as of a moment.
func TestAPITellsWhenAListWasEmpty(t *testing.T) {
	t.Parallel()
	b := setup(t)
	list := decode[api.RunList](t, b.api(b.token(b.owner()), http.MethodGet, "/api/v1/runs", nil), http.StatusOK)
	require.Empty(t, list.Runs)
	require.WithinDuration(t, time.Now(), list.AsOf, time.Minute)
}

func TestAPIArtifacts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.token(b.owner())
	run := modelstest.Running(t, b.store, b.world.NewRun())
	require.NoError(t, b.store.SaveArtifact(t.Context(), run.ID, "café & co.html", "text/html", []byte("<script>")))

	path := "/api/v1/runs/" + run.ID + "/artifacts"
	list := decode[api.ArtifactList](t, b.api(token, http.MethodGet, path, nil), http.StatusOK)
	require.Len(t, list.Artifacts, 1)
	require.EqualValues(t, 8, list.Artifacts[0].Size)
	w := b.api(token, http.MethodGet, path+"/"+url.PathEscape(list.Artifacts[0].Name), nil)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "<script>", w.Body.String())
	require.Equal(t, "text/html", w.Header().Get("Content-Type"))
	require.Contains(t, w.Header().Get("Content-Disposition"), "attachment")
	require.Equal(t, "sandbox", w.Header().Get("Content-Security-Policy"))
	problem(t, b.api(token, http.MethodGet, path+"/none", nil), http.StatusNotFound)
}

func TestAPIClaimReleaseAndReopen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, r := range []struct {
		reader reader
		path   string
	}{{b.owner(), "/api/v1/runs/"}, {b.staff(), "/api/v1/system/runs/"}} {
		run := modelstest.Ended(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.Input = json.RawMessage(`{"items":2}`) }), lifecycle.Failed)
		token := b.token(r.reader)
		post := func(action string, body any, status int) api.Run {
			return decode[api.Run](t, b.api(token, http.MethodPost, r.path+run.ID+"/"+action, body), status)
		}
		claimed := post("claim", nil, http.StatusOK)
		require.Equal(t, r.reader.user.Name, *claimed.ClaimedBy)
		require.NotNil(t, claimed.ClaimedAt)
		require.True(t, claimed.Open, "it still counts")
		require.NotEmpty(t, claimed.Marks)
		require.Nil(t, post("release", nil, http.StatusOK).ClaimedBy)

		require.False(t, post("acknowledge", map[string]string{"note": "seen"}, http.StatusOK).Open)
		require.True(t, post("reopen", nil, http.StatusOK).Open)
		retried := post("retry", nil, http.StatusCreated)
		require.Equal(t, run.ID, *retried.RetryOf)
		got := decode[api.Run](t, b.api(token, http.MethodGet, r.path+run.ID, nil), http.StatusOK)
		require.Equal(t, retried.Id, *got.RetriedBy)
		active := decode[api.Run](t, b.api(token, http.MethodPost, r.path+retried.Id+"/cancel", nil), http.StatusOK)
		require.Equal(t, r.reader.user.Name, active.CancelRequested.By)
		problem(t, b.api(token, http.MethodPost, r.path+retried.Id+"/claim", nil), http.StatusConflict)
	}
}

// Every number of the summary is the length of the list that it names.
func TestAPISummaryNamesTheListOfEveryNumber(t *testing.T) {
	t.Parallel()
	b := setup(t)
	modelstest.Queued(t, b.store, b.world.NewRun())
	modelstest.Running(t, b.store, b.world.NewRun())
	modelstest.Running(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.Policy.StaleAfter = 1 }))
	modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Succeeded)
	modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)
	modelstest.Reconciled(t, b.store, b.world.NewRun())
	longAgo := modelstest.At(b.store, time.Now().Add(-models.Recent-time.Hour))
	modelstest.Ended(t, longAgo, b.world.NewRun(), lifecycle.Blocked)
	modelstest.Ended(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.TenantID = b.world.South.ID }), lifecycle.Failed)

	for _, r := range []struct {
		token, summary, list string
	}{
		{b.token(b.owner()), "/api/v1/summary", "/api/v1/runs"},
		{b.token(b.owner()), "/api/v1/summary?workspace=acme&tenant=north&q=sample", "/api/v1/runs"},
		{b.token(b.staff()), "/api/v1/system/summary", "/api/v1/system/runs"},
	} {
		body := decode[map[string]any](t, b.api(r.token, http.MethodGet, r.summary, nil), http.StatusOK)
		lists := body["lists"].(map[string]any)
		require.Len(t, lists, len(body)-2, "as_of and lists itself are no numbers")
		for bucket, query := range lists {
			runs := decode[api.RunList](t, b.api(r.token, http.MethodGet, r.list+"?"+query.(string), nil), http.StatusOK)
			require.Len(t, runs.Runs, int(body[bucket].(float64)), "%s: %s", bucket, query)
			require.Positive(t, body[bucket], bucket)
		}
	}
}

func TestAPIGroupsWhatIsStuck(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 3 {
		modelstest.Running(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.Policy.StaleAfter = 1 }))
	}
	modelstest.Running(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.Policy.StaleAfter, n.Queue = 1, "other" }))
	token := b.token(b.staff())
	got := decode[api.StuckGroups](t, b.api(token, http.MethodGet, "/api/v1/system/stuck", nil), http.StatusOK)
	require.Len(t, got.Groups, 2)
	require.Equal(t, "default", got.Groups[0].Queue, "the worst first")
	for _, g := range got.Groups {
		require.NotEmpty(t, g.Headline)
		require.NotEmpty(t, g.NextStep.Text)
		list := decode[api.RunList](t, b.api(token, http.MethodGet, "/api/v1/system/runs?"+g.List, nil), http.StatusOK)
		require.Len(t, list.Runs, int(g.Runs))
	}
	require.EqualValues(t, 4, got.Runs)
	require.Len(t, decode[api.RunList](t, b.api(token, http.MethodGet, "/api/v1/system/runs?"+got.List, nil), http.StatusOK).Runs, 4)
	narrowed := decode[api.StuckGroups](t, b.api(token, http.MethodGet, "/api/v1/system/stuck?queue=other&workspace=acme", nil), http.StatusOK)
	require.EqualValues(t, 1, narrowed.Runs)
	require.Len(t, narrowed.Groups, 1)
	require.Contains(t, narrowed.List, "workspace=acme")
	require.Empty(t, decode[api.StuckGroups](t, b.api(token, http.MethodGet, "/api/v1/system/stuck?within=1h&type=other", nil), http.StatusOK).Groups)
}

func TestAPIGroupsFailures(t *testing.T) {
	t.Parallel()
	b := setup(t)
	seedStates(t, b)
	for range 3 {
		modelstest.Ended(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.WorkspaceID, n.TenantID = b.world.Globex.ID, b.world.West.ID }), lifecycle.Failed)
	}
	token := b.token(b.staff())
	runs := func(query string) int {
		return len(decode[api.RunList](t, b.api(token, http.MethodGet, "/api/v1/system/runs?limit=200&"+query, nil), http.StatusOK).Runs)
	}
	for query, want := range map[string]int{
		"": runs("problem_class=terminal_follow_up&open=true"), "workspace=globex": 3, "workspace=globex&outcome=blocked": 0, "outcome=blocked": 1,
		"stale_lineage=true": runs("problem_class=terminal_follow_up&open=true&stale_lineage=true"), "ended_within=1h&workspace=globex": 3, "ended_to=2020-01-01T00:00:00Z": 0,
	} {
		got := decode[api.FailureGroups](t, b.api(token, http.MethodGet, "/api/v1/system/failures?"+query, nil), http.StatusOK)
		require.EqualValues(t, want, got.Runs, query)
		require.Equal(t, want, runs(got.List), query)
		total := 0
		for _, g := range got.Groups {
			require.Equal(t, int(g.Runs), runs(g.List), "%s: %+v", query, g)
			total += int(g.Runs)
		}
		require.Equal(t, want, total, query)
	}
}

// The filters of a list are those of the pages, by the same names.
func TestAPIFiltersAreThePagesOwn(t *testing.T) {
	t.Parallel()
	yes, at := true, time.Unix(1, 0)
	every := links.List{
		Workspace: "w", Tenant: "t", Type: "t", Status: lifecycle.Queued, Outcome: lifecycle.Failed, Freshness: lifecycle.FreshActive,
		Class: lifecycle.NoProblem, Cause: lifecycle.NoWorkers, Queue: "q", Failure: "f", Active: &yes, Open: &yes, Lineage: &yes,
		Initiator: "i", Text: "x", From: at, To: at, Within: time.Hour, EndedWithin: time.Hour, EndedFrom: at, EndedTo: at, AsOf: at,
	}
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	require.NoError(t, err)
	for path, every := range map[string]links.List{
		"/api/v1/runs": every, "/api/v1/system/runs": every, "/api/v1/system/stuck": every.OfStuck(), "/api/v1/system/failures": every.OfFailures(),
	} {
		var names []string
		for _, p := range doc.Paths.Value(path).Get.Parameters {
			if p.Value.Name != "cursor" && p.Value.Name != "limit" {
				names = append(names, p.Value.Name)
			}
		}
		var want []string
		for name := range every.Values() {
			want = append(want, name)
		}
		require.ElementsMatch(t, want, names, path)
	}
	require.Len(t, doc.Components.Schemas["FilterCause"].Value.Enum, len(lifecycle.FilterCauses()))
	for _, cause := range lifecycle.FilterCauses() {
		require.Contains(t, doc.Components.Schemas["FilterCause"].Value.Enum, string(cause))
	}
}

func TestAPIRefusesParametersThatItDoesNotHave(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.token(b.owner())
	p := problem(t, b.api(token, http.MethodGet, "/api/v1/runs?stauts=queued&limit=1", nil), http.StatusBadRequest)
	require.Equal(t, []string{"stauts"}, wrongFields(p))
	require.Contains(t, p.Detail, "status")
	problem(t, b.api(token, http.MethodGet, "/api/v1/summary?status=queued", nil), http.StatusBadRequest)
	require.True(t, strings.HasSuffix(problem(t, b.api(token, http.MethodGet, "/api/v1/runs/x/evidence?a=b", nil), http.StatusNotFound).Type, "not-found"))
}
