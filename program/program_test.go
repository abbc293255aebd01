package program

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAProgramSaysWhatItNeeds(t *testing.T) {
	for _, name := range []string{"OPSTRUTH_DATABASE_URL", "OPSTRUTH_SECRET_KEY", "OPSTRUTH_SECRET_KEY_FILE"} {
		t.Setenv(name, "")
	}
	var out, problem bytes.Buffer
	for _, command := range []string{"web", "worker"} {
		problem.Reset()
		require.Equal(t, 1, Run([]string{command}, &out, &problem))
		require.Contains(t, problem.String(), "OPSTRUTH_DATABASE_URL")
	}
	require.Zero(t, Run([]string{"--help"}, &out, &problem))
	require.Contains(t, out.String(), "worker")
}
