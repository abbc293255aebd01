package lifecycle_test

import (
	"testing"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
)

func BenchmarkJudge(b *testing.B) {
	now := noon.Add(48 * time.Hour)
	e := alive()
	e.Workers, e.WorkersSeen, e.PollerAge = 0, -1, -1
	f := silentFor(lifecycle.NoWorkers, e, now.Add(-pass))
	f.Silence.For = 40 * time.Hour
	b.ReportAllocs()
	for b.Loop() {
		if lifecycle.Judge(f, e, pass, now).Action != lifecycle.Close {
			b.Fatal("a day of verified silence closes")
		}
	}
}
