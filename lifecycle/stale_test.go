package lifecycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

func TestStaleAt(t *testing.T) {
	t.Parallel()
	p := lifecycle.DefaultPolicy()
	slow := p
	slow.ProgressTimeout = 10 * time.Second
	in := func(d time.Duration) time.Time { return noon.Add(d) }
	var none time.Time
	for _, tc := range []struct {
		name                    string
		policy                  lifecycle.Policy
		status                  lifecycle.Status
		progress, durable, held time.Time
		want                    time.Duration
	}{
		{"running", p, lifecycle.Running, noon, none, none, 20 * time.Second},
		{"queued", p, lifecycle.Queued, noon, none, none, time.Minute},
		{"progress off", p, lifecycle.Running, in(-time.Hour), none, none, 20 * time.Second},
		{"progress late", slow, lifecycle.Running, in(-5 * time.Second), none, none, 5 * time.Second},
		{"progress young", slow, lifecycle.Running, in(15 * time.Second), none, none, 20 * time.Second},
		{"progress does not bind a queued run", slow, lifecycle.Queued, in(-time.Hour), none, none, time.Minute},
		{"a held wait suspends progress only", slow, lifecycle.Running, in(-time.Hour), none, in(time.Hour), 20 * time.Second},
		{"a held wait that ends soon", slow, lifecycle.Running, in(-time.Hour), none, in(time.Second), 11 * time.Second},
		{"a held wait does not lengthen liveness", p, lifecycle.Running, noon, none, in(time.Hour), 20 * time.Second},
		{"a durable wait suspends both", slow, lifecycle.Running, in(-time.Hour), in(time.Hour), none, time.Hour + 10*time.Second},
		{"a durable wait never shortens", p, lifecycle.Running, noon, in(time.Second), none, 20 * time.Second},
		{"a durable wait of a queued run", p, lifecycle.Queued, noon, in(time.Hour), none, time.Hour + 10*time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := lifecycle.StaleAt(tc.policy, tc.status, noon, tc.progress, tc.durable, tc.held)
			require.Equal(t, in(tc.want), got)
		})
	}
}

func TestLimitWait(t *testing.T) {
	t.Parallel()
	p := lifecycle.Policy{MaxWait: time.Hour}
	w := lifecycle.Wait{ID: "w", Since: noon, Until: noon.Add(50 * time.Minute)}
	require.Equal(t, w.Until, p.LimitWait(w, 10*time.Minute).Until)
	require.Equal(t, noon.Add(40*time.Minute), p.LimitWait(w, 20*time.Minute).Until)
	require.Equal(t, noon, p.LimitWait(w, 2*time.Hour).Until, "nothing is left")
	require.Equal(t, w.Until, lifecycle.Policy{}.LimitWait(w, 2*time.Hour).Until, "no limit")
	w.ID = lifecycle.ObservedWait
	require.Equal(t, w.Until, p.LimitWait(w, 2*time.Hour).Until, "what Temporal keeps is not the operation's")
}
