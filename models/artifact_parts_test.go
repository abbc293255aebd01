package models_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

const partBytes = 1 << 20

// parts counts what is stored of a run's files in parts.
func parts(t *testing.T, s *models.Store, run models.Run) (n int) {
	t.Helper()
	require.NoError(t, s.DB().Raw(`SELECT COUNT(*) FROM run_artifact_parts WHERE run_id = ?`, run.ID).Scan(&n).Error)
	return n
}

func TestTwoAttemptsThatWriteOneFileDoNotMixIt(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		run := modelstest.Running(t, s, modelstest.Seed(t, s).NewRun())
		body := func() string {
			var out strings.Builder
			require.NoError(t, s.ArtifactTo(t.Context(), models.Engine(), run.ID, "r.csv", &out))
			return out.String()
		}
		write := func(letter string, meanwhile func()) error {
			return s.WriteArtifact(t.Context(), run.ID, "r.csv", "text/csv", func(w io.Writer) error {
				for range 2 {
					if _, err := io.WriteString(w, strings.Repeat(letter, partBytes)); err != nil {
						return err
					}
					meanwhile()
					meanwhile = func() {}
				}
				return nil
			})
		}
		require.NoError(t, write("a", func() {}))
		overtaken := write("b", func() {
			require.Equal(t, strings.Repeat("a", 2*partBytes), body(), "the one before stays until the next is whole")
			require.NoError(t, write("c", func() {}))
		})
		require.ErrorContains(t, overtaken, "another attempt")
		require.Equal(t, strings.Repeat("c", 2*partBytes), body())
		require.Equal(t, 2, parts(t, s, run), "nothing else is left")

		require.NoError(t, s.SaveArtifact(t.Context(), run.ID, "r.csv", "text/csv", []byte("small")))
		require.Equal(t, "small", body())
		require.Zero(t, parts(t, s, run))

		err := write("d", func() { modelstest.Finish(t, s, run, lifecycle.Succeeded) })
		require.ErrorIs(t, err, lifecycle.ErrEnded)
		require.Zero(t, parts(t, s, run), "what came after the end leaves nothing")
		require.Equal(t, "small", body())
	})
}
