package sampleapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type answer struct {
	status int
	header http.Header
	body   struct {
		NextLink string   `json:"@odata.nextLink"`
		Value    []Object `json:"value"`
		Error    struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
}

type client struct {
	t      *testing.T
	api    *API
	origin string
	token  string
}

func setup(t *testing.T, tenant Tenant) *client {
	t.Helper()
	t.Parallel()
	if tenant.ID == "" {
		tenant.ID = "contoso"
	}
	api := New(tenant)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return &client{t: t, api: api, origin: server.URL, token: tenant.Token}
}

func (c *client) get(address string) answer {
	c.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = c.origin + address
	}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, address, nil)
	require.NoError(c.t, err)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return c.do(req)
}

func (c *client) do(req *http.Request) answer {
	c.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	require.NoError(c.t, err)
	defer func() { _ = resp.Body.Close() }()
	a := answer{status: resp.StatusCode, header: resp.Header}
	require.NoError(c.t, json.NewDecoder(resp.Body).Decode(&a.body))
	return a
}

// readAll follows the next links and stops a reading that does not end.
func (c *client) readAll(address string) (all []Object, pages int) {
	c.t.Helper()
	for address != "" {
		a := c.get(address)
		require.Equal(c.t, http.StatusOK, a.status, a.body.Error.Message)
		all = append(all, a.body.Value...)
		address = a.body.NextLink
		pages++
		require.Less(c.t, pages, 100)
	}
	return all, pages
}

func plain(t *testing.T, objects []Object) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, o := range objects {
		raw, err := json.Marshal(o)
		require.NoError(t, err)
		id, _ := o["id"].(string)
		require.NotContains(t, out, id, "an id was given twice")
		out[id] = string(raw)
	}
	return out
}

func TestPagesAddUpToTheCollection(t *testing.T) {
	c := setup(t, Tenant{})
	total := 0
	for _, name := range Collections() {
		all, pages := c.readAll("/contoso/v1.0/" + name)
		require.Equal(t, plain(t, c.api.Objects("contoso", name)), plain(t, all))
		require.Equal(t, (len(all)+99)/100, pages)
		total += len(all)
	}
	require.Greater(t, total, 3000)
	all, pages := c.readAll("/contoso/v1.0/groups?$top=200")
	require.Len(t, all, 320)
	require.Equal(t, 2, pages)
}

func TestTenantsDifferAndStartsDoNot(t *testing.T) {
	t.Parallel()
	a := New(Tenant{ID: "a"}, Tenant{ID: "b", Size: 0.5})
	require.Equal(t, New(Tenant{ID: "a"}).Objects("a", "users"), a.Objects("a", "users"))
	require.NotEqual(t, a.Objects("a", "users")[0], a.Objects("b", "users")[0])
	require.Len(t, a.Objects("b", "users"), 600)
	require.Nil(t, a.Objects("c", "users"))
	require.Nil(t, a.Objects("a", "unicorns"))
}

func TestServiceDocumentNamesTheCollections(t *testing.T) {
	c := setup(t, Tenant{})
	var names []string
	for _, entry := range c.get("/contoso/v1.0/").body.Value {
		names = append(names, entry["name"].(string))
	}
	require.Equal(t, Collections(), names)
}

func TestDriftAddsChangesAndRemoves(t *testing.T) {
	c := setup(t, Tenant{})
	for _, name := range Collections() {
		before := plain(t, c.api.Objects("contoso", name))
		c.api.Drift("contoso")
		after := plain(t, c.api.Objects("contoso", name))
		added, changed, removed := 0, 0, 0
		for id, was := range before {
			if is, ok := after[id]; !ok {
				removed++
			} else if is != was {
				changed++
			}
		}
		for id := range after {
			if _, ok := before[id]; !ok {
				added++
			}
		}
		require.Positive(t, added, name)
		require.Positive(t, changed, name)
		require.Equal(t, added, removed, name)
		require.Less(t, changed, len(before)/2, name)
	}
}

func TestReadingStaysInItsGeneration(t *testing.T) {
	c := setup(t, Tenant{})
	want := plain(t, c.api.Objects("contoso", "groups"))
	first := c.get("/contoso/v1.0/groups")
	c.api.Drift("contoso")
	rest, _ := c.readAll(first.body.NextLink)
	require.Equal(t, want, plain(t, append(first.body.Value, rest...)))
}

