package inventory

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
)

func TestSyncReadsAllAndComparesWithTheLastTime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.set("users", people(0, 45)...)
	b.api.set("groups", people(0, 10)...)
	b.api.set("devices")

	first := b.sync()
	require.NoError(t, first.err)
	require.Equal(t, lifecycle.Succeeded, first.outcome)
	require.Equal(t, int64(3), first.total)
	require.Len(t, first.items, 3)
	require.JSONEq(t, `{"pages":5,"objects":45}`, string(first.items["users"].Detail))
	d := first.diff(t)
	require.True(t, d.First && d.Complete)
	require.Equal(t, int64(55), d.Objects)
	require.Empty(t, d.Added)
	require.Contains(t, first.artifacts[summaryName], "directory: 55 objects in 3 collections\nFirst reading")

	b.api.set("users", people(3, 47, 7, 30)...)
	b.api.set("devices", entity{"id": 9, "name": "laptop"})
	second := b.sync()
	require.NoError(t, second.err)
	d = second.diff(t)
	require.False(t, d.First)
	require.Equal(t, []Object{{"users", "u045", "User 45", nil}, {"users", "u046", "User 46", nil}, {"devices", "9", "laptop", nil}}, d.Added)
	require.Equal(t, []Object{{"users", "u007", "User 7", []string{"job"}}, {"users", "u030", "User 30", []string{"job"}}}, d.Changed)
	require.Equal(t, []Object{{"users", "u000", "User 0", nil}, {"users", "u001", "User 1", nil}, {"users", "u002", "User 2", nil}}, d.Removed)
	require.Equal(t, Collection{Name: "users", Complete: true, Pages: 5, Objects: 44, ComparedWith: first.run.ID, Added: 2, Changed: 2, Removed: 3}, d.Collections[0])
	summary := second.artifacts[summaryName]
	require.Contains(t, summary, "Since the last complete reading: 3 added, 2 changed, 3 removed\n")
	require.Contains(t, summary, "CHANGED\n  users / User 7 (u007): job\n")

	third := b.sync("groups")
	require.NoError(t, third.err)
	d = third.diff(t)
	require.Empty(t, d.Added)
	require.Empty(t, d.Changed)
	require.Empty(t, d.Removed)
	require.Len(t, d.Collections, 1)
}

func TestPageThatFailsForGoodMakesTheRunPartial(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.set("users", people(0, 45)...)
	b.api.set("groups", people(0, 10)...)
	require.NoError(t, b.sync().err)

	b.api.set("users", people(5, 46, 6)...)
	b.api.set("groups", people(0, 11)...)
	b.api.refuse = func(w http.ResponseWriter, collection string, page int) bool {
		if collection == "users" && page == 3 {
			fail(w, http.StatusInternalServerError, "generalException", "it broke")
			return true
		}
		return false
	}
	r := b.sync()
	require.NoError(t, r.err)
	require.Equal(t, lifecycle.PartiallySucceeded, r.outcome)
	users := r.items["users"]
	require.Equal(t, operation.ItemFailed, users.State)
	require.Equal(t, "http_500", users.Code)
	require.Equal(t, "page 3 and what follows were not read: HTTP 500 generalException: it broke", users.Message)
	require.Len(t, r.held, 3, "a server error is tried again: %v", r.held)
	d := r.diff(t)
	require.Equal(t, []Missing{{Collection: "users", FromPage: 3, Reason: users.Message}}, d.Missing)
	require.Len(t, d.Added, 1, "of groups")
	require.Len(t, d.Changed, 1, "of what was read of users")
	require.Empty(t, d.Removed, "what was not read is not removed")
	require.Contains(t, r.artifacts[summaryName], "NOT READ COMPLETELY (what is missing there is not told as removed)\n  users: page 3 and what follows")

	b.api.refuse = nil
	r = b.sync()
	require.Equal(t, lifecycle.Succeeded, r.outcome)
	d = r.diff(t)
	require.Len(t, d.Added, 1, "compared with the last complete reading of each collection")
	require.Equal(t, "u045", d.Added[0].ID)
	require.Len(t, d.Removed, 5)
}

func TestBrokenPageThatHealsIsRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.set("users", people(0, 25)...)
	broken := 2
	b.api.refuse = func(w http.ResponseWriter, collection string, page int) bool {
		if page == 2 && broken > 0 {
			broken--
			w.WriteHeader(http.StatusBadGateway)
			return true
		}
		return false
	}
	r := b.sync("users")
	require.NoError(t, r.err)
	require.Equal(t, lifecycle.Succeeded, r.outcome)
	require.Equal(t, []string{"2s users: HTTP 502", "4s users: HTTP 502"}, r.held)
}

func TestRetryAfterIsADeclaredWait(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.set("users", people(0, 25)...)
	answers := []string{"7", "120", ""}
	b.api.refuse = func(w http.ResponseWriter, collection string, page int) bool {
		if collection != "users" || page != 2 || len(answers) == 0 {
			return false
		}
		if answers[0] != "" {
			w.Header().Set("Retry-After", answers[0])
		}
		answers = answers[1:]
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}
	r := b.sync("users")
	require.NoError(t, r.err)
	require.Equal(t, lifecycle.Succeeded, r.outcome)
	require.Equal(t, []string{"7s users: the API is busy (HTTP 429)", "8s users: the API is busy (HTTP 429)"}, r.held)
	require.Equal(t, []string{"2m0s users: the API is busy (HTTP 429)"}, r.waited, "a long wait needs no worker")
	require.JSONEq(t, `{"pages":3,"objects":25}`, string(r.items["users"].Detail))
}

func TestThrottledForEverGivesUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.set("users", people(0, 5)...)
	b.api.set("groups", people(0, 5)...)
	b.api.refuse = func(w http.ResponseWriter, collection string, _ int) bool {
		if collection == "users" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return collection == "users"
	}
	r := b.sync()
	require.NoError(t, r.err)
	require.Equal(t, "throttled", r.items["users"].Code)
	require.Equal(t, operation.ItemSucceeded, r.items["groups"].State)
	require.Len(t, r.held, defaultLimits.busyTries-1)
}

func TestEndlessPaging(t *testing.T) {
	t.Parallel()
	for name, bend := range map[string]func(collection string, page int, link string) string{
		"back to the first page": func(_ string, page int, link string) string {
			if page == 3 {
				return "?page=1"
			}
			return link
		},
		"to itself": func(string, int, string) string { return "?page=2" },
		"a circle after a start": func(_ string, page int, _ string) string {
			if page == 23 {
				return "?page=11"
			}
			return fmt.Sprintf("?page=%d", page+1)
		},
		"ever new": func(_ string, page int, _ string) string { return fmt.Sprintf("?page=%d", page+1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.syncer.limits.maxPages = 200
			b.api.set("groups", people(0, 5)...)
			b.api.set("users", people(0, 30)...)
			b.api.next = func(collection string, page int, link string) string {
				if collection != "users" {
					return link
				}
				return bend(collection, page, link)
			}
			r := b.sync()
			require.NoError(t, r.err)
			require.Equal(t, lifecycle.PartiallySucceeded, r.outcome)
			require.Equal(t, "endless_paging", r.items["users"].Code)
			require.Contains(t, r.items["users"].Message, "its paging does not end")
			require.LessOrEqual(t, len(b.api.asked), 205)
			if name != "ever new" {
				require.Less(t, len(b.api.asked), 70)
				require.Contains(t, r.items["users"].Message, "leads back to an earlier page")
			}
		})
	}
}

func TestAnswersOfOneCollectionFailItAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.set("groups", people(0, 5)...)
	b.api.set("nameless", entity{"id": "a"}, entity{"displayName": "no id"})
	b.api.set("secret", people(0, 5)...)
	b.api.set("astray", people(0, 15)...)
	b.api.next = func(collection string, _ int, link string) string {
		if collection == "astray" {
			return "https://evil.example/v1.0/astray"
		}
		return link
	}
	b.api.refuse = func(w http.ResponseWriter, collection string, _ int) bool {
		if collection == "secret" {
			fail(w, http.StatusForbidden, "Denied", "no permission")
		}
		return collection == "secret"
	}
	r := b.sync("secret", "groups", "nameless", "astray", "unknown")
	require.NoError(t, r.err)
	require.Equal(t, lifecycle.PartiallySucceeded, r.outcome)
	require.Equal(t, operation.ItemSucceeded, r.items["groups"].State)
	for name, want := range map[string][2]string{
		"secret":   {"forbidden", "HTTP 403 Denied: no permission"},
		"nameless": {"unusable_answer", "object 2 has no usable id"},
		"astray":   {"unusable_answer", "leads to https://evil.example, away from"},
		"unknown":  {"http_404", "HTTP 404 NotFound"},
	} {
		require.Equal(t, want[0], r.items[name].Code, name)
		require.Contains(t, r.items[name].Message, want[1], name)
	}
	require.Empty(t, r.held, "none of these is worth another try")
	require.Len(t, r.diff(t).Missing, 4)
}

func TestConnectionThatCannotWorkBlocksTheRun(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*bench)
		read   []string
		want   string
	}{
		{"unreachable", func(b *bench) { b.connect(func(c *models.Connection) { c.BaseURL = "http://127.0.0.1:1/v1.0" }) }, nil,
			`connection "directory": cannot reach 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused; check its URL and the network`},
		{"no URL", func(b *bench) { b.connect(func(c *models.Connection) { c.BaseURL = "directory.example" }) }, nil,
			`"directory.example" is not an http or https address; correct it`},
		{"internal address", func(b *bench) { b.connect(func(c *models.Connection) { c.BaseURL = "http://169.254.169.254/latest" }) }, nil,
			"169.254.169.254 is private or internal and not allowed"},
		{"wrong token", func(b *bench) {
			b.api.token = "right"
			b.connect(func(c *models.Connection) { c.Auth, c.SecretSealed = models.AuthBearer, b.seal("wrong") })
		}, nil, `connection "directory": the credential is refused: InvalidToken wrong token; enter the right one`},
		{"wrong client secret", func(b *bench) {
			b.connect(func(c *models.Connection) {
				c.Auth, c.ClientID, c.TokenURL, c.SecretSealed = models.AuthClientCredentials, "me", b.api.URL+"/v1.0/token", b.seal("wrong")
			})
		}, nil, "the credential is refused"},
		{"no secret", func(b *bench) { b.connect(func(c *models.Connection) { c.Auth = models.AuthBearer }) }, nil, "has no secret; enter it"},
		{"secret of another connection", func(b *bench) {
			sealed, err := b.box.Seal("another", []byte("x"))
			require.NoError(b.t, err)
			b.connect(func(c *models.Connection) { c.Auth, c.SecretSealed = models.AuthBearer, sealed })
		}, nil, "for another owner; enter it again"},
		{"no permission at all", func(b *bench) {
			b.api.refuse = func(w http.ResponseWriter, _ string, _ int) bool { w.WriteHeader(http.StatusForbidden); return true }
		}, []string{"users", "groups"}, "may read none of this: HTTP 403; grant it the permission"},
		{"no list of collections", func(b *bench) {
			b.api.refuse = func(w http.ResponseWriter, _ string, _ int) bool { w.WriteHeader(http.StatusNotFound); return true }
		}, nil, "does not list its collections: HTTP 404; name those to read"},
		{"an empty list of collections", func(*bench) {}, nil, "the API lists no collections"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			tc.change(b)
			r := b.sync(tc.read...)
			var blocked *operation.BlockedError
			require.ErrorAs(t, r.err, &blocked)
			require.ErrorContains(t, r.err, tc.want)
			require.Empty(t, r.items)
		})
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.set("users", people(0, 45)...)
	b.api.token = "right"
	b.connect(func(c *models.Connection) { c.Auth, c.SecretSealed = models.AuthBearer, b.seal("right") })
	require.NoError(t, b.sync("users").err)

	b.api.refuse = func(_ http.ResponseWriter, _ string, page int) bool {
		if page == 3 {
			b.api.token = "revoked"
		}
		return false
	}
	r := b.sync("users")
	var permanent *operation.PermanentError
	require.ErrorAs(t, r.err, &permanent, "work was done, so it is not blocked")
	require.ErrorContains(t, r.err, "the credential is refused")
}

