package lifecycle

// Agreement is what comes of holding a run's record against what Temporal says
// at this moment. It changes nothing: only a verdict of the reconciler does.
type Agreement struct {
	Badge Badge
	Text  string
}

var (
	agree    = Badge{"They agree", ToneGood, "circle-check"}
	differ   = Badge{"They differ", ToneWarn, "alert-triangle"}
	noAnswer = Badge{"No answer", ToneWarn, "help-circle"}
	notAsked = Badge{"Not asked", ToneWarn, "clock"}
)

// TooManyAsk is what stands in an agreement's place where Temporal was not asked,
// so that people do not load it.
func TooManyAsk() Agreement {
	return Agreement{notAsked, "Too many people ask Temporal at this moment. Ask again in a few seconds."}
}

// Agree compares the record with the answer of Temporal and the state of its
// workflow. It says what a difference means and who settles it.
func (t Truth) Agree(a Answer, e Execution) Agreement {
	active := t.facts.Status.Active()
	switch a {
	case Unreachable, NotAsked:
		return Agreement{noAnswer, "Temporal did not answer, so nothing follows about this run."}
	case WrongHome:
		return Agreement{noAnswer, "Another cluster, namespace or execution answered, so nothing follows about this run."}
	case NotFound:
		switch {
		case active && t.facts.DispatchedAt.IsZero():
			return Agreement{agree, "It was not handed to Temporal yet, and Temporal does not know it."}
		case active:
			return Agreement{differ, "The record calls it active; Temporal does not know it. The reconciler judges that at its next pass."}
		}
		return Agreement{agree, "It has ended; Temporal keeps ended workflows for a limited time only."}
	case Answered:
	}
	switch running := e == ExecRunning; {
	case active && running && t.ProblemClass == ActiveStaleAttention:
		return Agreement{agree, "Both call it active. That Temporal says running does not mean that it advances."}
	case active && running:
		return Agreement{agree, "Both call it active."}
	case active:
		return Agreement{differ, "It has ended in Temporal; the record is told at the reconciler's next pass."}
	case running:
		return Agreement{differ, "The record has ended; its workflow goes on in Temporal. Such a workflow does no work: its first step finds the record ended."}
	}
	return Agreement{agree, "Both say that it has ended."}
}
