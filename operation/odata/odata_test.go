package odata_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opstruth/opstruth/operation/odata"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// api answers every request by the handler, and tells its address.
func api(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// client is as opstruth's own: limited, and following no redirect.
func client(t *testing.T, c odata.Config) *odata.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c.HTTP = &http.Client{
		Timeout: time.Minute, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	made, err := odata.New(t.Context(), c)
	require.NoError(t, err)
	return made
}

func read(t *testing.T, handler http.HandlerFunc) (odata.Page, error) {
	t.Helper()
	t.Helper()
	c := client(t, odata.Config{BaseURL: api(t, handler).URL})
	return c.Read(t.Context(), c.First("users"))
}

func say(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func TestReadsACollectionPageByPage(t *testing.T) {
	t.Parallel()
	server := api(t, func(w http.ResponseWriter, r *http.Request) {
		next := map[string]string{"": "http://" + r.Host + "/v1.0/users?$skiptoken=2", "2": "?$skiptoken=3", "3": ""}[r.URL.Query().Get("$skiptoken")]
		if r.URL.Path != "/v1.0/users" {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"value": []any{map[string]any{"id": r.URL.RawQuery}}, "@odata.nextLink": next})
	})
	c := client(t, odata.Config{BaseURL: server.URL + "/v1.0/"})
	var ids []string
	for link := c.First("users"); link != ""; {
		page, err := c.Read(t.Context(), link)
		require.NoError(t, err)
		require.Len(t, page.Objects, 1)
		ids = append(ids, string(page.Objects[0]))
		link = page.Next
	}
	require.Equal(t, []string{`{"id":""}`, `{"id":"$skiptoken=2"}`, `{"id":"$skiptoken=3"}`}, ids)
}

func TestBusyTellsHowLongToWait(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		status int
		after  string
		want   time.Duration
	}{
		{"seconds", 429, "7", 7 * time.Second},
		{"seconds of a 503", 503, " 120 ", 2 * time.Minute},
		{"none", 429, "", -1},
		{"nonsense", 429, "soon", -1},
		{"negative", 429, "-5", -1},
		{"beyond all bounds", 429, "99999999999999", -1},
		{"a date, by the answer's own clock", 503, "Wed, 21 Oct 2015 07:28:30 GMT", 30 * time.Second},
		{"a date that has passed", 503, "Wed, 21 Oct 2015 07:27:00 GMT", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", "Wed, 21 Oct 2015 07:28:00 GMT")
				if tc.after != "" {
					w.Header().Set("Retry-After", tc.after)
				}
				w.WriteHeader(tc.status)
			})
			var busy *odata.BusyError
			require.ErrorAs(t, err, &busy)
			require.Equal(t, tc.status, busy.Status)
			require.Equal(t, tc.want, busy.After)
		})
	}
}

func TestAnswersThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, body, want string }{
		{"no JSON", `<html>hello`, `not JSON as OData v4 has it: "<html>hello"`},
		{"another shape", `{"value": 7}`, "not JSON as OData"},
		{"no value", `{"error": {}}`, `has no "value"`},
		{"another origin", `{"value":[],"@odata.nextLink":"https://evil.example/users"}`, "leads to https://evil.example, away from http://127.0.0.1"},
		{"another port", `{"value":[],"@odata.nextLink":"http://127.0.0.1:1/users"}`, "leads to http://127.0.0.1:1, away"},
		{"another scheme", `{"value":[],"@odata.nextLink":"file:///etc/passwd"}`, "leads to file://, away"},
		{"a password in the link", `{"value":[],"@odata.nextLink":"//a:b@127.0.0.1/users"}`, "away from"},
		{"no URL", `{"value":[],"@odata.nextLink":"http://[::1"}`, "not a URL"},
		{"an endless link", `{"value":[],"@odata.nextLink":"?` + strings.Repeat("x", 9000) + `"}`, "longer than 8192 bytes"},
		{"endless", `{"value":["` + strings.Repeat("x", odata.MaxPageBytes) + `"]}`, "larger than 32 MiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, say(http.StatusOK, tc.body))
			var content *odata.ContentError
			require.ErrorAs(t, err, &content)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestOtherStatuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status  int
		body    string
		want    string
		passing bool
	}{
		{500, `{"error":{"code":"generalException","message":"it  broke\n"}}`, "HTTP 500 generalException: it broke", true},
		{502, `<html>`, "HTTP 502", true},
		{501, ``, "HTTP 501", false},
		{408, ``, "HTTP 408", true},
		{403, `{"error":{"code":"Denied","message":"no"}}`, "HTTP 403 Denied: no", false},
		{404, ``, "HTTP 404", false},
		{204, ``, "HTTP 204", false},
	} {
		_, err := read(t, say(tc.status, tc.body))
		var status *odata.StatusError
		require.ErrorAs(t, err, &status, tc.status)
		require.EqualError(t, err, tc.want)
		require.Equal(t, tc.passing, status.Passing(), tc.status)
	}
}

