package lifecycle

// ClassNote is the problem class where the badge alone does not say it; empty where it does, and where there is no
// problem. Who sees both sees the class.
func (t Truth) ClassNote() string {
	if label := t.ProblemClass.Label(); t.ProblemClass != NoProblem && label != t.Badge().Label {
		return label
	}
	return ""
}

// FollowUpText says whether a follow-up is open, or what closed it; empty where the run is none. The class of a closed
// one stays.
func (t Truth) FollowUpText() string {
	switch by := brief(t.facts.Acknowledged.By, 3); {
	case t.ProblemClass != TerminalFollowUp:
		return ""
	case t.Open:
		return "Open"
	case t.facts.SupersededBy != "":
		return markSuperseded.Label
	case by == "":
		return markNoted.Label
	default:
		return markNoted.Label + " by " + by
	}
}
