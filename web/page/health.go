package page

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// HealthData is what the system plane's first page is made of.
type HealthData struct {
	Frame
	Summary models.Summary // of every workspace
	Workers []models.WorkerRow
	Active  map[string]int // active runs by task queue
	Stale   time.Duration  // age from which a worker counts as silent; 5 s when zero

	Detection models.Detection
}

// Health shows how well opstruth itself does: whether its truth is current, and who works.
func Health(d HealthData) view.Health {
	s := d.Summary
	return view.Health{
		Shell:   d.shell("System health", sectionHome, Asks(s.Active)),
		Heading: view.Heading{Title: "System health", Sub: "Whether what the console shows is current, and who does the work."},
		KPIs:    kpis(links.System, links.List{}, s),
		Checks:  d.checks(),
		Queues:  d.queues(),
		Workers: d.workers(),
	}
}

func (d HealthData) checks() []view.Check {
	return append([]view.Check{d.pass(), d.temporal(), d.detection(), d.audit()}, d.breakers()...)
}

// detection is how fast a silence that is due is put on record.
func (d HealthData) detection() view.Check {
	n := d.Detection
	c := view.Check{Label: "Detection", Badge: lifecycle.Healthy.Badge(), Detail: "Nothing is likely stuck, so nothing waits to be recorded."}
	if n.Recorded > 0 {
		c.Detail = "Every silence is on record, the slowest " + lifecycle.Span(n.Slowest) + " after its deadline."
	}
	if n.Unrecorded > 0 {
		c.Detail = view.Count(n.Unrecorded) + " of " + view.Count(n.Recorded+n.Unrecorded) + " silences wait to be recorded, the oldest for " +
			lifecycle.Span(n.Waiting) + ". Pages show them already; alerts and timelines follow."
		if every := d.State.Every; every > 0 && n.Waiting > 2*every+every/2 {
			c.Badge = lifecycle.Doubt.Badge()
		}
	}
	return c
}

// pass is whether the reconciler does its passes.
func (d HealthData) pass() view.Check {
	s := d.State
	c := view.Check{Label: "Reconciler", Badge: lifecycle.Healthy.Badge(), When: view.At(s.PassAt, d.Now)}
	switch {
	case s.SchedulePaused:
		c.Badge, c.Detail = lifecycle.Doubt.Badge(), "A person paused its schedule in Temporal: silent runs are not verified. Unpause it there."
	case s.PassAt.IsZero():
		c.Badge, c.Detail = lifecycle.Down.Badge(), "It has not finished a pass yet. It runs in the web process; check that Temporal is up and reachable."
	case s.Every > 0 && d.Now.Sub(s.PassAt) > 2*s.Every+s.Every/2:
		c.Badge, c.Detail = lifecycle.Down.Badge(), "Passes are overdue. It runs in the web process; check that Temporal is up and reachable."
	default:
		c.Detail = "A pass every " + lifecycle.Span(s.Every) + "; the last took " + strconv.FormatFloat(s.Took.Seconds(), 'f', 1, 64) + " s."
	}
	return c
}

// temporal is whether the last passes got answers.
func (d HealthData) temporal() view.Check {
	c := view.Check{Label: "Temporal", Badge: lifecycle.Healthy.Badge(), Detail: "It answered the reconciler.", When: view.At(d.State.TemporalAt, d.Now)}
	switch {
	case d.State.TemporalAt.IsZero():
		c.Badge, c.Detail = lifecycle.Down.Badge(), "It has not answered the reconciler yet. Check its address and that it is up."
	case d.check().Unverified(d.Now):
		c.Badge, c.Detail = lifecycle.Down.Badge(), "No check has reached it since; nothing is closed meanwhile. Check that it is up and reachable."
	}
	return c
}

// audit is whether the record and the workflows themselves say the same.
func (d HealthData) audit() view.Check {
	a := d.State.Audit
	c := view.Check{Label: "Truth audit", Badge: lifecycle.Healthy.Badge(), When: view.At(a.At, d.Now)}
	ever := ""
	if a.Disagreements > 0 {
		ever = " " + view.Count(a.Disagreements) + " differences were found in all."
	}
	switch standing := a.Standing(); {
	case a.At.IsZero():
		c.Detail = "No run was compared with its workflow yet."
		return c
	case standing == 0 && a.Asked == 0:
		c.Detail = "The last comparison found no workflow that could answer, so none contradicts the record." + ever
		return c
	case standing == 0:
		c.Detail = "The last comparison asked " + view.Count(int64(a.Asked)) + " workflows; " + view.Count(int64(a.Answered)) + " answered, and none contradicts the record." + ever
		return c
	case standing == 1:
		c.Detail = "One run differs from its workflow." + ever
	default:
		c.Detail = strconv.Itoa(standing) + " runs differ from their workflows." + ever
	}
	c.Badge = lifecycle.Doubt.Badge()
	for _, id := range sortedKeys(a.Doubts) {
		if doubt := a.Doubts[id]; doubt.Confirmed {
			c.Links = append(c.Links, view.Link{
				Label: "Run " + short(id) + ", by its " + doubt.What + ", since " + view.At(doubt.Since, d.Now).Clock(), Href: links.Run(links.System, id, links.List{}),
			})
		}
	}
	return c
}

