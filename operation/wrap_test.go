package operation_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
)

func TestARegistryRefusesWhatCannotBeWrapped(t *testing.T) {
	t.Parallel()
	two := []operation.Field{{Name: "from"}, {Name: "amount"}}
	for name, c := range map[string]struct {
		f      any
		fields []operation.Field
		steps  bool
		says   string
	}{
		"a whole input":          {f: func(workflow.Context, input) (string, error) { return "", nil }},
		"an argument by field":   {f: func(workflow.Context, string, int) error { return nil }, fields: two},
		"nothing":                {f: nil, says: "want a workflow function"},
		"no function":            {f: "Transfer", says: "want a workflow function"},
		"an activity":            {f: func(context.Context, input) error { return nil }, says: "want a workflow function"},
		"no error":               {f: func(workflow.Context) string { return "" }, says: "want a workflow function"},
		"any number":             {f: func(workflow.Context, ...string) error { return nil }, says: "want a workflow function"},
		"more than its fields":   {f: func(workflow.Context, string, int, bool) error { return nil }, fields: two, says: "takes 3 arguments"},
		"with steps of the kit":  {f: func(workflow.Context) error { return nil }, steps: true, says: "no Plan, Do or Finish"},
		"arguments, but no form": {f: func(workflow.Context, string, int) error { return nil }, says: "needs as many Fields, not 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind := operation.Type[input]{Name: "test.wrapped", Title: "Wrapped", Fields: c.fields}
			if c.steps {
				kind.Do = func(context.Context, *operation.Run[input], string) (n operation.Next, err error) { return n, nil }
			}
			_, err := operation.NewRegistry(lifecycle.DefaultPolicy(), timing(), operation.Wrap(kind, c.f, operation.Wrapping{}))
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, `"test.wrapped"`)
		})
	}
}

type reported struct {
	items []operation.Item
	total int64
}

func (r *reported) RecordItems(_ context.Context, runID string, items []operation.Item) error {
	r.items = append(r.items, operation.Item{Key: runID + "/" + items[0].Key})
	return nil
}

func (r *reported) SavePlan(_ context.Context, _ string, total int64, _ string) error {
	r.total = total
	return nil
}

func TestAnActivityReportsToItsRun(t *testing.T) {
	t.Parallel()
	r := &reported{}
	ctx := operation.WithReporter(t.Context(), r, "r1")
	require.NoError(t, operation.ReportTotal(ctx, 7))
	require.NoError(t, operation.Report(ctx, operation.Item{Key: "a"}))
	require.Equal(t, &reported{items: []operation.Item{{Key: "r1/a"}}, total: 7}, r)

	require.NoError(t, operation.ReportTotal(t.Context(), 7), "outside opstruth it does nothing")
	require.NoError(t, operation.Report(t.Context(), operation.Item{Key: "a"}))
}
