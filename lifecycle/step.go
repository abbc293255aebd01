package lifecycle

// StepKind says what kind of a next step a run needs.
type StepKind string

const (
	StepNone        StepKind = "none"        // nothing to do
	StepWait        StepKind = "wait"        // it moves on by itself
	StepInstruct    StepKind = "instruct"    // something outside opstruth has to be done
	StepCancel      StepKind = "cancel"      // the button cancels the run
	StepRetry       StepKind = "retry"       // the button starts a new run with the same input
	StepAcknowledge StepKind = "acknowledge" // the button takes note of a follow-up
)

// Step is the one next step: a button's label where its kind is an action, and
// an instruction in Text always.
type Step struct {
	Kind  StepKind
	Label string
	Text  string
}

// NextStep is the one thing to do next.
func (t Truth) NextStep() Step { return Step{Kind: StepNone, Text: "Nothing to do."} }
