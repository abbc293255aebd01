package lifecycle

// codeItemsFailed is the failure of a run that its items made fail, and nothing else.
const codeItemsFailed = "items_failed"

// FailureReason is what an ended run has in common with those that failed alike: the reason of most of its failed items,
// where they alone made it fail, and else its own failure's. It is empty where nothing was recorded. A run's page and the
// groups of all failures tell it by this one rule.
func (f *Facts) FailureReason() string {
	if f.Failure.Code == codeItemsFailed && f.Reasons.Top != "" {
		return f.Reasons.Top
	}
	return Reason(f.Failure.Code, f.Failure.Message)
}
