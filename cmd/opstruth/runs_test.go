package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/apiclient"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/web/api"
)

func decoded[T any](t *testing.T, s string) T {
	t.Helper()
	var out T
	require.NoError(t, json.Unmarshal([]byte(s), &out), s)
	return out
}

func TestRunsAreStartedListedShownAndCancelled(t *testing.T) {
	t.Parallel()
	b := console(t)

	started := decoded[apiclient.Run](t, b.did("start", "sample.simulate", "--workspace", "acme", "--tenant", "north",
		"--input", `{"items": 9007199254740993, "name": "box"}`, "--idempotency-key", "k", "--json"))
	require.Equal(t, "box", started.Target)
	again := b.did("start", "sample.simulate", "--workspace", "acme", "--tenant", "north",
		"--input", `{"items": 9007199254740993, "name": "box"}`, "--idempotency-key", "k")
	require.Contains(t, again, started.Id, "the same wish gives the same run")
	stored, _, err := b.store.Run(t.Context(), b.world.OwnerScope, started.Id)
	require.NoError(t, err)
	require.Contains(t, string(stored.Input), `"items":9007199254740993`, "no float has lost a digit of it")

	table := b.did("list")
	require.Equal(t, 2, strings.Count(table, "\n"), table)
	require.Regexp(t, started.Id+` +acme +north +sample.simulate +box +Queued +none +fresh_active +0 +20\S+Z +- +`+regexp.QuoteMeta(started.Headline), table)

	shown := b.did("show", started.Id)
	require.Regexp(t, `badge +Queued\n`, shown)
	require.Contains(t, shown, started.Headline)
	require.Contains(t, shown, started.NextStep.Text)
	require.Contains(t, shown, started.WorkflowId)

	cancelled := decoded[apiclient.Run](t, b.did("cancel", started.Id, "--json"))
	require.NotNil(t, cancelled.CancelRequested)
	require.Equal(t, "Olga", cancelled.CancelRequested.By)
	require.Contains(t, b.did("show", started.Id), "by Olga")
}

func TestRunsInputComesFromAFileOrTheStandardInput(t *testing.T) {
	t.Parallel()
	b := console(t)
	file := filepath.Join(t.TempDir(), "input.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"name": "filed"}`), 0o600))

	start := []string{"start", "sample.simulate", "--workspace", "acme", "--tenant", "north", "--input"}
	require.Contains(t, b.did(append(start, "@"+file)...), "filed")
	for _, wrong := range []string{"nope", "[]", "null", "{} {}", "@" + file + ".none"} {
		require.Contains(t, b.refuses(exitUsage, append(start, wrong)...), "read --input: ", wrong)
	}
	object, err := readInput("@-", strings.NewReader(`{"n": 12345678901234567890}`))
	require.NoError(t, err)
	require.Equal(t, `{"n": 12345678901234567890}`, string(object))
}

func TestRunsJSONIsWhatTheAPIAnswered(t *testing.T) {
	t.Parallel()
	b := console(t)
	// So long ago that its age, which is told in words, stays the same from one answer to the next.
	run := modelstest.Ended(t, modelstest.At(b.store, time.Now().Add(-60*time.Hour)), b.world.NewRun(), lifecycle.Failed)

	for path, args := range map[string][]string{
		"/api/v1/runs/" + run.ID:              {"show", run.ID},
		"/api/v1/runs?outcome=failed&limit=1": {"list", "--outcome", "failed", "--limit", "1"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.address+path, nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+b.token)
		answer, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		var direct any
		require.NoError(t, json.NewDecoder(answer.Body).Decode(&direct))
		require.NoError(t, answer.Body.Close())
		got := b.did(append(args, "--json")...)
		require.Equal(t, 1, strings.Count(got, "\n"))
		require.Equal(t, timeless(direct), timeless(decoded[any](t, got)))
	}
}

// timeless leaves out the clock reading, which moves from one answer to the next.
func timeless(v any) any {
	if object, ok := v.(map[string]any); ok {
		delete(object, "as_of")
		for _, one := range object {
			timeless(one)
		}
	}
	if list, ok := v.([]any); ok {
		for _, one := range list {
			timeless(one)
		}
	}
	return v
}

func TestRunsFiltersAreTheAPIsQueryParameters(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	require.NoError(t, err)
	var want, have []string
	values := map[string][]string{} // of those that take only certain ones
	for _, p := range doc.Paths.Value("/api/v1/runs").Get.Parameters {
		want = append(want, p.Value.Name)
		require.Equal(t, p.Value.Schema.Value.Type.Is("boolean"), contains(switches, p.Value.Name), p.Value.Name)
		for _, v := range p.Value.Schema.Value.Enum {
			values[p.Value.Name] = append(values[p.Value.Name], v.(string))
		}
	}
	for _, f := range append(filters, switches...) {
		have = append(have, f.name)
		for _, v := range values[f.name] {
			require.Contains(t, f.help, v)
		}
	}
	require.Len(t, values, 5)
	require.ElementsMatch(t, want, have)
}

func contains(all []struct{ name, help string }, name string) bool {
	for _, f := range all {
		if f.name == name {
			return true
		}
	}
	return false
}

func TestRunsListFiltersAndPages(t *testing.T) {
	t.Parallel()
	b := console(t)
	failed := modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)
	closed := modelstest.Reconciled(t, b.store, b.world.NewRun())
	active := modelstest.Running(t, b.store, b.world.NewRun())

	require.NotContains(t, b.did("list", "--active"), failed.ID)
	require.NotContains(t, b.did("list", "--active=false"), active.ID)
	lineage := b.did("list", "--stale_lineage")
	require.Contains(t, lineage, closed.ID)
	require.NotContains(t, lineage, failed.ID)
	require.Contains(t, b.did("list", "--cause", "no_workers", "--ended-within", "1h", "--queue", "default"), closed.ID)
	require.Equal(t, lineage, b.did("list", "--stale-lineage", "--problem-class", "terminal_follow_up"))

	page := b.does("list", "--limit", "2")
	require.Zero(t, page.code)
	_, cursor, more := strings.Cut(page.err, "--cursor ")
	require.True(t, more, page.err)
	require.Contains(t, b.did("list", "--limit", "2", "--cursor", strings.TrimSpace(cursor)), failed.ID)

	require.Contains(t, b.refuses(exitError, "list", "--status", "done"), "status")
	require.Contains(t, b.refuses(exitError, "list", "--tenant", "north"), "workspace")
	require.Contains(t, b.refuses(exitUsage, "list", "--open=perhaps"), "--open")
}