func TestRedirectsAreReportedNotFollowed(t *testing.T) {
	t.Parallel()
	_, err := read(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example/", http.StatusMovedPermanently)
	})
	require.ErrorContains(t, err, "HTTP 301: it redirects to https://elsewhere.example/; correct the connection's URL")
}

func TestBearer(t *testing.T) {
	t.Parallel()
	server := api(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer good" {
			say(http.StatusUnauthorized, `{"error":{"code":"InvalidToken","message":"expired"}}`)(w, r)
			return
		}
		say(http.StatusOK, `{"value":[]}`)(w, r)
	})
	c := client(t, odata.Config{BaseURL: server.URL, Token: "good"})
	_, err := c.Read(t.Context(), c.First("users"))
	require.NoError(t, err)

	c = client(t, odata.Config{BaseURL: server.URL, Token: "bad"})
	_, err = c.Read(t.Context(), c.First("users"))
	var credential *odata.CredentialError
	require.ErrorAs(t, err, &credential)
	require.EqualError(t, err, "the credential is refused: InvalidToken expired")
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	tokens := 0
	server := api(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/busy":
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(http.StatusTooManyRequests)
		case r.URL.Path == "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		case r.URL.Path == "/token":
			id, secret, _ := r.BasicAuth()
			if id != "me" || secret != "good" || r.FormValue("scope") != "a b" {
				w.Header().Set("Content-Type", "application/json")
				say(http.StatusUnauthorized, `{"error":"invalid_client","error_description":"wrong secret"}`)(w, r)
				return
			}
			tokens++
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"access_token":"t","token_type":"Bearer","expires_in":3600}`)
		case r.Header.Get("Authorization") == "Bearer t":
			say(http.StatusOK, `{"value":[]}`)(w, r)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	config := odata.Config{BaseURL: server.URL, TokenURL: server.URL + "/token", ClientID: "me", ClientSecret: "good", Scopes: []string{"a", "b"}}
	try := func(change func(*odata.Config)) error {
		other := config
		change(&other)
		c := client(t, other)
		_, err := c.Read(t.Context(), c.First("users"))
		if err == nil {
			_, err = c.Read(t.Context(), c.First("groups"))
		}
		return err
	}
	require.NoError(t, try(func(*odata.Config) {}))
	require.Equal(t, 1, tokens, "a token is used until it expires")

	err := try(func(c *odata.Config) { c.ClientSecret = "bad" })
	var credential *odata.CredentialError
	require.ErrorAs(t, err, &credential)
	require.EqualError(t, err, "the credential is refused: invalid_client wrong secret")

	err = try(func(c *odata.Config) { c.TokenURL = server.URL + "/busy" })
	var busy *odata.BusyError
	require.ErrorAs(t, err, &busy)
	require.Equal(t, 3*time.Second, busy.After)

	err = try(func(c *odata.Config) { c.TokenURL = server.URL + "/broken" })
	var status *odata.StatusError
	require.ErrorAs(t, err, &status)

	err = try(func(c *odata.Config) { c.TokenURL = "http://127.0.0.1:1/token" })
	require.ErrorContains(t, err, "cannot reach 127.0.0.1:1: ")
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	c := client(t, odata.Config{BaseURL: "http://127.0.0.1:1"})
	_, err := c.Read(t.Context(), c.First("users"))
	var reach *odata.ReachError
	require.ErrorAs(t, err, &reach)
	require.ErrorContains(t, err, "cannot reach 127.0.0.1:1: dial tcp")

	_, err = read(t, func(w http.ResponseWriter, _ *http.Request) { // an answer that breaks off
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte(`{"value":[`))
	})
	require.ErrorAs(t, err, &reach)
}

func TestContextEndsARead(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	server := api(t, func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("handed over")
	go func() {
		<-asked
		cancel(stop)
	}()
	c := client(t, odata.Config{BaseURL: server.URL})
	_, err := c.Read(ctx, c.First("users"))
	require.ErrorIs(t, err, stop)
}

func TestWrongURLs(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "graph.example.com", "ftp://x", "https://", "https://me:pw@x", "http://[::1"} {
		_, err := odata.New(t.Context(), odata.Config{BaseURL: raw, HTTP: http.DefaultClient})
		require.ErrorContains(t, err, "read the base URL", raw)
		if raw != "" {
			_, err = odata.New(t.Context(), odata.Config{BaseURL: "https://x", TokenURL: raw, HTTP: http.DefaultClient})
			require.ErrorContains(t, err, "read the token URL", raw)
		}
	}
}
