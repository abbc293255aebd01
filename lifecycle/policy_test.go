package lifecycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

func TestDefaultPolicyFitsTheDefaultTiming(t *testing.T) {
	t.Parallel()
	timing := lifecycle.NewTiming(5*time.Second, 5*time.Second)
	require.NoError(t, lifecycle.DefaultPolicy().Check(timing))
	require.Equal(t, 16*time.Second, lifecycle.DefaultPolicy().HeartbeatTimeout(timing))
}

func TestPolicyRefusesToFlagTheHealthy(t *testing.T) {
	t.Parallel()
	timing := lifecycle.NewTiming(500*time.Millisecond, 500*time.Millisecond) // needs 1.75 s
	p := lifecycle.DefaultPolicy()
	p.StaleAfter = 1750 * time.Millisecond
	require.NoError(t, p.Check(timing))
	p.StaleAfter -= time.Microsecond
	require.ErrorContains(t, p.Check(timing), "stale_after")
	require.Equal(t, 2*time.Second, p.HeartbeatTimeout(timing), "two beats may be missed")
}

func TestPolicyNamesEveryWrongValue(t *testing.T) {
	t.Parallel()
	err := lifecycle.Policy{ProgressTimeout: -1, WaitSlack: -1, MaxWait: -1, CloseNoWorkers: -1, CloseWorkerLost: -1}.Check(lifecycle.Timing{})
	for _, name := range []string{
		"stale_after", "queued_stale_after", "cancel_grace", "heartbeat_every", "reconcile_every",
		"progress_timeout", "wait_slack", "max_wait", "close_no_workers", "close_worker_lost",
	} {
		require.ErrorContains(t, err, name)
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	require.False(t, lifecycle.Sample{Active: 2, Unconfirmed: 2}.Tripped(), "too few to tell")
	require.False(t, lifecycle.Sample{Active: 10, Unconfirmed: 3}.Tripped(), "less than a third")
	require.True(t, lifecycle.Sample{Active: 9, Unconfirmed: 3}.Tripped())

	high, low := lifecycle.Sample{Active: 9, Unconfirmed: 9}, lifecycle.Sample{Active: 9}
	b := lifecycle.Breaker{}.Next(low, noon)
	require.Zero(t, b)
	b = b.Next(high, noon)
	require.Equal(t, lifecycle.Breaker{Open: true, Since: noon}, b)
	b = b.Next(low, noon.Add(pass))
	require.True(t, b.Open, "one pass below is not enough")
	b = b.Next(high, noon.Add(2*pass))
	require.Equal(t, lifecycle.Breaker{Open: true, Since: noon}, b, "it begins anew")
	b = b.Next(low, noon.Add(3*pass)).Next(low, noon.Add(4*pass))
	require.Zero(t, b)
}

func TestCountsTellTheOutcome(t *testing.T) {
	t.Parallel()
	for c, want := range map[lifecycle.Counts]lifecycle.Outcome{
		{}: lifecycle.Succeeded, // nothing to do is done
		{Total: 2, Processed: 2, Succeeded: 1, Skipped: 1}: lifecycle.Succeeded,
		{Total: 2, Processed: 2, Succeeded: 1, Failed: 1}:  lifecycle.PartiallySucceeded,
		{Total: 2, Processed: 2, Skipped: 1, Failed: 1}:    lifecycle.PartiallySucceeded,
		{Total: 2, Processed: 1, Succeeded: 1}:             lifecycle.PartiallySucceeded,
		{Total: 1, Processed: 1, Failed: 1}:                lifecycle.Failed,
	} {
		outcome, failure := c.End()
		require.Equal(t, want, outcome, c)
		require.Equal(t, want == lifecycle.Succeeded, failure == lifecycle.Failure{}, c)
	}
}
