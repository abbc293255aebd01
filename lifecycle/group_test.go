package lifecycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

func TestEveryGroupHasItsWords(t *testing.T) {
	t.Parallel()
	for _, c := range append(lifecycle.Causes(), lifecycle.NoCause) {
		g := lifecycle.Group{Cause: c, Queue: "inventory, " + long, Runs: 400}
		require.LessOrEqual(t, words(g.Headline()), 10, g.Headline())
		require.Contains(t, g.Headline(), "inventory", "%q: which queue", c)
		step := g.NextStep()
		require.NotEmpty(t, step.Text, c)
		require.Empty(t, step.Label, "what is done to one run is no button for all")
		require.Equal(t, c == lifecycle.Unverified, g.Badge().Label != "Likely stuck", c)
	}
	require.Empty(t, lifecycle.Group{}.Note())
	require.Contains(t, lifecycle.Group{Gap: true}.Note(), "telemetry gap")
}

func TestTheWorseGroupHoldsUpMoreRunsOrIsOlder(t *testing.T) {
	t.Parallel()
	many, old, young := lifecycle.Group{Runs: 2, Since: late}, lifecycle.Group{Runs: 1, Since: noon}, lifecycle.Group{Runs: 1, Since: late}
	require.True(t, many.Worse(old))
	require.False(t, old.Worse(many))
	require.True(t, old.Worse(young))
	require.False(t, old.Worse(old))
}

// TestAgreement holds every state of a record against every answer of Temporal.
func TestAgreement(t *testing.T) {
	t.Parallel()
	undispatched := queued()
	undispatched.DispatchedAt = time.Time{}
	for _, c := range []struct {
		name  string
		facts lifecycle.Facts
		a     lifecycle.Answer
		e     lifecycle.Execution
		want  string
	}{
		{"both run", running(), lifecycle.Answered, lifecycle.ExecRunning, "They agree"},
		{"ended unrecorded", running(), lifecycle.Answered, lifecycle.ExecFailed, "They differ"},
		{"both ended", ended(lifecycle.Failed), lifecycle.Answered, lifecycle.ExecFailed, "They agree"},
		{"reset from outside", ended(lifecycle.Failed), lifecycle.Answered, lifecycle.ExecRunning, "They differ"},
		{"lost", running(), lifecycle.NotFound, "", "They differ"},
		{"not handed over", undispatched, lifecycle.NotFound, "", "They agree"},
		{"past its retention", ended(lifecycle.Succeeded), lifecycle.NotFound, "", "They agree"},
		{"away", running(), lifecycle.Unreachable, "", "No answer"},
		{"another cluster", running(), lifecycle.WrongHome, "", "No answer"},
		{"not asked", running(), lifecycle.NotAsked, "", "No answer"},
	} {
		got := lifecycle.Derive(c.facts, noon).Agree(c.a, c.e)
		require.Equal(t, c.want, got.Badge.Label, c.name)
		require.NotEmpty(t, got.Text, c.name)
	}
	require.Contains(t, lifecycle.Derive(running(), late).Agree(lifecycle.Answered, lifecycle.ExecRunning).Text, "does not mean that it advances")
}

func TestHealthAndServiceHaveTheirBadges(t *testing.T) {
	t.Parallel()
	for _, b := range []lifecycle.Badge{
		lifecycle.Healthy.Badge(), lifecycle.Doubt.Badge(), lifecycle.Down.Badge(), lifecycle.WorkerLive.Badge(), lifecycle.WorkerSilent.Badge(),
	} {
		require.NotEmpty(t, b.Label)
		require.NotEmpty(t, b.Icon)
	}
	require.Equal(t, lifecycle.Served, lifecycle.ServiceOf(1, 5))
	require.Equal(t, lifecycle.ToneBad, lifecycle.ServiceOf(0, 5).Badge().Tone)
	require.Equal(t, lifecycle.ToneNeutral, lifecycle.ServiceOf(0, 0).Badge().Tone, "nothing waits there")
}
