package links

import (
	"net/url"
	"strconv"
	"strings"
)

// Plane is one of the two separately guarded halves of the console.
type Plane string

const (
	Admin  Plane = "admin"  // members of a workspace
	System Plane = "system" // platform staff
)

// Other is the plane that p is not.
func (p Plane) Other() Plane {
	if p == System {
		return Admin
	}
	return System
}

// Home is where a signed-in reader starts.
func Home(p Plane) string {
	if p == System {
		return "/system"
	}
	return "/"
}

// SignIn is a plane's sign-in page, which leads on to the local path next; empty for the home page.
func SignIn(p Plane, next string) string {
	path := "/sign-in"
	if p == System {
		path = "/system/sign-in"
	}
	if next = Local(next); next == "" || next == Home(p) {
		return path
	}
	return path + "?" + url.Values{"next": {next}}.Encode()
}

// SignOut is where a plane's sign-out is posted.
func SignOut(p Plane) string {
	if p == System {
		return "/system/sign-out"
	}
	return "/sign-out"
}

// SignInLink signs its holder in, once.
func SignInLink(token string) string { return "/sign-in/link/" + url.PathEscape(token) }

// Workspace is a workspace's overview.
func Workspace(slug string) string { return "/admin/workspaces/" + url.PathEscape(slug) }

// Tenant is a tenant's dashboard.
func Tenant(workspace, tenant string) string {
	return Workspace(workspace) + "/tenants/" + url.PathEscape(tenant)
}

// Days is a workspace's or a tenant's page with its history over so many days.
func Days(path string, days int) string {
	return withQuery(path, url.Values{"days": {strconv.Itoa(days)}})
}

// HistoryParam is the parameter of History.
const HistoryParam = "history"

// History is Days with the history in it; the page alone comes first and has it follow.
func History(path string, days int) string {
	return withQuery(path, url.Values{"days": {strconv.Itoa(days)}, HistoryParam: {"now"}})
}

// Start is the form that starts an operation for a tenant; without a type it asks which.
func Start(workspace, tenant, operation string) string {
	path := Tenant(workspace, tenant) + "/start"
	if operation != "" {
		path += "/" + url.PathEscape(operation)
	}
	return path
}

// Local returns next when it is a path of this site, and otherwise nothing: a sign-in must not lead
// elsewhere.
func Local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\n\r\t") {
		return ""
	}
	return next
}

// TemporalUI is the page of one execution in Temporal UI; without a Temporal run id that of its
// workflow id. It is empty where no Temporal UI is configured.
func TemporalUI(base, namespace, workflowID, runID string) string {
	if base == "" || workflowID == "" {
		return ""
	}
	path := strings.TrimRight(base, "/") + "/namespaces/" + url.PathEscape(namespace) + "/workflows/" + url.PathEscape(workflowID)
	if runID != "" {
		path += "/" + url.PathEscape(runID) + "/history"
	}
	return path
}

// Events is the stream that tells a plane's pages of changes.
func Events(p Plane) string {
	if p == System {
		return "/system/events"
	}
	return "/admin/events"
}

// AfterParam is the parameter of EventsAfter.
const AfterParam = "after"

// EventsAfter is the stream of what changed after a position of the feed, which may be that of none.
func EventsAfter(p Plane, position string) string {
	return withQuery(Events(p), url.Values{AfterParam: {position}})
}

// SignedOut is a plane's sign-in page right after a sign-out.
func SignedOut(p Plane) string { return SignIn(p, "") + "?signed=out" }
