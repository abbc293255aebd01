package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

// A timer of Temporal may be late. Nobody has to be asked for a declaration that is there.
func TestAWaitThatIsOverWasDeclared(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wait     lifecycle.Wait
		declared bool
	}{
		"a timer of the workflow":    {lifecycle.Wait{ID: "t-1", Kind: lifecycle.DurableWait, Reason: "approval by Olga"}, true},
		"no wait":                    {lifecycle.Wait{}, false},
		"what Temporal alone knew":   {lifecycle.Wait{ID: lifecycle.ObservedWait, Kind: lifecycle.DurableWait}, false},
		"a worker that handed over":  {lifecycle.Wait{ID: lifecycle.HandoverWait, Kind: lifecycle.DurableWait}, false},
		"a step that held its queue": {lifecycle.Wait{ID: "held", Kind: lifecycle.HeldWait}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := running()
			f.Silence = lifecycle.Silence{Cause: lifecycle.IdleUndeclared, At: late}
			if f.Wait = c.wait; c.wait.ID != "" {
				f.Wait.Until = late.Add(-30 * time.Second)
			}
			truth := lifecycle.Derive(f, late)
			require.Equal(t, lifecycle.StateStuck, truth.State)
			require.Equal(t, lifecycle.IdleUndeclared, truth.Cause)
			evidence := strings.Join(truth.Evidence(), " ")
			if !c.declared {
				require.Contains(t, truth.NextStep().Text, "Ask its author")
				require.Contains(t, truth.Headline(), "nothing that we know of")
				return
			}
			require.Equal(t, "Its wait is over; Temporal has not continued it", truth.Headline())
			require.Equal(t, lifecycle.StepWait, truth.NextStep().Kind)
			require.Contains(t, evidence, "its wait ended at")
			require.Contains(t, evidence, "approval by Olga")
		})
	}
}
