package workflows_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/workflows"
	"github.com/opstruth/opstruth/workflows/contract"
)

// A child's next execution is begun with a header of its own.
func TestAChildThatContinuesAsNewKeepsItsRun(t *testing.T) {
	t.Parallel()
	want := contract.Root{RunID: "r1", TemporalRunID: "t1"}
	root, err := converter.GetDefaultDataConverter().ToPayload(want)
	require.NoError(t, err)
	for name, header := range map[string]map[string]*commonpb.Payload{
		"a run's":        {contract.RunHeader: root},
		"somebody's own": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite := &testsuite.WorkflowTestSuite{}
			suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
			env := suite.NewTestWorkflowEnvironment()
			env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "a-child"})
			unhurried(env, workflows.Interceptor())
			env.SetHeader(&commonpb.Header{Fields: header})
			env.ExecuteWorkflow(func(ctx workflow.Context) error { return workflow.NewContinueAsNewError(ctx, "next") })
			var again *workflow.ContinueAsNewError
			require.ErrorAs(t, env.GetWorkflowError(), &again)
			if header == nil {
				require.Empty(t, again.Header.GetFields())
				return
			}
			var got contract.Root
			require.NoError(t, converter.GetDefaultDataConverter().FromPayload(again.Header.GetFields()[contract.RunHeader], &got))
			require.Equal(t, want, got)
		})
	}
}
