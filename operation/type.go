package operation

import (
	"context"

	"github.com/opstruth/opstruth/lifecycle"
)

// Type describes a kind of work whose input is an In. Name, Title and Do are
// required. In is decoded from JSON; fields that it does not have are refused.
type Type[In any] struct {
	Name        string // e.g. inventory.sync; never changes
	Title       string
	Description string
	Queue       string // task queue of its workers; contract.DefaultQueue if empty
	Tenantless  bool   // it may run without a tenant
	Supersedes  bool   // a success makes earlier follow-ups of the same target good
	Exclusive   bool   // one active run per tenant and target

	// Policy changes what differs from the installation's defaults.
	Policy func(*lifecycle.Policy)
	// Fields are asked for by the start form; Required is enforced everywhere.
	Fields []Field
	// Target says what a run works on, in the operator's words.
	Target func(In) string
	// TargetOf takes Target's place where the words have to be looked up.
	TargetOf func(ctx context.Context, tenantID string, in In) (string, error)
	// Validate refuses an input; with a FieldErrors, field by field.
	Validate func(In) error

	// Check tests preconditions before any work. Blocked ends the run there.
	Check func(context.Context, *Run[In]) error
	// Plan says how much there is to do and where to begin.
	Plan func(context.Context, *Run[In]) (Plan, error)
	// Do does one chunk of the work, from a cursor on, and says how to go on.
	Do func(ctx context.Context, run *Run[In], cursor string) (Next, error)
	// Finish makes the results once all chunks are done.
	Finish func(context.Context, *Run[In]) error
}

// Plan is how much there is to do and where to begin.
type Plan struct {
	Total  int64 // items; 0 where it is not known yet, see Run.SetTotal
	Cursor string
	Note   string // what people should know of the plan, such as what is left out and why
}

// FieldKind is the kind of a form's field.
type FieldKind string

const (
	Text       FieldKind = "text"
	LongText   FieldKind = "longtext" // of several lines
	Number     FieldKind = "number"   // a whole number
	Bool       FieldKind = "bool"
	Choice     FieldKind = "choice"     // one of Options
	Choices    FieldKind = "choices"    // some of Options
	Connection FieldKind = "connection" // the id of one of the tenant's stored connections
	File       FieldKind = "file"       // the id of one of the tenant's uploads; the start form takes the file itself
)

// Field is one field of the input, as the start form asks for it. Name is the
// input's JSON name.
type Field struct {
	Name     string
	Label    string
	Help     string
	Kind     FieldKind
	Required bool
	Options  []Option
	Default  string
}

// Option is one value of a choice.
type Option struct{ Value, Label string }
