package lifecycle_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

// The column says that a run was stuck exactly where the lineage does, and tells now from before.
func TestLineageTextSaysWhatTheLineageSays(t *testing.T) {
	t.Parallel()
	for _, truth := range told() {
		require.Equal(t, truth.StaleLineage, truth.LineageText() != "Never")
		require.NotContains(t, truth.LineageText(), "0 times")
		now := strings.HasPrefix(truth.LineageText(), "Now")
		require.Equal(t, now, truth.LineageTone() != lifecycle.ToneNeutral, "what is stuck now stands out as its state does")
		require.True(t, !now || truth.LineageTone() == truth.Badge().Tone)
	}
	stuck, calm := running(), ended(lifecycle.Succeeded)
	stuck.StaleEpisodes, calm.StaleEpisodes = 2, 1
	require.Equal(t, "Now, and twice before", lifecycle.Derive(stuck, stuck.StaleAt).LineageText())
	require.Equal(t, "Once", lifecycle.Derive(calm, noon).LineageText())
	stuck.StaleEpisodes = 0
	require.Equal(t, "Now", lifecycle.Derive(stuck, stuck.StaleAt).LineageText())
	require.Equal(t, "When closed", lifecycle.Derive(reconciled(lifecycle.NoWorkers), noon).LineageText())
}
