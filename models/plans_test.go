package models_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var indexOfRuns = regexp.MustCompile(`(?:using|Bitmap Index Scan on) (operation_runs_\w+|run_liveness_\w+|run_words_\w+)`)

// requirePlan holds the plan of a list against testdata/plans.txt, which names the indexes that may find its runs. More
// than one may do where they are equally good, as for a workspace that has nearly all runs.
func requirePlan(t testing.TB, list, plan string) {
	t.Helper()
	text, err := os.ReadFile("testdata/plans.txt")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if name, indexes, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && name == list {
			found := indexOfRuns.FindStringSubmatch(plan)
			require.NotNil(t, found, "%s is read without an index:\n%s", list, plan)
			require.Contains(t, strings.Fields(indexes), found[1], "%s:\n%s", list, plan)
			return
		}
	}
	require.Failf(t, "no plan", "testdata/plans.txt does not name %q, which is read so:\n%s", list, plan)
}
