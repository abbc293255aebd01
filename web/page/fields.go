package page

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

func choose(name, label, all, value string, options ...view.Option) view.Field {
	return view.Field{
		Name: name, Label: label, Kind: view.SelectField, Value: value, SubmitOnChange: true,
		Options: append([]view.Option{{Label: all}}, options...),
	}
}

// places offers workspaces and, within one, its tenants, where there is a choice.
func (d form) places() []view.Field {
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

func (d form) typeField() view.Field {
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

func (d form) classField() view.Field {
	f := choose("problem_class", "Problem class", "Every class", string(d.List.Class))
	for _, c := range lifecycle.ProblemClasses() {
		f.Options = append(f.Options, view.Option{Value: string(c), Label: c.Label()})
	}
	return f
}

func (d form) outcomeField() view.Field {
	f := choose("outcome", "Outcome", "Every outcome", string(d.List.Outcome))
	for _, o := range lifecycle.Outcomes() {
		if label := o.Badge().Label; label != "" {
			f.Options = append(f.Options, view.Option{Value: string(o), Label: label})
		}
	}
	return f
}

// more are the filters that are rarely asked for.
func (d form) more() []view.Field {
	l := d.List
	status := choose("status", "Status", "Every status", string(l.Status))
	for _, s := range lifecycle.Statuses() {
		status.Options = append(status.Options, view.Option{Value: string(s), Label: s.Badge().Label})
	}
	freshness := choose("freshness", "Freshness", "However fresh", string(l.Freshness))
	for _, f := range lifecycle.Freshnesses() {
		freshness.Options = append(freshness.Options, view.Option{Value: string(f), Label: f.Badge().Label})
	}
	fields := []view.Field{
		status, freshness, d.causeField(), d.queueField(),
		chooseBool("active", "Active", "Active or ended", l.Active, activeRuns.badge.Label, endedLabel),
		chooseBool("open", "Follow-up", "Open or not", l.Open, openLabel, notOpenLabel),
		d.lineageField(), d.initiatorField(),
	}
	return slices.Concat(fields, d.queuedFields(), d.endedFields())
}

func (d form) causeField() view.Field {
	cause := choose("cause", "Cause", "Whatever the cause", string(d.List.Cause))
	for _, c := range lifecycle.FilterCauses() {
		cause.Options = append(cause.Options, view.Option{Value: string(c), Label: c.Label()})
	}
	return cause
}

func (d form) lineageField() view.Field {
	return chooseBool("stale_lineage", "Lineage", "Stuck or not", d.List.Lineage, lineageLabel, noLineageLabel)
}

func (d form) queuedFields() []view.Field {
	return []view.Field{
		within("within", "Queued", d.List.Within), momentField("from", "Queued from, UTC", d.List.From), momentField("to", "Queued before, UTC", d.List.To),
	}
}

func (d form) endedFields() []view.Field {
	return []view.Field{
		within("ended_within", "Ended", d.List.EndedWithin), momentField("ended_from", "Ended from, UTC", d.List.EndedFrom),
		momentField("ended_to", "Ended before, UTC", d.List.EndedTo),
	}
}

// queueField offers the queues of the registered types, and the one in force.
func (d form) queueField() view.Field {
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

// initiatorField offers the reader, the members of the workspaces in scope, the people in view and whom the list is of.
func (d form) initiatorField() view.Field {
	me := d.Who.User
	f := choose("initiator", "Started by", "Anybody", d.initiator(), view.Option{Value: models.Me, Label: "Me, " + me.Name})
	known := map[string]bool{"": true, models.Me: true, me.ID: true}
	add := func(id, name string) {
		if !known[id] {
			known[id] = true
			f.Options = append(f.Options, view.Option{Value: id, Label: cmp.Or(name, id)})
		}
	}
	names := map[string]int{me.Name: 1}
	for _, m := range d.Members {
		names[m.Name]++
	}
	for _, m := range d.Members {
		if names[m.Name] > 1 {
			m.Name += ", " + m.Email
		}
		add(m.ID, m.Name)
	}
	for _, r := range d.shown {
		add(r.InitiatorID, r.Facts.Initiator)
	}
	add(f.Value, f.Value)
	return f
}

// initiator is whom the list is of, as the field names people.
func (d form) initiator() string {
	asked := d.List.Initiator
	is := func(u models.User) bool { return asked == u.ID || strings.EqualFold(asked, u.Email) }
	if strings.EqualFold(asked, models.Me) || asked != "" && is(d.Who.User) {
		return models.Me
	}
	for _, m := range d.Members {
		if asked != "" && is(m) {
			return m.ID
		}
	}
	return asked
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
