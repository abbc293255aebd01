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
	runs, lasts := 40/slow, slow*20*time.Second
	if os.Getenv("OPSTRUTH_TEST_LONG") != "" {
		runs, lasts = 200, 3*time.Minute
	} else {
		t.Parallel()
	}
	i, err := install(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(i.close)
	i.worker(t, "fleet", func(o *order) { o.Concurrency = runs + 10 })
	item := 2*policy().StaleAfter + time.Second
	in := input{Items: int(lasts / item), ItemMS: int(item.Milliseconds()) / slow} // start stretches it
	// Runs do not change steps all at the same moment.
	pace := time.NewTicker(item / time.Duration(runs))
	defer pace.Stop()
	for range runs {
		<-pace.C
		i.start(t, "fleet", in)
	}
	deadline := time.Now().Add(lasts + 2*patience)
	for {
		require.Empty(t, flagged(t, i))
		ended := 0
		for _, run := range i.all(t) {
			if run.Facts.StaleEpisodes > 0 {
				require.Fail(t, "a healthy run was flagged", i.story(t, run.ID))
			}
			if run.Facts.Status == lifecycle.Completed {
				require.Equal(t, lifecycle.Succeeded, run.Facts.Outcome)
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
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// flagged tells the stories of the runs that are likely stuck.
func flagged(t *testing.T, i *installation) (stories []string) {
	t.Helper()
	page, err := i.store.ListRuns(t.Context(), models.Engine(), models.Filter{Class: lifecycle.ActiveStaleAttention}, models.Page{Limit: 10})
	require.NoError(t, err)
	for _, run := range page.Runs {
		stories = append(stories, i.story(t, run.ID))
	}
	return stories
}

func (i *installation) all(t *testing.T) []models.Run {
	t.Helper()
	page, err := i.store.ListRuns(t.Context(), models.Engine(), models.Filter{}, models.Page{Limit: 500})
	require.NoError(t, err)
	return page.Runs
}
