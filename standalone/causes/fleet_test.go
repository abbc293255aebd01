package causes

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

// TestHealthyRunsAreNeverFlagged keeps many runs going whose items are slower than stale_after. OPSTRUTH_TEST_LONG=1
// makes it 200 runs over three minutes.
func TestHealthyRunsAreNeverFlagged(t *testing.T) {
	runs, lasts := 40, 20*time.Second
	if os.Getenv("OPSTRUTH_TEST_LONG") != "" {
		runs, lasts = 200, 3*time.Minute
	} else {
		t.Parallel()
	}
	i, err := install(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(i.close)
	i.worker(t, "fleet", func(o *order) { o.Concurrency = runs + 10 })
	item := policy().StaleAfter + time.Second
	in := input{Items: int(lasts / item), ItemMS: int(item.Milliseconds())}
	for range runs {
		i.start(t, "fleet", in)
	}
	deadline := time.Now().Add(lasts + patience)
	for {
		flagged, err := i.store.ListRuns(t.Context(), models.Engine(), models.Filter{Class: lifecycle.ActiveStaleAttention}, models.Page{Limit: 500})
		require.NoError(t, err)
		for _, run := range flagged.Runs {
			require.Fail(t, "a healthy run is flagged", i.story(t, run.ID))
		}
		all, err := i.store.ListRuns(t.Context(), models.Engine(), models.Filter{}, models.Page{Limit: 500})
		require.NoError(t, err)
		require.Len(t, all.Runs, runs)
		ended := 0
		for _, run := range all.Runs {
			require.False(t, run.Truth(all.Now).StaleLineage, i.story(t, run.ID))
			if run.Facts.Status == lifecycle.Completed {
				require.Equal(t, lifecycle.Succeeded, run.Facts.Outcome, i.story(t, run.ID))
				ended++
			}
		}
		if ended == runs {
			return
		}
		require.False(t, time.Now().After(deadline), "%d of %d have ended; the reconciler said:\n%s", ended, runs, i.tail())
		select {
		case <-t.Context().Done():
			t.Fatal("test was cancelled")
		case <-time.After(200 * time.Millisecond):
		}
	}
}