func TestRunsAreRetriedAndAcknowledged(t *testing.T) {
	t.Parallel()
	b := console(t)
	run := modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)

	require.Contains(t, b.refuses(exitUsage, "ack", run.ID), "--note")
	require.Contains(t, b.did("claim", run.ID), "Olga")
	require.NotContains(t, b.did("release", run.ID), "claimed_by")
	require.Regexp(t, `acknowledged .* by Olga: seen\n`, b.did("ack", run.ID, "--note", "seen"))
	require.Contains(t, b.did("list"), decoded[apiclient.Run](t, b.did("show", run.ID, "--json")).Marks[0], "marks are in the API's words")
	require.NotContains(t, b.did("reopen", run.ID), "acknowledged")
	retried := decoded[apiclient.Run](t, b.did("retry", run.ID, "--json", "--idempotency-key", "once"))
	require.Equal(t, run.ID, *retried.RetryOf)
	require.Contains(t, b.did("retry", run.ID, "--idempotency-key", "once"), retried.Id)
	require.Contains(t, b.refuses(exitError, "retry", retried.Id), "Not possible now: ")
}

func TestRunsOfAllWorkspacesAreReadOnTheSystemPlane(t *testing.T) {
	t.Parallel()
	b := console(t)
	run := modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Succeeded)
	staff := b.tokenOf(b.world.Staff, models.PlaneSystem)

	for _, args := range [][]string{{"list"}, {"show", run.ID}, {"watch", run.ID}} {
		require.Zero(t, b.doesAs(staff, append(args, "--system")...).code)
		refused := b.doesAs(staff, args...)
		require.Equal(t, exitError, refused.code)
		require.Contains(t, refused.err, "the other plane")
	}
	failed := modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)
	for _, args := range [][]string{
		{"claim", failed.ID}, {"release", failed.ID}, {"ack", failed.ID, "--note", "seen"}, {"reopen", failed.ID}, {"retry", failed.ID},
	} {
		require.Zero(t, b.doesAs(staff, append(args, "--system")...).code, args)
	}
	active := modelstest.Running(t, b.store, b.world.NewRun())
	require.Contains(t, b.doesAs(staff, "cancel", active.ID, "--system").out, "by Pat")
}

