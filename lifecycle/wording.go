package lifecycle

// Tone is the colour family of a badge; the page decides the shades.
type Tone string

const (
	ToneNeutral Tone = "neutral" // nothing to do, nothing gained
	ToneInfo    Tone = "info"    // in progress
	ToneGood    Tone = "good"
	ToneWarn    Tone = "warn" // a person should look
	ToneBad     Tone = "bad"
)

// Badge is how a state is shown in one glance. Icon is a Tabler icon's name.
type Badge struct {
	Label string
	Tone  Tone
	Icon  string
}

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
