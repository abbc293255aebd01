package surfaces

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

const (
	second = time.Second
	minute = time.Minute
	hour   = time.Hour
	day    = 24 * time.Hour
)

var (
	noWorkers = lifecycle.Evidence{
		Activity: lifecycle.ActivityStarted, ActivityName: "ExecuteOperation", Attempt: 1, StartedAge: 16 * minute, HeartbeatAge: 12 * minute,
		WorkersSeen: 12 * minute, PollerAge: -1, Host: "worker-eu-2",
	}
	lostWorker = lifecycle.Evidence{
		Activity: lifecycle.ActivityStarted, Attempt: 1, StartedAge: 9 * minute, HeartbeatAge: 3 * minute, WorkersSeen: time.Second, Workers: 3,
		PollerAge: 4 * time.Second, Host: "worker-eu-5",
	}
	goneWorker = lifecycle.Evidence{
		Activity: lifecycle.ActivityStarted, Attempt: 1, StartedAge: 13 * minute, HeartbeatAge: 12 * minute, WorkersSeen: time.Second, Workers: 3,
		PollerAge: 2 * time.Second, Host: "worker-eu-3",
	}
	retrying = lifecycle.Evidence{
		Activity: lifecycle.ActivityScheduled, Attempt: 6, LastFailure: lifecycle.FailureApplication, FailureText: "graph.lakeside.example answers 503 Service Unavailable",
		NextAttempt: 20 * time.Second, HeartbeatAge: -1, StartedAge: -1, Workers: 3, PollerAge: 2 * time.Second, Host: "worker-eu-4",
	}
)

// tell seeds a morning at two workspaces: every state of a run, with two weeks of history behind it. runs are found
// again under the names of their states.
func tell(t *testing.T) *world {
	t.Helper()
	w := build(t)
	w.workspace("harbor", "Harbor Managed Services", "brightwood-bakery", "Brightwood Bakery", "delta-freight", "Delta Freight", "lakeside-clinic", "Lakeside Clinic")
	w.workspace("alpine", "Alpine Cloud Partners", "kestrel-robotics", "Kestrel Robotics", "vinea-hotels", "Vinea Hotels")
	w.member("Mara Lindqvist", "harbor", models.RoleOwner)
	w.member("Otto Reyes", "harbor", models.RoleOperator)
	w.member("Alma Keller", "alpine", models.RoleOwner)
	w.member("Pia Novak", "", "")
	w.history()
	w.endings()
	w.silences()
	w.healthy()
	w.passed()
	return w
}

// history is what ended well, mostly, in the two weeks before.
func (w *world) history() {
	tenants := []string{"brightwood-bakery", "delta-freight", "lakeside-clinic"}
	for d := 13; d >= 1; d-- {
		for i := range 2 + (d*5)%3 {
			ago := time.Duration(d)*day + time.Duration(i)*97*minute - 5*hour
			typ, target, took := "inventory.sync", "All collections", time.Duration(7+(d*3+i)%6)*minute
			if i == 1 {
				typ, target, took = backup, "Nightly backups", time.Duration(31+(d*7)%14)*minute
			}
			run := modelstest.Running(w.t, w.at(ago), w.wish(tenants[(d+i)%3], typ, target, "", patient))
			o, f := lifecycle.Succeeded, lifecycle.Failure{}
			if d == 9 && i == 0 || d == 4 && i == 1 {
				o, f = lifecycle.Failed, lifecycle.Failure{Code: "connection", Message: "sign-in to the tenant failed: the secret has expired"}
			}
			run = w.end(run, ago-took, o, f)
			if o == lifecycle.Failed {
				w.change(run, ago-took-hour, lifecycle.Change{Kind: lifecycle.Acknowledged, Actor: "Otto Reyes", Note: "Secret renewed with the customer."})
			}
		}
	}
}

