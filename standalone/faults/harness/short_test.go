package harness

import (
	"flag"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/standalone/internal/clocked"
)

func TestMain(m *testing.M) {
	Child()
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	done, err := clocked.Alone(9 * time.Minute)
	if err != nil {
		slog.Error("begin", "error", err)
		return 1
	}
	defer done() //nolint:errcheck // the lock goes with the process
	return m.Run()
}

// TestOneOfEveryFault is the short form of "make faults".
func TestOneOfEveryFault(t *testing.T) {
	result, err := Run(t.Context(), short(), Options{Seed: uint64(time.Now().UnixNano() % 1_000_000), Log: t.Output()})
	require.NoError(t, err, "logs in %s", result.Dir)
	result.Print(t.Output())
	require.True(t, result.Report.Holds(), "seed %d, logs in %s", result.Seed, result.Dir)
	require.Positive(t, result.Report.Flags)
	require.Equal(t, 3, result.Report.Closes)
}