// breakers are the telemetry gaps, one line each; one good line where there is none.
func (d HealthData) breakers() []view.Check {
	var list []view.Check
	for queue, b := range d.State.Breakers {
		if !b.Open {
			continue
		}
		where := "overall"
		if queue != "" {
			where = "on queue " + queue
		}
		list = append(list, view.Check{
			Label: "Telemetry gap " + where, Badge: lifecycle.Doubt.Badge(), When: view.At(b.Since, d.Now),
			Detail: "Many runs fell silent here while Temporal hears them. Nothing is closed until it ends; check the workers' way to the record database.",
		})
	}
	if len(list) == 0 {
		return []view.Check{{Label: "Telemetry", Badge: lifecycle.Healthy.Badge(), Detail: "No gap: what workers say arrives."}}
	}
	slices.SortFunc(list, func(a, b view.Check) int { return strings.Compare(a.Label, b.Label) })
	return list
}

func (d HealthData) silent(w models.WorkerRow) bool {
	return d.Now.Sub(w.LastSeen) > cmp.Or(d.Stale, 5*time.Second)
}

// queues are all task queues that have a worker, a run or a type, with who serves them.
func (d HealthData) queues() view.Table {
	t := view.Table{
		ID: "queues", Caption: "Task queues",
		Columns: []view.Column{{Label: "Queue"}, {Label: "State"}, {Label: "Live workers", Numeric: true}, {Label: "Active runs", Numeric: true}, {Label: "Last seen"}},
		Empty:   view.Empty{Icon: "stack-2", Title: "No task queue is known", Text: "Register an operation type and start a worker for it."},
	}
	live, seen := map[string]int{}, map[string]time.Time{}
	for q := range d.Active {
		seen[q] = time.Time{}
	}
	if d.Types != nil {
		for _, q := range d.Types.Queues() {
			seen[q] = time.Time{}
		}
	}
	for _, w := range d.Workers {
		for _, q := range w.Queues {
			if w.LastSeen.After(seen[q]) {
				seen[q] = w.LastSeen
			}
			if !d.silent(w) {
				live[q]++
			}
		}
	}
	for _, q := range sortedKeys(seen) {
		t.Rows = append(t.Rows, view.Row{ID: "queue-" + q, Cells: []view.Cell{
			{Text: q, Mono: true}, {Badges: []view.Badge{lifecycle.ServiceOf(live[q], d.Active[q]).Badge()}}, {Text: strconv.Itoa(live[q])},
			{Text: view.Count(int64(d.Active[q])), Href: activeRuns.counted(links.System, links.List{Queue: q}, d.Summary)}, d.lastSeen(seen[q]),
		}})
	}
	return t
}

func (d HealthData) lastSeen(at time.Time) view.Cell {
	if at.IsZero() {
		return view.Cell{Text: "never"}
	}
	return view.Cell{When: view.At(at, d.Now)}
}

// workers are the worker processes, the newest sign first.
func (d HealthData) workers() view.Table {
	t := view.Table{
		ID: "workers", Caption: "Workers",
		Columns: []view.Column{{Label: "Worker"}, {Label: "State"}, {Label: "Queues"}, {Label: "Build"}, {Label: "Last seen"}},
		Empty:   view.Empty{Icon: "server-off", Title: "No worker has reported", Text: "Start one with: opstruth worker"},
	}
	rows := slices.Clone(d.Workers)
	slices.SortFunc(rows, func(a, b models.WorkerRow) int {
		if c := strings.Compare(a.Host, b.Host); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	for _, w := range rows {
		state := lifecycle.WorkerLive.Badge()
		if d.silent(w) {
			state = lifecycle.WorkerSilent.Badge()
		}
		t.Rows = append(t.Rows, view.Row{ID: "worker-" + w.ID, Cells: []view.Cell{
			{Text: w.Host, Sub: "process " + strconv.Itoa(w.PID)}, {Badges: []view.Badge{state}},
			{Text: strings.Join(w.Queues, ", "), Mono: true}, {Text: w.Build, Mono: true}, d.lastSeen(w.LastSeen),
		}})
	}
	return t
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
