package links

import (
	"maps"
	"net/url"
	"time"
)

// Runs is the canonical list of a plane, narrowed by a filter.
func Runs(p Plane, l List) string {
	l.Entry = ""
	path := "/admin/operations"
	if p == System {
		path = "/system/ops/runs"
	}
	return withQuery(path, l.Values())
}

// Stuck is the system plane's groups of likely stuck runs, narrowed by a filter.
func Stuck(l List) string { return withQuery("/system/ops/stuck", l.OfStuck().Values()) }

// Failures is the system plane's view of what ended and needs follow-up, narrowed by a filter.
func Failures(l List) string { return withQuery("/system/ops/failures", l.OfFailures().Values()) }

// PageParam is the parameter of Overlay that names the run whose page it stands on.
const PageParam = "page"

// Overlay is the part of the admin plane's pages that shows the active runs of a place, or of all that the reader may
// see; page is the id of the run whose own page it stands on, if it does.
func Overlay(workspace, tenant, page string) string {
	v := List{Workspace: workspace, Tenant: tenant}.Values()
	set(v, PageParam, page)
	return withQuery("/admin/progress", v)
}

// AskTemporal is what Temporal says about a run at this moment, on the system plane.
func AskTemporal(id string) string { return Run(System, id, List{}) + "/temporal" }

// RunsPage is a later page of the same list.
func RunsPage(p Plane, l List, cursor string) string {
	v := l.Values()
	set(v, "cursor", cursor)
	return withQuery(Runs(p, List{}), v)
}

// RunsBefore is an earlier page of the same list.
func RunsBefore(p Plane, l List, before string) string {
	v := l.Values()
	set(v, "before", before)
	return withQuery(Runs(p, List{}), v)
}

// RunsSaved is the list of a saved view.
func RunsSaved(p Plane, query string) string {
	if query == "" {
		return Runs(p, List{})
	}
	return Runs(p, List{}) + "?" + query
}

// RunsExport is the list as a file of comma-separated values.
func RunsExport(p Plane, l List) string { return withQuery(Runs(p, List{})+".csv", l.Values()) }

// Views is where a reader's saved views of a plane are posted.
func Views(p Plane) string {
	if p == System {
		return "/system/views"
	}
	return "/admin/views"
}

// ViewDelete is where the removal of a saved view is posted.
func ViewDelete(p Plane, id string) string { return Views(p) + "/" + url.PathEscape(id) + "/delete" }

// Run is a run's page. It carries the list it was opened from, so that the way back and the class stay.
func Run(p Plane, id string, from List) string { return runWith(p, id, from, url.Values{}) }

// runWith is a run's page with parameters of its own.
func runWith(p Plane, id string, from List, own url.Values) string {
	from.AsOf = time.Time{} // a run is shown as it is now
	v := from.Values()
	maps.Copy(v, own)
	return withQuery(Runs(p, List{})+"/"+url.PathEscape(id), v)
}

// RunAction is where an action on a run is posted: cancel, retry, acknowledge, reopen, claim, release.
func RunAction(p Plane, id, action string) string {
	return Run(p, id, List{}) + "/" + url.PathEscape(action)
}

// Items is a run's page opened at its items, filtered by their state; more are shown after a cursor.
func Items(p Plane, id string, from List, state, cursor string) string {
	v := url.Values{}
	set(v, "items", state)
	set(v, "items_after", cursor)
	return runWith(p, id, from, v) + "#items"
}

// ReasonParam is the parameter that names the reason of FailedFor.
const ReasonParam = "items_reason"

// FailedFor is a run's page opened at the items that failed for a reason, which may be empty.
func FailedFor(p Plane, id string, from List, reason, cursor string) string {
	v := url.Values{ReasonParam: {reason}}
	set(v, "items_after", cursor)
	return runWith(p, id, from, v) + "#items"
}

// Timeline is a run's page opened at the part of its timeline after a cursor.
func Timeline(p Plane, id string, from List, cursor string) string {
	v := url.Values{}
	set(v, "events_after", cursor)
	return runWith(p, id, from, v) + "#timeline"
}

// Artifact is the download of a run's result.
func Artifact(p Plane, id, name string) string {
	return Run(p, id, List{}) + "/artifacts/" + url.PathEscape(name)
}

func withQuery(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}
