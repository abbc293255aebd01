package view

import "slices"

// FieldKind is how a field is asked for.
type FieldKind string

const (
	TextField     FieldKind = "text"
	NumberField   FieldKind = "number"
	PasswordField FieldKind = "password"
	SearchField   FieldKind = "search"
	SelectField   FieldKind = "select"
	MomentField   FieldKind = "datetime-local"
	TextAreaField FieldKind = "textarea"
	FileField     FieldKind = "file"
	CheckboxField FieldKind = "checkbox"
	ChoicesField  FieldKind = "choices" // some of the options, as checkboxes of one name
)

// Field is one question of a form.
type Field struct {
	Name           string
	Label          string
	Kind           FieldKind // empty means text
	Value          string    // a checkbox is checked when it is "true"
	Options        []Option
	Required       bool
	Hint           string
	Error          string
	Placeholder    string
	Autocomplete   string
	Min, Max       string
	MaxLength      int    // 0: no limit
	Accept         string // of a file: what to offer
	Given          string // of a file: the one that was sent already, which Value names
	Autofocus      bool
	SubmitOnChange bool
}

// ID is the field's element id.
func (f Field) ID() string { return "f-" + f.Name }

// DescribedBy lists the ids of the hint and the error.
func (f Field) DescribedBy() string {
	switch {
	case f.Hint != "" && f.Error != "":
		return f.ID() + "-hint " + f.ID() + "-error"
	case f.Error != "":
		return f.ID() + "-error"
	case f.Hint != "":
		return f.ID() + "-hint"
	}
	return ""
}

// Option is a choice of a select.
type Option struct {
	Value    string
	Label    string
	Selected bool
}

// Form posts fields.
type Form struct {
	Href       string
	Fields     []Field
	Hidden     []Pair
	Error      string // about the form as a whole
	Submit     string
	SubmitIcon string
	CancelHref string
}

// TakesFile reports whether a field asks for a file.
func (f Form) TakesFile() bool {
	return slices.ContainsFunc(f.Fields, func(field Field) bool { return field.Kind == FileField })
}

// Invalid lists the fields in error, for the summary above the form.
func (f Form) Invalid() []Field {
	var bad []Field
	for _, field := range f.Fields {
		if field.Error != "" {
			bad = append(bad, field)
		}
	}
	return bad
}

// StartForm starts an operation: choose a type, then fill in its fields.
type StartForm struct {
	Heading Heading
	Types   []TypeChoice
	Form    Form   // empty Href: no type chosen yet
	About   []Fact // of the chosen type: queue, limits
}

// TypeChoice is an operation type on offer.
type TypeChoice struct {
	Title       string
	Description string
	Href        string
	Icon        string
	Current     bool
}

// SignIn is the sign-in page of a plane.
type SignIn struct {
	Plane  Plane
	Form   Form
	Other  Link   // the other plane's sign-in
	Notice string // such as "You have signed out."
}

// ErrorPage tells what went wrong and where to go.
type ErrorPage struct {
	Code      int
	Title     string
	Text      string
	Back      Action
	RequestID string // to quote to platform staff; empty: none
}
