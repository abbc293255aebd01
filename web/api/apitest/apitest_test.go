package apitest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

const item = `{"key":"a","state":"failed","code":"x","message":"m","detail":null,"at":"2026-01-02T03:04:05Z"}`

func answer(method, path string, status int, kind, body string) error {
	return Conforms(httptest.NewRequest(method, path, nil), status, http.Header{"Content-Type": {kind}}, []byte(body))
}

func TestAnswersAreHeldAgainstTheDocument(t *testing.T) {
	t.Parallel()
	const list, json, problem = "/api/v1/runs/r1/items", "application/json; charset=utf-8", "application/problem+json"
	good := `{"items":[` + item + `],"next_cursor":null}`
	require.NoError(t, answer("GET", list, 200, json, good))
	require.NoError(t, answer("GET", list, 503, problem, `{"type":"urn:x","title":"t","status":503,"detail":"d"}`))
	require.NoError(t, answer("DELETE", list, 405, problem, `{"type":"urn:x","title":"t","status":405,"detail":"d"}`))

	for name, err := range map[string]error{
		"a field is missing":           answer("GET", list, 200, json, `{"items":[]}`),
		"a field is of another type":   answer("GET", list, 200, json, `{"items":{},"next_cursor":null}`),
		"a value is not in the list":   answer("GET", list, 200, json, `{"items":[{"key":"a","state":"lost","code":"","message":"","detail":null,"at":"2026-01-02T03:04:05Z"}],"next_cursor":null}`),
		"a time is none":               answer("GET", list, 200, json, `{"items":[{"key":"a","state":"failed","code":"","message":"","detail":null,"at":"yesterday"}],"next_cursor":null}`),
		"a field is not in it":         answer("GET", list, 200, json, `{"items":[],"next_cursor":null,"extra":1}`),
		"the content is of other type": answer("GET", list, 200, "text/html", good),
		"an error is no problem":       answer("GET", list, 404, json, `{"msg":"no"}`),
		"a problem lacks its detail":   answer("GET", list, 404, problem, `{"type":"urn:x","title":"t","status":404}`),
		"a header is missing":          answer("GET", "/api/v1/runs/r1/artifacts/a", 200, "text/csv", "a,b"),
		"an address is not in it":      answer("GET", "/api/v1/other", 200, json, `{}`),
		"and its error no problem":     answer("GET", "/api/v1/other", 404, json, `{}`),
	} {
		require.Error(t, err, name)
	}
	unseen, err := Unseen()
	require.NoError(t, err)
	require.Contains(t, unseen, "GetRun was never answered")
	require.Contains(t, unseen, "GetRun was never refused")
	require.NotContains(t, unseen, "ListItems was never answered")
	require.NotContains(t, unseen, "ListItems was never refused")
}
