package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/standalone/sampleapi"
)

// A thousand lines are sent for real, to an API that is busy, fails and hangs now and then: the run ends partly done, and
// what it lists and what is downloaded name exactly the lines that failed.
func TestConsoleOfABatch(t *testing.T) {
	h := install(t)
	h.API.Set(tenant, func(k *sampleapi.Knobs) { *k = sampleapi.Knobs{} })
	owner := as(t, h.Demo, "mara@harbor.example")

	const lines = 1000
	answers := map[int]string{17: "busy", 503: "busy", 801: "flaky", 100: "broken", 512: "hang", 640: "refused", lines: "broken"}
	var file strings.Builder
	file.WriteString("email,answer\n")
	var failing []string
	for n := 1; n <= lines; n++ {
		fmt.Fprintf(&file, "person-%d@example.com,%s\n", n, answers[n])
		if a := answers[n]; a == "broken" || a == "hang" || a == "refused" {
			failing = append(failing, strconv.Itoa(n+1)) // below the header
		}
	}
	var upload struct {
		ID    string
		Lines int
	}
	place := url.Values{"workspace": {owner.user.Workspace}, "tenant": {tenant}, "name": {"people.csv"}}
	raw := owner.file(http.MethodPost, "/uploads?"+place.Encode(), file.String(), http.StatusCreated)
	require.NoError(t, json.Unmarshal([]byte(raw), &upload))
	require.Equal(t, lines, upload.Lines)

	id := owner.start(tenant, "http.batch", map[string]any{
		"file": upload.ID, "url": "/accounts", "body": `{"email": "{email}", "answer": "{answer}"}`, "connection": connection(t, h, tenant),
		"rate": 1000, "concurrency": 16, "attempts": 3, "timeout_seconds": 10,
	})
	r := owner.until(id, "ended", ended)
	require.Equal(t, "partially_succeeded", r.Outcome)
	require.EqualValues(t, lines-len(failing), r.Progress.Succeeded)

	var listed struct{ Items []struct{ Key string } }
	owner.ask(http.MethodGet, "/runs/"+id+"/items?state=failed", nil, &listed)
	var keys []string
	for _, i := range listed.Items {
		keys = append(keys, strings.TrimLeft(i.Key, "0"))
	}
	require.Equal(t, failing, keys)

	rows, err := csv.NewReader(strings.NewReader(owner.file(http.MethodGet, "/runs/"+id+"/artifacts/results.csv", "", http.StatusOK))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+lines)
	var told []string
	for _, row := range rows[1:] {
		if row[3] == "failed" { // the file's two columns and the line's number come first
			told = append(told, row[2])
		}
	}
	require.Equal(t, failing, told)
	require.Equal(t, "HTTP 422 Unprocessable Entity: person-640@example.com is not an address of this organisation.", rows[640][7])
}

// file makes a request whose body or answer is a file, and returns the answer.
func (c caller) file(method, path, body string, status int) string {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	require.NoError(c.t, err)
	req.Header.Set("Authorization", "Bearer "+c.user.Token)
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := client.Do(req)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	require.Equal(c.t, status, resp.StatusCode, "%s", answer)
	return string(answer)
}
