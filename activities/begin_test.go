package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/workflows/contract"
)

// A wrapped workflow may continue as new at once when its wait is over, and then ends it nowhere.
func TestAnExecutionThatBeginsWaitsForNothing(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	s.change(lifecycle.Change{Kind: lifecycle.Started})
	declare := func(id string) {
		wait := lifecycle.Wait{ID: id, Kind: lifecycle.DurableWait, Reason: "the " + id, By: "step"}
		require.NoError(t, s.store.DeclareWait(t.Context(), s.run.ID, wait, 24*time.Hour))
	}
	declare("approval")
	declare("window")
	require.NotEmpty(t, s.facts().Wait.ID)
	require.NoError(t, s.call(contract.ActivityBegin, contract.StepInput{RunID: s.run.ID, Resumed: true}, nil))
	f := s.facts()
	require.Zero(t, f.Wait)
	require.Less(t, f.StaleAt.Sub(f.LivenessAt), time.Hour, "its silence is noticed in time")

	declare(lifecycle.HandoverWait)
	require.NoError(t, s.call(contract.ActivityBegin, contract.StepInput{RunID: s.run.ID, Resumed: true}, nil))
	require.Equal(t, lifecycle.HandoverWait, s.facts().Wait.ID, "a worker's, which the next beat ends")
}