func TestBadRequestsAreRefused(t *testing.T) {
	c := setup(t, Tenant{})
	for address, status := range map[string]int{
		"/nobody/v1.0/users":                         http.StatusNotFound,
		"/nobody/v1.0":                               http.StatusNotFound,
		"/contoso/v1.0/unicorns":                     http.StatusBadRequest,
		"/contoso/v1.0/users?$top=0":                 http.StatusBadRequest,
		"/contoso/v1.0/users?$top=1000":              http.StatusBadRequest,
		"/contoso/v1.0/users?$top=many":              http.StatusBadRequest,
		"/contoso/v1.0/users?$skiptoken=x":           http.StatusBadRequest,
		"/contoso/v1.0/users?$skiptoken=OS4wLjEwMA":  http.StatusBadRequest, // generation 9, which is to come
		"/contoso/v1.0/users?$skiptoken=MC4wLjEwMDA": http.StatusBadRequest, // 1000 a page
	} {
		a := c.get(address)
		require.Equal(t, status, a.status, address)
		require.NotEmpty(t, a.body.Error.Code, address)
		require.NotEmpty(t, a.body.Error.Message, address)
	}
}

func TestBearer(t *testing.T) {
	c := setup(t, Tenant{Auth: AuthBearer, Token: "static"})
	require.Equal(t, http.StatusOK, c.get("/contoso/v1.0/users").status)
	require.Equal(t, http.StatusOK, c.get("/contoso/v1.0").status)
	c.token = "other"
	require.Equal(t, http.StatusUnauthorized, c.get("/contoso/v1.0/users").status)
	c.token = ""
	require.Equal(t, http.StatusUnauthorized, c.get("/contoso/v1.0/users").status)
	require.Equal(t, http.StatusUnauthorized, c.get("/contoso/v1.0").status)
}

func TestThrottling(t *testing.T) {
	c := setup(t, Tenant{})
	c.api.Set("contoso", func(k *Knobs) {
		k.ThrottleNext, k.UnavailableNext, k.RetryAfter = 1, 1, 1500*time.Millisecond
	})
	a := c.get("/contoso/v1.0/users")
	require.Equal(t, http.StatusTooManyRequests, a.status)
	require.Equal(t, "2", a.header.Get("Retry-After"))
	require.Equal(t, http.StatusServiceUnavailable, c.get("/contoso/v1.0/users").status)
	require.Equal(t, http.StatusOK, c.get("/contoso/v1.0/users").status)
	require.Equal(t, Stats{Requests: 3, Throttled: 2, Pages: 1}, c.api.Stats("contoso"))

	c.api.Set("contoso", func(k *Knobs) { k.ThrottleEvery, k.RetryAfterDate = 4, true })
	a = c.get("/contoso/v1.0/users")
	require.Equal(t, http.StatusTooManyRequests, a.status)
	at, err := http.ParseTime(a.header.Get("Retry-After"))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)
}

func TestBrokenPageStaysBroken(t *testing.T) {
	c := setup(t, Tenant{})
	c.api.Set("contoso", func(k *Knobs) { k.BrokenPage = map[string]int{"groups": 2} })
	first := c.get("/contoso/v1.0/groups")
	require.Equal(t, http.StatusOK, first.status)
	for range 3 {
		require.Equal(t, http.StatusInternalServerError, c.get(first.body.NextLink).status)
	}
	require.Equal(t, http.StatusOK, c.get("/contoso/v1.0/users").status)
}

func TestForbiddenCollection(t *testing.T) {
	c := setup(t, Tenant{})
	c.api.Set("contoso", func(k *Knobs) { k.Forbidden = map[string]bool{"users": true} })
	require.Equal(t, http.StatusForbidden, c.get("/contoso/v1.0/users").status)
	require.Equal(t, http.StatusOK, c.get("/contoso/v1.0/groups").status)
}

func TestEndlessPaging(t *testing.T) {
	c := setup(t, Tenant{})
	c.api.Set("contoso", func(k *Knobs) { k.Endless = map[string]bool{"groups": true} })
	address := "/contoso/v1.0/groups"
	for range 20 { // the collection has four pages
		a := c.get(address)
		require.NotEmpty(t, a.body.NextLink)
		address = a.body.NextLink
	}
}