// endings are runs that ended and need follow-up, and those that do not any more.
func (w *world) endings() {
	closed := w.started(w.wish("delta-freight", backup, "Warehouse file servers", "Otto Reyes"), 13*minute, 12*minute+30*time.Second, 64, 41)
	w.silent(closed, 11*minute, lifecycle.WorkerLost, 30*time.Second, goneWorker)
	w.runs["reconciled"] = w.closed(closed, 2*minute, lifecycle.WorkerLost, goneWorker)

	var failures []string
	for i := range 37 {
		switch {
		case i < 24:
			failures = append(failures, fmt.Sprintf("mailbox quota of %d GB is exceeded", 50+i%3*50))
		case i < 34:
			failures = append(failures, fmt.Sprintf("user %d has no licence", 4000+i))
		default:
			failures = append(failures, "409 Conflict: changed by another administrator")
		}
	}
	partial := w.started(w.wish("brightwood-bakery", "http.batch", "mailbox-settings.csv", "Mara Lindqvist", patient), 3*hour+20*minute, 3*hour+4*minute, 412, 412, failures...)
	w.runs["partial"] = w.end(partial, 3*hour+4*minute, lifecycle.PartiallySucceeded, lifecycle.Failure{})

	failed := w.started(w.wish("lakeside-clinic", "inventory.sync", "Devices and policies", "Otto Reyes", patient), 5*hour, 5*hour-4*minute, 0, 0)
	w.runs["failed"] = w.end(failed, 5*hour-5*minute, lifecycle.Failed, lifecycle.Failure{Code: "connection", Message: "sign-in to the tenant failed: the secret expired on 17 November"})
	blocked := w.started(w.wish("lakeside-clinic", rollout, "Disk encryption baseline", "Mara Lindqvist", patient), 6*hour, 0, 0, 0)
	w.runs["blocked"] = w.end(blocked, 6*hour-10*time.Second, lifecycle.Blocked, lifecycle.Failure{Code: "permission", Message: "the application may not write device configurations"})
	cancelled := w.started(w.wish("delta-freight", "http.batch", "shared-drives.csv", "Otto Reyes", patient), 8*hour, 8*hour-3*minute, 900, 120)
	w.change(cancelled, 8*hour-4*minute, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Otto Reyes"})
	w.runs["cancelled"] = w.end(cancelled, 8*hour-5*minute, lifecycle.Cancelled, lifecycle.Failure{})
	noted := w.started(w.wish("brightwood-bakery", rollout, "Browser settings", "Mara Lindqvist", patient), 9*hour, 9*hour-6*minute, 48, 30)
	noted = w.end(noted, 9*hour-7*minute, lifecycle.Failed, lifecycle.Failure{Code: "target", Message: "device group “Tills” no longer exists"})
	w.runs["noted"] = w.change(noted, 7*hour, lifecycle.Change{Kind: lifecycle.Acknowledged, Actor: "Mara Lindqvist", Note: "Group was renamed; started again with the new name."})
	good := w.started(w.wish("delta-freight", "inventory.sync", "All collections", "", patient), 90*minute, 82*minute, 310, 310)
	w.runs["succeeded"] = w.end(good, 81*minute, lifecycle.Succeeded, lifecycle.Failure{})
	require.NoError(w.t, w.at(10*day).FinishPass(w.t.Context(), models.PassReport{Every: 5 * time.Second, TemporalAnswered: true}))
	old := w.started(w.wish("lakeside-clinic", backup, "Imaging archive", "Otto Reyes", patient), 10*day, 10*day-20*minute, 12, 9)
	w.runs["old"] = w.end(old, 10*day-30*minute, lifecycle.Failed, lifecycle.Failure{Code: "target", Message: "snapshot 2291 cannot be read"})
}

// silences are runs that are likely stuck, by cause.
func (w *world) silences() {
	// Of one fleet, gone since twelve minutes, in both workspaces.
	targets := []struct{ tenant, target, by string }{
		{"delta-freight", "Conditional access baseline", "Mara Lindqvist"}, {"brightwood-bakery", "Windows update rings", "Otto Reyes"},
		{"kestrel-robotics", "Conditional access baseline", "Alma Keller"}, {"kestrel-robotics", "Firewall rules", "Alma Keller"},
		{"vinea-hotels", "Guest network profiles", "Alma Keller"}, {"vinea-hotels", "Kiosk lockdown", "Alma Keller"},
	}
	for i, at := range targets {
		began := time.Duration(16+i) * minute
		run := w.started(w.wish(at.tenant, rollout, at.target, at.by), began, 12*minute+time.Duration(i)*time.Second, 480-i*37, 212-i*19)
		w.silent(run, 11*minute, lifecycle.NoWorkers, minute, noWorkers)
		w.silent(run, 4*time.Second, lifecycle.NoWorkers, 11*minute, noWorkers)
		if i == 0 {
			w.runs["stuck"] = run
		}
		if i == 1 {
			w.runs["claimed"] = w.change(run, 6*minute, lifecycle.Change{Kind: lifecycle.Claimed, Actor: "Otto Reyes"})
		}
	}
	lost := w.started(w.wish("vinea-hotels", backup, "Reservations database", "Alma Keller"), 9*minute, 3*minute, 40, 17)
	w.silent(lost, 4*time.Second, lifecycle.WorkerLost, 2*minute, lostWorker)
	w.runs["worker lost"] = lost
	again := w.started(w.wish("lakeside-clinic", "http.batch", "licence-changes.csv", "Otto Reyes"), 11*minute, 7*minute, 260, 88)
	w.silent(again, 4*time.Second, lifecycle.ActivityRetrying, 6*minute, retrying)
	w.runs["retrying"] = again
	for i, tenant := range []string{"kestrel-robotics", "vinea-hotels"} {
		wish := w.wish(tenant, "inventory.sync", "Devices and policies", "")
		wish.Queue = "inventory"
		failing := w.started(wish, 8*minute, time.Duration(6+i)*minute, 75, 30+i)
		w.silent(failing, 4*time.Second, lifecycle.WorkflowTaskFailing, 4*minute, lifecycle.Evidence{
			WorkflowTask: true, WorkflowTaskAttempt: 9, WorkflowTaskAge: 5 * minute, HeartbeatAge: -1, StartedAge: -1, Workers: 2, PollerAge: time.Second, Host: "worker-eu-6",
		})
	}
}

// healthy are runs that do well.
func (w *world) healthy() {
	fresh := w.started(w.wish("delta-freight", "http.batch", "badge-readers.csv", "Mara Lindqvist", patient), 6*minute, 4*time.Second, 640, 395)
	w.hears(fresh, "worker-eu-4", 3*time.Second)
	w.runs["fresh"] = fresh
	second := w.started(w.wish("brightwood-bakery", "inventory.sync", "All collections", "", patient), 3*minute, 5*time.Second, 280, 120)
	w.hears(second, "worker-eu-5", 2*time.Second)
	third := w.started(w.wish("kestrel-robotics", "inventory.sync", "All collections", "", patient), 4*minute, 5*time.Second, 900, 610)
	w.hears(third, "worker-eu-4", time.Second)
	waiting := w.started(w.wish("lakeside-clinic", rollout, "Night-time restart", "Mara Lindqvist", patient), 25*minute, 24*minute, 60, 12)
	require.NoError(w.t, w.at(20*minute).DeclareWait(w.t.Context(), waiting.ID, lifecycle.Wait{ID: "window", Kind: lifecycle.DurableWait, Reason: "maintenance window", By: "rollout"}, 8*hour))
	w.runs["waiting"] = waiting
	cancelling := w.started(w.wish("brightwood-bakery", "http.batch", "old-printers.csv", "Otto Reyes", patient), 4*minute, 6*time.Second, 150, 64)
	w.hears(cancelling, "worker-eu-4", 3*time.Second)
	w.runs["cancelling"] = w.change(cancelling, 10*time.Second, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Otto Reyes"})
	w.runs["queued"] = modelstest.Queued(w.t, w.at(9*time.Second), w.wish("delta-freight", "inventory.sync", "Devices and policies", "Mara Lindqvist", patient))
}

// page is the page of a run.
func (w *world) page(p links.Plane, name string) string {
	w.t.Helper()
	run, ok := w.runs[name]
	require.True(w.t, ok, name)
	return links.Run(p, run.ID, links.List{})
}