func TestLostNetworkIsLeftToTheEngine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.set("users", people(0, 45)...)
	b.api.refuse = func(w http.ResponseWriter, _ string, page int) bool {
		if page == 4 {
			panic(http.ErrAbortHandler)
		}
		return false
	}
	r := b.sync("users")
	require.ErrorContains(t, r.err, "cannot reach")
	var blocked *operation.BlockedError
	var permanent *operation.PermanentError
	require.NotErrorAs(t, r.err, &blocked)
	require.NotErrorAs(t, r.err, &permanent)
	require.Empty(t, r.items, "it goes on where it was")
}

func TestInput(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := define(b.syncer)
	for input, want := range map[string]string{
		`{}`: "connection is required",
		`{"connection":"c","collections":["../users"]}`:       "collections must be names of collections",
		`{"connection":"c","collections":["users?x=1"]}`:      "collections must be names",
		`{"connection":"c","collections":["users","users"]}`:  "users is there twice",
		`{"connection":"c","collections":"users"}`:            "collections must be a list",
		`{"connection":"c","colections":[]}`:                  "colections is not a field",
		`{"connection":"` + strings.Repeat("x", 10) + `"}`:    "connection is not a connection of this tenant",
		`{"connection":"` + b.conn.ID + `","collections":[]}`: "",
	} {
		target, err := d.Target(t.Context(), b.world.North.ID, json.RawMessage(input))
		if want == "" {
			require.NoError(t, err)
			require.Equal(t, "directory", target)
			continue
		}
		var wrong operation.FieldErrors
		require.ErrorAs(t, err, &wrong, input)
		require.ErrorContains(t, err, want, input)
	}
	_, err := d.Target(t.Context(), b.world.South.ID, json.RawMessage(`{"connection":"`+b.conn.ID+`"}`))
	require.ErrorContains(t, err, "is not a connection of this tenant")
	target, err := d.Target(t.Context(), b.world.North.ID, json.RawMessage(`{"connection":"`+b.conn.ID+`","collections":["users","deviceManagement/mobileApps"]}`))
	require.NoError(t, err)
	require.Equal(t, "directory: users, deviceManagement/mobileApps", target)
	require.True(t, d.Supersedes && d.Exclusive)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	require.Equal(t, 2*time.Second, defaultLimits.pause(0))
	require.Equal(t, 32*time.Second, defaultLimits.pause(4))
	require.Equal(t, time.Minute, defaultLimits.pause(99))
}

func TestObjectsAreCanonical(t *testing.T) {
	t.Parallel()
	page := func(s string) []models.InventoryObject {
		t.Helper()
		var raw []json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(s), &raw))
		objects, err := convert(raw)
		require.NoError(t, err)
		return objects
	}
	a := page(`[{"id":"1","b":[1,{"x":1.10}],"a":null,"@odata.etag":"W/1"}]`)
	b := page(`[{"a":null,  "b":[1,{"x":1.10}],"id":"1","@odata.etag":"W/2"}]`)
	require.Equal(t, a, b)
	require.Equal(t, "1", a[0].Name)
	require.NotEqual(t, a[0].Hash, page(`[{"id":"1","b":[1,{"x":1.1}],"a":null}]`)[0].Hash)

	twice := page(`[{"id":"1","v":1},{"id":"2"},{"id":"1","v":2}]`)
	require.Len(t, twice, 2)
	require.JSONEq(t, `{"id":"1","v":2}`, twice[0].Body)
	for _, s := range []string{`[1]`, `[null]`, `[{}]`, `[{"id":""}]`, `[{"id":{}}]`, `[{"id":"a\u0000"}]`} {
		var raw []json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(s), &raw))
		_, err := convert(raw)
		require.ErrorContains(t, err, "object 1 ", s)
	}
	fields, err := differing(`{"a":1,"b":2,"gone":3}`, `{"a":1,"b":3,"new":4}`)
	require.NoError(t, err)
	require.Equal(t, []string{"b", "gone", "new"}, fields)
}