func TestNextLinkToAnotherOrigin(t *testing.T) {
	c := setup(t, Tenant{})
	c.api.Set("contoso", func(k *Knobs) { k.NextLink = "http://elsewhere.invalid" })
	require.True(t, strings.HasPrefix(c.get("/contoso/v1.0/users").body.NextLink, "http://elsewhere.invalid/"))
}

func TestLatencyEndsWithItsClient(t *testing.T) {
	c := setup(t, Tenant{})
	c.api.Set("contoso", func(k *Knobs) { k.Latency = time.Hour })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.origin+"/contoso/v1.0/users", nil)
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(req) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func (c *client) takeToken(form url.Values, basic ...string) (status int, token, code string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.origin+"/contoso/oauth2/v2.0/token",
		strings.NewReader(form.Encode()))
	require.NoError(c.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if len(basic) == 2 {
		req.SetBasicAuth(basic[0], basic[1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(c.t, err)
	defer func() { _ = resp.Body.Close() }()
	var body struct {
		Token string `json:"access_token"`
		Error string `json:"error"`
	}
	require.NoError(c.t, json.NewDecoder(resp.Body).Decode(&body))
	return resp.StatusCode, body.Token, body.Error
}

func TestClientCredentials(t *testing.T) {
	c := setup(t, Tenant{Auth: AuthClientCredentials, ClientID: "app", ClientSecret: "secret", TokenTTL: time.Minute})
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"secret"}}
	require.Equal(t, http.StatusUnauthorized, c.get("/contoso/v1.0/users").status)

	status, token, _ := c.takeToken(form)
	require.Equal(t, http.StatusOK, status)
	c.token = token
	require.Equal(t, http.StatusOK, c.get("/contoso/v1.0/users").status)
	status, _, _ = c.takeToken(url.Values{"grant_type": {"client_credentials"}}, "app", "secret")
	require.Equal(t, http.StatusOK, status)

	c.api.RevokeTokens("contoso")
	require.Equal(t, http.StatusUnauthorized, c.get("/contoso/v1.0/users").status)

	form.Set("client_secret", "wrong")
	status, _, code := c.takeToken(form)
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, "invalid_client", code)
	form.Set("grant_type", "password")
	status, _, code = c.takeToken(form)
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, "unsupported_grant_type", code)
}

func TestTokensExpireAndAreBounded(t *testing.T) {
	t.Parallel()
	now := created
	s := &state{Tenant: Tenant{Auth: AuthClientCredentials, TokenTTL: time.Minute}, tokens: map[string]time.Time{}}
	with := func(token string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		return r
	}
	s.keep("first", now)
	require.True(t, s.allows(with("first"), now.Add(time.Minute-1)))
	require.False(t, s.allows(with("first"), now.Add(time.Minute)))
	for i := range maxTokens + 5 {
		now = now.Add(time.Millisecond)
		s.keep(strings.Repeat("x", i+1), now)
	}
	require.Len(t, s.tokens, maxTokens)
	require.False(t, s.allows(with("first"), now))
	require.True(t, s.allows(with(strings.Repeat("x", maxTokens+5)), now))
}

func TestAccountsAnswerAsTheyAreAskedTo(t *testing.T) {
	c := setup(t, Tenant{})
	create := func(answer, key string) int {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.origin+"/contoso/v1.0/accounts",
			strings.NewReader(`{"email": "a@x.test", "answer": "`+answer+`"}`))
		require.NoError(t, err)
		req.Header.Set("Idempotency-Key", key)
		return c.do(req).status
	}
	require.Equal(t, http.StatusCreated, create("", "1"))
	require.Equal(t, http.StatusTooManyRequests, create("busy", "2"))
	require.Equal(t, http.StatusCreated, create("busy", "2"))
	require.Equal(t, http.StatusInternalServerError, create("flaky", "3"))
	require.Equal(t, http.StatusCreated, create("flaky", "3"))
	require.Equal(t, http.StatusInternalServerError, create("broken", "4"))
	require.Equal(t, http.StatusInternalServerError, create("broken", "4"))
	require.Equal(t, http.StatusUnprocessableEntity, create("refused", "5"))

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.origin+"/contoso/v1.0/accounts", strings.NewReader(`{"email": "a@x.test", "answer": "hang"}`))
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(req) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
