package operation

import "context"

// Reporter takes what the activities of wrapped workflows report. The record
// store is one.
type Reporter interface {
	RecordItems(ctx context.Context, runID string, items []Item) error
	SavePlan(ctx context.Context, runID string, total int64, note string) error
}

type reporting struct {
	to    Reporter
	runID string
}

type reportingKey struct{}

// WithReporter makes Report and ReportTotal work for a run. The worker does that
// for every activity of a wrapped workflow.
func WithReporter(ctx context.Context, to Reporter, runID string) context.Context {
	return context.WithValue(ctx, reportingKey{}, reporting{to, runID})
}

// Report records the ends of items from an activity of a wrapped workflow: it
// gives the run counts, progress and an outcome by items. Items that had ended
// before are not counted again, so an activity may be repeated. Each call writes
// at once; report many items together. Outside opstruth it does nothing.
func Report(ctx context.Context, items ...Item) error {
	r, ok := ctx.Value(reportingKey{}).(reporting)
	if !ok {
		return nil
	}
	return r.to.RecordItems(ctx, r.runID, items)
}

// ReportTotal states from an activity of a wrapped workflow how many items there
// are. Outside opstruth it does nothing.
func ReportTotal(ctx context.Context, total int64) error {
	r, ok := ctx.Value(reportingKey{}).(reporting)
	if !ok {
		return nil
	}
	return r.to.SavePlan(ctx, r.runID, total, "")
}
