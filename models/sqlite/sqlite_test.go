package sqlite_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/models/sqlite"
)

// TestManyWritersShareAFile stands for several processes: each store has connections of its own.
func TestManyWritersShareAFile(t *testing.T) {
	t.Parallel()
	path := modelstest.File(t)
	first := modelstest.Open(t, path)
	w := modelstest.Seed(t, first)
	errs := make(chan error, 1000)
	var all sync.WaitGroup
	for i := range 3 {
		s := modelstest.Open(t, path)
		for j := range 4 {
			all.Go(func() {
				for k := range 5 {
					run, _, err := s.CreateRun(t.Context(), w.NewRun())
					errs <- err
					_, err = s.Transition(t.Context(), run.ID, lifecycle.Change{Kind: lifecycle.Started})
					errs <- err
					_, err = s.RecordBeats(t.Context(), models.WorkerRow{ID: fmt.Sprint(i)}, []models.Beat{{RunID: run.ID, ActivityID: "1", Attempt: 1}})
					errs <- err
					errs <- s.RecordItems(t.Context(), run.ID, []models.Item{{Key: fmt.Sprint(j, k), State: models.ItemSucceeded}})
					_, err = s.ListRuns(t.Context(), models.Platform(), models.Filter{}, models.Page{})
					errs <- err
				}
			})
		}
	}
	all.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := modelstest.New(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "foreign_keys": "1", "synchronous": "1", "busy_timeout": "9000"} {
		var got string
		require.NoError(t, s.DB().Raw("PRAGMA "+pragma).Scan(&got).Error)
		require.Equal(t, want, got, pragma)
	}
	now, err := s.Now(t.Context())
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), now, time.Minute)
}

func TestOpenTellsTheFile(t *testing.T) {
	t.Parallel()
	_, err := sqlite.Open(t.Context(), t.TempDir()+"/missing/records.db")
	require.ErrorContains(t, err, "missing/records.db")
}
