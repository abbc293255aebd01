package causes

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

// historyLimit is what the history of a run may grow to, over all executions of its chain.
const historyLimit = 2000

// Not beside the tests that watch the clock: it keeps the one writer of the record busy.
func TestAHundredThousandItemsNeedAShortHistory(t *testing.T) {
	const items = 100_000
	shared.worker(t, "items")
	id := shared.start(t, "items", input{Items: items})
	ended, _ := shared.await(t, id, "ended", slow*5*time.Minute, isEnded)
	require.Equal(t, lifecycle.Succeeded, ended.Facts.Outcome)
	require.Equal(t, lifecycle.Counts{Total: items, Processed: items, Succeeded: items}, ended.Facts.Counts)
	require.Zero(t, ended.Facts.StaleEpisodes)
	events := shared.events(t, id)
	t.Logf("%d items, a chunk each: %d events, %v", items, events, ended.Facts.CompletedAt.Sub(ended.Facts.StartedAt))
	require.Less(t, events, historyLimit)
}

// events counts those of all executions of a run's chain.
func (i *installation) events(t *testing.T, id string) (n int) {
	t.Helper()
	for runID := i.firstRun(t, id); runID != ""; {
		history := i.client.GetWorkflowHistory(t.Context(), contract.WorkflowID(id), runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		runID = ""
		for history.HasNext() {
			event, err := history.Next()
			require.NoError(t, err)
			runID = event.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
			n++
		}
	}
	return n
}

func (i *installation) firstRun(t *testing.T, id string) string {
	t.Helper()
	run, _, err := i.store.Run(t.Context(), models.Engine(), id)
	require.NoError(t, err)
	return run.FirstRunID
}
