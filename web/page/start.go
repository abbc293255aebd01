package page

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/internal/table"
	"github.com/opstruth/opstruth/internal/upload"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/web/fault"
	"github.com/opstruth/opstruth/web/view"
)

// StartData is what the form that starts an operation for a tenant is made of.
type StartData struct {
	Frame       // Workspace is required
	Tenant      models.Tenant
	Type        string              // empty: none chosen yet
	Connections []models.Connection // of the tenant
	Values      url.Values          // as submitted; nil when the form is new
	Err         error               // why what was submitted was refused
	Key         string              // an idempotency key of this form's own, so that it starts one run
	Uploads     []models.Upload     // that the values name
	UploadBytes int64               // the largest file that is taken in
}

// KeyField is the hidden field of the start form and of the retry button that carries an idempotency key.
const KeyField = "idempotency_key"

// Start asks what to start and with what. A refused form keeps what was typed and says what to correct.
func Start(d StartData) view.StartPage {
	title := "Start an operation"
	form := view.StartForm{Types: d.startable(d.Tenant, d.Type)}
	shell := d.still(title, sectionHome)
	if def, ok := d.definition(); ok {
		form.Form, form.About = d.form(def), typeFacts(def)
		shell.Title = "Start " + def.Title
		var active models.ErrAlreadyActive
		if errors.As(d.Err, &active) {
			shell.Alerts = append(slices.Clone(shell.Alerts), view.Alert{
				Tone: lifecycle.ToneWarn, Title: "Already active.", Text: "A run of the same type and target has not ended yet. Wait for it, or cancel it on its page.",
				Action: &view.Action{Label: "Open that run", Href: links.Run(d.Who.Plane, active.RunID, d.within(d.Tenant.Slug))},
			})
		}
	}
	form.Heading = view.Heading{
		Crumbs: []view.Crumb{
			{Label: d.Workspace.Name, Href: links.Workspace(d.Workspace.Slug)},
			{Label: d.Tenant.Name, Href: links.Tenant(d.Workspace.Slug, d.Tenant.Slug)},
			{Label: title},
		},
		Title: title, Sub: "For " + d.Tenant.Name + ".",
	}
	return view.StartPage{Shell: shell, Start: form}
}

func (d StartData) definition() (operation.Definition, bool) {
	if d.Types == nil {
		return operation.Definition{}, false
	}
	return d.Types.Lookup(d.Type)
}

func typeFacts(def operation.Definition) []view.Fact {
	facts := []view.Fact{
		{Label: "Queue", Value: def.Queue, Mono: true},
		{Label: "Likely stuck when silent for", Value: lifecycle.Span(def.Policy.StaleAfter)},
	}
	if def.Exclusive {
		facts = append(facts, view.Fact{Label: "At once", Value: "one run per target"})
	}
	if def.Supersedes {
		facts = append(facts, view.Fact{Label: "A success", Value: "makes earlier failures of the same target good"})
	}
	return facts
}

func (d StartData) form(def operation.Definition) view.Form {
	form := view.Form{
		Href: links.Start(d.Workspace.Slug, d.Tenant.Slug, def.Name), Submit: "Start", SubmitIcon: "player-play",
		CancelHref: links.Tenant(d.Workspace.Slug, d.Tenant.Slug),
		Hidden:     []view.Pair{{Name: KeyField, Value: d.Key}},
	}
	var wrong operation.FieldErrors
	var active models.ErrAlreadyActive
	switch {
	case errors.As(d.Err, &wrong):
		form.Error = sentence(wrong[""])
	case d.Err != nil && !errors.As(d.Err, &active):
		form.Error = sentence(fault.Of(d.Err).Detail)
	}
	for _, f := range def.Fields {
		field := d.field(f)
		field.Error = complaint(wrong[f.Name])
		form.Fields = append(form.Fields, field)
	}
	for name, message := range wrong { // what the form does not ask for has no field to stand at
		if name != "" && !slices.ContainsFunc(def.Fields, func(f operation.Field) bool { return f.Name == name }) && form.Error == "" {
			form.Error = sentence(name + " " + message)
		}
	}
	return form
}

var kinds = map[operation.FieldKind]view.FieldKind{
	operation.Text: view.TextField, operation.LongText: view.TextAreaField, operation.File: view.FileField, operation.Number: view.NumberField, operation.Bool: view.CheckboxField,
	operation.Choice: view.SelectField, operation.Choices: view.ChoicesField, operation.Connection: view.SelectField,
}

func (d StartData) field(f operation.Field) view.Field {
	v := view.Field{Name: f.Name, Label: f.Label, Kind: kinds[f.Kind], Hint: f.Help, Required: f.Required}
	if v.Label == "" {
		v.Label = f.Name
	}
	values := []string{f.Default}
	if d.Values != nil {
		values = d.Values[f.Name]
	}
	if len(values) > 0 {
		v.Value = values[0]
	}
	if v.Kind == view.FileField {
		d.ask(&v)
	}
	if v.Kind == view.SelectField || v.Kind == view.ChoicesField {
		d.offer(&v, f, values)
	}
	if _, err := strconv.ParseInt(v.Value, 10, 64); f.Kind == operation.Number && v.Value != "" && err != nil {
		v.Kind = view.TextField // a browser shows nothing of what is not a number; people want to see what they typed
	}
	if f.Kind == operation.Bool && slices.Contains([]string{"on", "1"}, v.Value) {
		v.Value = "true"
	}
	return v
}

// ask makes a field ask for a file. One that was sent already need not be sent again.
func (d StartData) ask(v *view.Field) {
	v.Accept = ".csv,.jsonl,.ndjson,text/csv,application/jsonl,application/x-ndjson"
	v.Hint = strings.TrimSpace(v.Hint + " At most " + table.Size(d.UploadBytes) + ", " + view.Count(upload.MaxLines) + " lines.")
	given := v.Value
	v.Value = ""
	for _, u := range d.Uploads {
		if u.ID == given {
			v.Value = u.ID
			v.Given = u.Name + ", " + lines(u.Lines) + ", with the columns " + strings.Join(u.Columns, ", ") + ". Choose another file to replace it."
		}
	}
}

func lines(n int64) string {
	if n == 1 {
		return "1 line"
	}
	return view.Count(n) + " lines"
}

// offer gives a field its choices.
func (d StartData) offer(v *view.Field, f operation.Field, chosen []string) {
	if f.Kind == operation.Connection {
		for _, c := range d.Connections {
			v.Options = append(v.Options, view.Option{Value: c.ID, Label: c.Name + " (" + c.BaseURL + ")"})
		}
		switch {
		case len(d.Connections) == 0:
			v.Hint = "This tenant has no connection yet. Whoever runs opstruth adds one with “opstruth connection set”."
		case len(d.Connections) == 1 && v.Value == "":
			v.Value = d.Connections[0].ID
		}
	}
	for _, o := range f.Options {
		label := o.Label
		if label == "" {
			label = o.Value
		}
		v.Options = append(v.Options, view.Option{Value: o.Value, Label: label, Selected: slices.Contains(chosen, o.Value)})
	}
	if v.Kind == view.SelectField && (v.Value == "" || !f.Required) {
		v.Options = append([]view.Option{{Label: "Choose …"}}, v.Options...)
	}
}
