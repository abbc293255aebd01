package breaking

import (
	"context"
	"fmt"
	"io"

	"github.com/a-h/templ"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/standalone/supervise"
	"github.com/opstruth/opstruth/web/ui"
	"github.com/opstruth/opstruth/web/view"
	"github.com/opstruth/opstruth/workflows/contract"
)

const about = "Kill a worker for real and watch its runs: opstruth says what is wrong, while Temporal UI goes on saying Running. Start it again and see the flag clear."

func body(types *operation.Registry, workers []Worker, active models.RunPage, may bool, temporalUI, namespace string) templ.Component {
	parts := []templ.Component{
		ui.Heading(view.Heading{Title: "Break something", Sub: about}),
		titled("workers", "Sample workers", ui.Table(workerTable(workers, may))),
		titled("active", "What opstruth says of their active runs", ui.Table(runTable(types, active, temporalUI, namespace))),
	}
	return templ.Join(parts...)
}

// titled is a section around a component.
func titled(id, title string, inner templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return ui.Section(id, title, 0).Render(templ.WithChildren(ctx, inner), w)
	})
}

func workerTable(workers []Worker, may bool) view.Table {
	t := view.Table{
		ID: "workers", Caption: "Sample workers",
		Columns: []view.Column{{Label: "Worker"}, {Label: "Process", Wide: true}, {Label: "Do", Numeric: true, Wide: true}},
	}
	for _, w := range workers {
		state := w.State()
		t.Rows = append(t.Rows, view.Row{ID: "worker-" + w.Name, Cells: []view.Cell{
			{Text: w.Title, Sub: "Queue " + w.Queue},
			{Text: process(state), Sub: state.Exit},
			{Actions: actions(w, state, may)},
		}})
	}
	return t
}

func process(s supervise.State) string {
	if s.Running {
		return fmt.Sprintf("Running, process %d", s.PID)
	}
	return "Not running"
}

// actions are what can be done to the worker as it is.
func actions(w Worker, s supervise.State, may bool) []view.Action {
	var all []view.Action
	if s.Running {
		all = []view.Action{
			{Label: "Kill -9", Icon: "x", Href: address(w, kill), Post: true, Danger: true},
			{Label: "Stop gracefully", Icon: "player-stop", Href: address(w, stop), Post: true},
		}
	} else {
		all = []view.Action{{Label: "Start", Icon: "player-play", Href: address(w, start), Post: true, Primary: true}}
	}
	if !may {
		for i := range all {
			all[i].Disabled = "Only for owners and operators"
		}
	}
	return all
}

// title is how the console's other pages name an operation type.
func title(types *operation.Registry, name string) string {
	if d, ok := types.Lookup(name); ok {
		return d.Title
	}
	return name
}

func runTable(types *operation.Registry, active models.RunPage, temporalUI, namespace string) view.Table {
	t := view.Table{
		ID: "active-runs", Caption: "Active runs of the sample workers",
		Columns: []view.Column{{Label: "Run"}, {Label: "State", Wide: true}, {Label: "What opstruth says", Wide: true}, {Label: "What Temporal says", Wide: true}},
		Empty:   view.Empty{Icon: "zzz", Title: "No run is active", Text: "Start one from a tenant's page, or wait for the sample fleet."},
	}
	for _, r := range active.Runs {
		truth := r.Truth(active.Now)
		row := view.Row{ID: "run-" + r.ID, Href: links.Run(links.Admin, r.ID, links.List{}), Cells: []view.Cell{
			{Text: title(types, r.Facts.Type) + ": " + r.Facts.Target, Sub: r.TenantName},
			{Badges: view.Badges(truth)},
			{Text: truth.Headline()},
			{Text: "Temporal UI is left out"},
		}}
		if url := links.TemporalUI(temporalUI, namespace, contract.WorkflowID(r.ID), ""); url != "" {
			row.Cells[3] = view.Cell{Text: "Open in Temporal UI", Href: url}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