// The views of one class take the list's filters, and say how many there are in all.
func TestRunsAreGroupedByWhatTheyHaveInCommon(t *testing.T) {
	t.Parallel()
	b := console(t)
	staff := b.tokenOf(b.world.Staff, models.PlaneSystem)
	for i := range 3 {
		modelstest.Running(t, b.store, b.world.NewRun(func(n *models.NewRun) {
			n.Policy.StaleAfter, n.Queue = time.Microsecond, []string{"fleet", "fleet", "other"}[i]
		}))
		modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)
	}
	modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Blocked)
	for _, c := range []struct {
		args       []string
		total, row string
	}{
		{[]string{"stuck"}, "3 runs in all", "fleet"},
		{[]string{"stuck", "--queue", "other", "--workspace", "acme"}, "1 runs in all", "other"},
		{[]string{"stuck", "--stale-lineage=false"}, "0 runs in all", "CAUSE"},
		{[]string{"failures"}, "4 runs in all, 4 of them in these groups", "blocked"},
		{[]string{"failures", "--outcome", "failed", "--ended-within", "1h"}, "3 runs in all, 3 of them in these groups", "failed"},
	} {
		did := b.doesAs(staff, c.args...)
		require.Zero(t, did.code, did.err)
		require.Contains(t, did.out, c.row, c.args)
		require.Contains(t, did.err, c.total, c.args)
	}
	require.EqualValues(t, 3, decoded[apiclient.StuckGroups](t, b.doesAs(staff, "stuck", "--json").out).Runs)
	require.NotZero(t, b.doesAs(staff, "stuck", "--outcome", "failed").code, "what is stuck has no outcome")
}

func TestRunsErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	b := console(t)
	said := b.refuses(exitError, "show", "no-such")
	require.Equal(t, "opstruth: Not found: There is nothing here, or nothing that you may see. Check the address, or ask an owner of the workspace for access.\n", said)
	require.Contains(t, b.refuses(exitError, "start", "none", "--workspace", "acme", "--tenant", "north"), "use one of sample.simulate")
	require.Contains(t, b.refuses(exitError, "start", "sample.simulate", "--workspace", "acme", "--tenant", "north", "--input", `{"items": -1}`), "must not be negative")
	require.Contains(t, b.refuses(exitUsage, "start", "sample.simulate"), "--workspace")
	require.Contains(t, b.refuses(exitUsage, "show"), "opstruth runs show RUN")
	require.Contains(t, b.refuses(exitUsage, "frobnicate"), `unknown command "frobnicate"`)
	require.Contains(t, b.refuses(exitUsage, "list", "--colour", "red"), "unknown flag: --colour")
	viewer := b.doesAs(b.tokenOf(b.world.Viewer, models.PlaneAdmin), "start", "sample.simulate", "--workspace", "acme", "--tenant", "north")
	require.Equal(t, exitError, viewer.code)
	require.Contains(t, viewer.err, "Not permitted: ")

	b.address += "/elsewhere"
	require.Contains(t, b.refuses(exitError, "list"), "check the console's address")
	b.address = "ops.example.com"
	require.Contains(t, b.refuses(exitUsage, "list"), "want one like https://")
	moved := httptest.NewServer(http.RedirectHandler("https://new.example.com/", http.StatusMovedPermanently))
	b.address = moved.URL
	require.Contains(t, b.refuses(exitError, "cancel", "x"), "redirects to https://new.example.com/")
	moved.Close()
	require.Contains(t, b.refuses(exitError, "list"), "see that the console runs at "+b.address)
	require.Contains(t, b.refuses(exitError, "start", "sample.simulate", "--workspace", "acme"), "the run may have been started")
}

func TestRunsSettingsComeFromTheEnvironment(t *testing.T) {
	b := console(t)
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(b.token+"\n"), 0o600))
	for _, name := range []string{tokenVariable, tokenVariable + "_FILE"} {
		t.Setenv(name, "")
	}
	t.Setenv(urlVariable, b.address)
	list := func() said { return b.doesIn(t.Context(), "list") }

	require.Equal(t, exitUsage, list().code)
	require.Contains(t, list().err, "say who asks: set OPSTRUTH_TOKEN")
	t.Setenv(tokenVariable+"_FILE", file)
	require.Zero(t, list().code)
	t.Setenv(tokenVariable, b.token)
	require.Contains(t, list().err, "both set")
	t.Setenv(tokenVariable+"_FILE", "")
	require.Zero(t, list().code)
	t.Setenv(tokenVariable, "")
	t.Setenv(tokenVariable+"_FILE", file+".none")
	require.Equal(t, exitUsage, list().code)
}

func TestRunsTextCannotSteerATerminal(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a b [31mc", clean("a\tb\n\x1b[31mc\u202e\r"))
	require.Equal(t, "-", cell("\x00"))
	require.Equal(t, "2026-01-02T03:04:05Z", moment(new(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC))))
}
