package page

import (
	"cmp"
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/web/view"
)

func choose(name, label, all, value string, options ...view.Option) view.Field {
	return view.Field{
		Name: name, Label: label, Kind: view.SelectField, Value: value, SubmitOnChange: true,
		Options: append([]view.Option{{Label: all}}, options...),
	}
}

// places offers workspaces and, within one, its tenants, where there is a choice.
func (d RunsData) places() []view.Field {
	var fields []view.Field
	if len(d.Workspaces) > 1 {
		f := choose("workspace", "Workspace", "Every workspace", d.List.Workspace)
		for _, w := range d.Workspaces {
			f.Options = append(f.Options, view.Option{Value: w.Slug, Label: w.Name})
		}
		fields = append(fields, f)
	}
	if d.List.Workspace != "" && (len(d.Tenants) > 1 || d.List.Tenant != "") {
		f := choose("tenant", "Tenant", "Every tenant", d.List.Tenant)
		for _, t := range d.Tenants {
			f.Options = append(f.Options, view.Option{Value: t.Slug, Label: t.Name})
		}
		fields = append(fields, f)
	}
	return fields
}

func (d RunsData) typeField() view.Field {
	f := choose("type", "Operation type", "Every type", d.List.Type)
	known := d.List.Type == ""
	for _, t := range d.types() {
		f.Options = append(f.Options, view.Option{Value: t.Name, Label: t.Title})
		known = known || t.Name == d.List.Type
	}
	if !known {
		f.Options = append(f.Options, view.Option{Value: d.List.Type, Label: d.List.Type})
	}
	return f
}

func (d RunsData) classField() view.Field {
	f := choose("problem_class", "Problem class", "Every class", string(d.List.Class))
	for _, c := range lifecycle.ProblemClasses() {
		f.Options = append(f.Options, view.Option{Value: string(c), Label: c.Label()})
	}
	return f
}

func (d RunsData) outcomeField() view.Field {
	f := choose("outcome", "Outcome", "Every outcome", string(d.List.Outcome))
	for _, o := range lifecycle.Outcomes() {
		if label := o.Badge().Label; label != "" {
			f.Options = append(f.Options, view.Option{Value: string(o), Label: label})
		}
	}
	return f
}

// more are the filters that are rarely asked for. None is sent before all are chosen.
func (d RunsData) more() []view.Field {
	l := d.List
	status := choose("status", "Status", "Every status", string(l.Status))
	for _, s := range lifecycle.Statuses() {
		status.Options = append(status.Options, view.Option{Value: string(s), Label: s.Badge().Label})
	}
	freshness := choose("freshness", "Freshness", "However fresh", string(l.Freshness))
	for _, f := range lifecycle.Freshnesses() {
		freshness.Options = append(freshness.Options, view.Option{Value: string(f), Label: f.Badge().Label})
	}
	cause := choose("cause", "Cause", "Whatever the cause", string(l.Cause))
	for _, c := range lifecycle.FilterCauses() {
		cause.Options = append(cause.Options, view.Option{Value: string(c), Label: c.Label()})
	}
	fields := []view.Field{
		status, freshness, cause, d.queueField(),
		chooseBool("active", "Active", "Active or ended", l.Active, activeRuns.badge.Label, endedLabel),
		chooseBool("open", "Follow-up", "Open or not", l.Open, openLabel, notOpenLabel),
		chooseBool("stale_lineage", "Lineage", "Stuck or not", l.Lineage, lineageLabel, noLineageLabel),
		d.initiatorField(),
		within("within", "Queued", l.Within), momentField("from", "Queued from, UTC", l.From), momentField("to", "Queued before, UTC", l.To),
		within("ended_within", "Ended", l.EndedWithin), momentField("ended_from", "Ended from, UTC", l.EndedFrom), momentField("ended_to", "Ended before, UTC", l.EndedTo),
	}
	for i := range fields {
		fields[i].SubmitOnChange = false
	}
	return fields
}

// queueField offers the queues of the registered types, and the one in force.
func (d RunsData) queueField() view.Field {
	f := choose("queue", "Task queue", "Every queue", d.List.Queue)
	queues := map[string]bool{}
	if d.Types != nil {
		for _, q := range d.Types.Queues() {
			queues[q] = true
		}
	}
	if d.List.Queue != "" {
		queues[d.List.Queue] = true
	}
	for _, q := range sortedKeys(queues) {
		f.Options = append(f.Options, view.Option{Value: q, Label: q})
	}
	return f
}

const (
	endedLabel     = "Ended"
	openLabel      = "Open"
	notOpenLabel   = "Noted or made good"
	lineageLabel   = "Was or is stuck"
	noLineageLabel = "Never stuck"
)

func chooseBool(name, label, all string, is *bool, yes, no string) view.Field {
	value := ""
	if is != nil {
		value = map[bool]string{true: "true", false: "false"}[*is]
	}
	return choose(name, label, all, value, view.Option{Value: "true", Label: yes}, view.Option{Value: "false", Label: no})
}

// initiatorField offers the reader, the people in view and whom the list is of: no list of people is needed.
func (d RunsData) initiatorField() view.Field {
	f := choose("initiator", "Started by", "Anybody", d.List.Initiator)
	known := map[string]bool{"": true}
	add := func(id, name string) {
		if !known[id] {
			known[id] = true
			f.Options = append(f.Options, view.Option{Value: id, Label: cmp.Or(name, id)})
		}
	}
	if d.Who.Plane == links.Admin {
		add(d.Who.User.ID, "Me, "+d.Who.User.Name)
	}
	for _, r := range d.Page.Runs {
		add(r.InitiatorID, r.Facts.Initiator)
	}
	add(d.List.Initiator, d.initiatorName(d.List.Initiator))
	return f
}

// spans are the lengths of time that are offered.
var spans = []struct{ value, label string }{
	{"1h", "the last hour"}, {"24h", "the last 24 h"}, {"7d", "the last 7 days"}, {"30d", "the last 30 days"},
}

func within(name, label string, d time.Duration) view.Field {
	value := links.Span(d)
	f := choose(name, label, "Whenever", value)
	known := value == ""
	for _, s := range spans {
		f.Options = append(f.Options, view.Option{Value: s.value, Label: "In " + s.label})
		known = known || s.value == value
	}
	if !known {
		f.Options = append(f.Options, view.Option{Value: value, Label: "In the last " + value})
	}
	return f
}

func momentField(name, label string, at time.Time) view.Field {
	f := view.Field{Name: name, Label: label, Kind: view.MomentField}
	if !at.IsZero() {
		f.Value = at.UTC().Format("2006-01-02T15:04:05")
	}
	return f
}
