package lifecycle_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

func TestEveryKindOfEventHasItsWords(t *testing.T) {
	t.Parallel()

	for _, k := range []lifecycle.Kind{
		lifecycle.Enqueued, lifecycle.Dispatched, lifecycle.Started, lifecycle.Planned, lifecycle.WaitDeclared, lifecycle.WaitEnded, lifecycle.CancelRequested, lifecycle.Finished, lifecycle.CloseClaimed,
		lifecycle.CloseDropped, lifecycle.Reconciled, lifecycle.CancelForced, lifecycle.Adopted, lifecycle.Acknowledged, lifecycle.Reopened, lifecycle.Superseded, lifecycle.Retried, lifecycle.Claimed, lifecycle.Released, lifecycle.LateReported,
		lifecycle.WentStale, lifecycle.Recovered, lifecycle.CauseFound, lifecycle.StepRetried, lifecycle.Waited,
	} {
		require.NotEmpty(t, k.Sort().Label(), k)
		b := k.Badge()
		require.NotEmpty(t, b.Label, k)
		require.NotEmpty(t, b.Icon, k)
		require.NotEmpty(t, b.Tone, k)
	}
}
