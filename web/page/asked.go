package page

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// AskedData is a run and what Temporal said about it.
type AskedData struct {
	Run  models.Run
	Now  time.Time // the record's clock, at which Run was read
	Said temporalclient.Said
	Busy bool // nobody was asked: too many are asking
}

// Asked tells Temporal's answer beside the record. Temporal's times are its own: they are told, and compared only
// with one another.
func Asked(d AskedData) view.Asked {
	if d.Busy {
		busy := lifecycle.TooManyAsk()
		return view.Asked{Badge: busy.Badge, Text: busy.Text, Note: "As of " + lifecycle.Clock(d.Now) + "."}
	}
	s := d.Said
	agreement := d.Run.Truth(d.Now).Agree(s.Answer, s.Execution)
	v := view.Asked{
		Badge: agreement.Badge, Text: agreement.Text,
		Note: "Asked at " + view.At(d.Now, d.Now).Clock() + " UTC; it took " + strconv.FormatInt(s.Took.Milliseconds(), 10) + " ms. Nothing was stored.",
	}
	if s.Problem != "" {
		v.Note = sentence("Temporal: "+clip(s.Problem, 300)) + " " + v.Note
	}
	if s.Answer == lifecycle.Answered {
		v.Compared = d.compared()
		v.Pending = d.pending()
	}
	v.Pollers = d.pollers()
	return v
}

// compared is the record and Temporal's answer, side by side.
func (d AskedData) compared() *view.Table {
	s, f, t := d.Said, d.Run.Facts, d.Run.Truth(d.Now)
	table := &view.Table{
		ID: "asked-compared", Caption: "Record and Temporal",
		Columns: []view.Column{{Label: "What"}, {Label: "Record"}, {Label: "Temporal"}},
	}
	row := func(what, record, temporal string) {
		table.Rows = append(table.Rows, view.Row{ID: "asked-" + strings.ReplaceAll(lower(what), " ", "-"), Cells: []view.Cell{
			{Text: what}, {Text: orDash(record)}, {Text: orDash(temporal)},
		}})
	}
	state := strings.ReplaceAll(string(s.Execution), "_", " ")
	if s.Paused {
		state += ", paused"
	}
	row("State", t.Badge().Label, state)
	row("Temporal run", execution(d.Run), s.RunID)
	row("Started", d.clock(f.StartedAt), d.clock(s.StartedAt))
	if f.Status.Active() || s.Execution == lifecycle.ExecRunning {
		row("Last sign of life", d.clock(f.LivenessAt), d.clock(newestBeat(s.Activities)))
		row("Attempt", number(d.Run.Owner.Attempt), attempts(s.Activities))
		row("Workflow task", "", task(s.Task, d))
	}
	if !f.CompletedAt.IsZero() || !s.ClosedAt.IsZero() {
		row("Ended", d.clock(f.CompletedAt), d.clock(s.ClosedAt))
	}
	row("History", "", view.Count(s.Events)+" events")
	if len(s.Activities) == 0 {
		row("Pending activities", "", "none")
	}
	if len(s.Pollers) == 0 {
		row("Pollers of queue "+f.Queue, "", cmp.Or(s.NoPollers, "none seen for minutes"))
	}
	return table
}

func (d AskedData) clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return view.At(t, d.Now).Clock()
}

func task(t *temporalclient.PendingTask, d AskedData) string {
	if t == nil {
		return "none pending"
	}
	return join("attempt "+strconv.Itoa(t.Attempt), when(t.Started, "a worker has it"), "scheduled "+d.clock(t.ScheduledAt))
}

func newestBeat(activities []temporalclient.PendingActivity) time.Time {
	var newest time.Time
	for _, a := range activities {
		if a.HeartbeatAt.After(newest) {
			newest = a.HeartbeatAt
		}
	}
	return newest
}

func attempts(activities []temporalclient.PendingActivity) string {
	most := 0
	for _, a := range activities {
		most = max(most, a.Attempt)
	}
	return number(most)
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// pending are the activities that have not ended; nil where there is none.
func (d AskedData) pending() *view.Table {
	if len(d.Said.Activities) == 0 {
		return nil
	}
	t := &view.Table{
		ID: "asked-pending", Caption: "Pending activities",
		Columns: []view.Column{{Label: "Activity"}, {Label: "State"}, {Label: "Attempt", Numeric: true}, {Label: "Times"}, {Label: "Worker"}, {Label: "Last failure", Wide: true}},
	}
	for i, a := range d.Said.Activities {
		times := join(
			when(!a.ScheduledAt.IsZero(), "scheduled "+d.clock(a.ScheduledAt)), when(!a.StartedAt.IsZero(), "started "+d.clock(a.StartedAt)),
			when(!a.HeartbeatAt.IsZero(), "last beat "+d.clock(a.HeartbeatAt)), when(!a.NextTry.IsZero(), "next try "+d.clock(a.NextTry)),
		)
		t.Rows = append(t.Rows, view.Row{ID: "asked-pending-" + strconv.Itoa(i), Cells: []view.Cell{
			{Text: a.Name, Mono: true}, {Text: string(a.State)}, {Text: strconv.Itoa(a.Attempt)}, {Text: times},
			{Text: orDash(a.Worker)}, {Text: orDash(clip(a.Failure, 300))},
		}})
	}
	return t
}

// pollers are the workers that asked the run's queue for work lately. Temporal keeps them for minutes after their end.
func (d AskedData) pollers() *view.Table {
	s := d.Said
	if len(s.Pollers) == 0 {
		return nil
	}
	t := &view.Table{
		ID: "asked-pollers", Caption: "Pollers of queue " + d.Run.Facts.Queue,
		Columns: []view.Column{{Label: "Worker"}, {Label: "Asks for"}, {Label: "Last poll"}},
	}
	for i, p := range s.Pollers {
		t.Rows = append(t.Rows, view.Row{ID: "asked-poller-" + strconv.Itoa(i), Cells: []view.Cell{
			{Text: p.Identity, Mono: true}, {Text: p.Kind}, {Text: orDash(d.clock(p.At))},
		}})
	}
	return t
}
