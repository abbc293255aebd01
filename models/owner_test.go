package models

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The ages of beats are taken before the record's clock is read. While that takes its time the next step may begin.
func TestASlowClockCutsNoStepOff(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	owners := map[string]*Run{"r": {ID: "r"}}
	first := Beat{RunID: "r", TemporalRunID: "t", ActivityID: "1", Attempt: 1, StartedAge: 10 * time.Millisecond}
	const slack = 400 * time.Millisecond // the step began 410 ms before noon
	accepted, rejected := settleOwners(owners, []Beat{first}, noon, slack)
	require.Len(t, accepted, 1)
	require.Empty(t, rejected)

	next := Beat{RunID: "r", TemporalRunID: "t", ActivityID: "2", Attempt: 1, StartedAge: 1200 * time.Millisecond} // 200 ms before noon
	accepted, rejected = settleOwners(owners, []Beat{next}, noon.Add(time.Second), time.Millisecond)
	require.Len(t, accepted, 1)
	require.Empty(t, rejected)

	first.StartedAge = 2410 * time.Millisecond
	accepted, rejected = settleOwners(owners, []Beat{first}, noon.Add(2*time.Second), time.Millisecond)
	require.Empty(t, accepted)
	require.Len(t, rejected, 1, "the one before it is told")
}
