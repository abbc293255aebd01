package lifecycle_test

import (
	"strings"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
)

// noon is the record database's clock in these tests.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const pass = 5 * time.Second

// running is a healthy run that was heard at noon.
func running() lifecycle.Facts {
	return lifecycle.Facts{
		ID: "018f", Type: "inventory.sync", Target: "Contoso Ltd", Queue: "inventory",
		Policy: lifecycle.DefaultPolicy(), Version: 3, Status: lifecycle.Running, Outcome: lifecycle.Pending,
		QueuedAt: noon.Add(-time.Minute), DispatchedAt: noon.Add(-time.Minute), StartedAt: noon.Add(-50 * time.Second),
		LivenessAt: noon, ProgressAt: noon, StaleAt: noon.Add(20 * time.Second),
		Counts: lifecycle.Counts{Total: 400, Processed: 123, Succeeded: 120, Failed: 3},
	}
}

func queued() lifecycle.Facts {
	f := running()
	f.Status, f.StartedAt, f.Counts = lifecycle.Queued, time.Time{}, lifecycle.Counts{}
	f.QueuedAt, f.DispatchedAt, f.StaleAt = noon, noon, noon.Add(time.Minute)
	return f
}

func ended(o lifecycle.Outcome) lifecycle.Facts {
	f := running()
	f.Status, f.Outcome, f.CompletedAt, f.TerminalToken = lifecycle.Completed, o, noon, "run"
	return f
}

func reconciled(c lifecycle.Cause) lifecycle.Facts {
	f := ended(lifecycle.Failed)
	f.Closing = lifecycle.Closing{ID: "closing", At: noon, Cause: c}
	f.TerminalToken = "closing"
	f.Reconciliation = lifecycle.Reconciliation{At: noon, Cause: c, SilentSince: noon.Add(-24 * time.Hour)}
	return f
}

// silentFor is a running run whose silence at now was verified for a cause.
func silentFor(c lifecycle.Cause, e lifecycle.Evidence, now time.Time) lifecycle.Facts {
	f := running()
	f.Silence = lifecycle.Silence{Cause: c, At: now, Times: 1, Evidence: e}
	return f
}

// alive is evidence of a workflow whose queue is served.
func alive() lifecycle.Evidence {
	return lifecycle.Evidence{
		Answer: lifecycle.Answered, Execution: lifecycle.ExecRunning, RunID: "t1",
		StartedAge: -1, HeartbeatAge: -1, PausedAge: -1,
		Workers: 2, WorkersSeen: time.Second, PollerAge: time.Second,
	}
}

// long is a foreign text that would push everything else out of a page.
var long = strings.Repeat("supercalifragilisticexpialidocious-and-so-on ", 30)
