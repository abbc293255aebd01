package surfaces

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/assets"
)

// noPages are the routes that answer with no page, or with none that a link may open.
var noPages = map[string]string{
	"/healthz": "for machines", "/readyz": "for machines", "/api/v1/openapi.yaml": "for machines",
	"/admin/events": "for scripts", "/system/events": "for scripts",
	"/admin/progress":       "a part of every page of the admin plane",
	"/admin/operations.csv": "a file", "/system/ops/runs.csv": "a file", "/admin/operations/:id/artifacts/:name": "a file",
	"/sign-in/link/:secret": "uses its link up",
}

// isPage reports whether a route answers people with a page. The API's do not.
func isPage(route string) bool {
	return noPages[route] == "" && !strings.HasPrefix(route, "/api/") && !strings.HasPrefix(route, assets.Prefix)
}

// route is the one that answers an address. Every link must have one.
func (w *world) route(address string) string {
	w.t.Helper()
	at, _, _ := strings.Cut(address, "?")
	i := slices.IndexFunc(w.pages, func(route string) bool {
		parts := strings.Split(route, "/")
		for i, p := range parts {
			if strings.HasPrefix(p, ":") || strings.HasPrefix(p, "*") {
				parts[i] = "*"
			}
		}
		is, err := path.Match(strings.Join(parts, "/"), at)
		return err == nil && is
	})
	require.GreaterOrEqual(w.t, i, 0, "%s leads nowhere", address)
	return w.pages[i]
}

// kind is what pages have in common that look alike: their route, and of runs their state, of lists the class and whether
// they are narrowed beside it. What is no page has none.
func (w *world) kind(address string) string {
	w.t.Helper()
	route := w.route(address)
	if !isPage(route) {
		return ""
	}
	u, err := url.Parse(address)
	require.NoError(w.t, err)
	q := u.Query()
	kind := []string{route}
	for _, name := range []string{"problem_class", "outcome", "days", "unread", "items", "entry"} {
		kind = append(kind, q.Get(name))
	}
	for _, name := range []string{"cursor", "before", "items_after", "events_after", links.ReasonParam} {
		kind = append(kind, fmt.Sprint(q.Has(name)))
	}
	if strings.Contains(route, ":id") {
		return strings.Join(append(kind[:1], w.stateOf(strings.Split(u.Path, "/")), strings.Join(kind[4:], " ")), " ")
	}
	narrowed := slices.ContainsFunc([]string{"type", "q", "cause", "queue", "failure", "initiator", "stale_lineage"}, q.Has)
	return strings.Join(append(kind, fmt.Sprint(narrowed)), " ")
}

// stateOf is the state of the run that a path names.
func (w *world) stateOf(parts []string) string {
	w.t.Helper()
	for _, id := range parts {
		if run, _, err := w.at(0).Run(w.t.Context(), models.Platform(), id); err == nil {
			t := run.Truth(now)
			return string(t.State) + " " + string(t.Cause)
		}
	}
	require.Fail(w.t, "no run", "%v", parts)
	return ""
}
