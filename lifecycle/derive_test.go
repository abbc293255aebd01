package lifecycle_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

// edges are the moments around a deadline: one microsecond is the record's resolution.
var edges = []struct {
	name string
	at   time.Duration
	late bool
}{{"before", -time.Microsecond, false}, {"at", 0, true}, {"after", time.Microsecond, true}}

// TestDeriveEveryCombination states the truth contract once more, by itself,
// and compares it over status x outcome x edge x reconciliation x wait x gap x
// acknowledged x superseded x earlier episodes.
func TestDeriveEveryCombination(t *testing.T) {
	t.Parallel()
	waits := []lifecycle.Wait{
		{},
		{ID: "d", Kind: lifecycle.DurableWait, Until: noon.Add(time.Second)},
		{ID: "h", Kind: lifecycle.HeldWait, Until: noon.Add(time.Hour)},
	}
	bools := []bool{false, true}
	n := 0
	for _, status := range lifecycle.Statuses() {
		for _, outcome := range lifecycle.Outcomes() {
			for _, edge := range edges {
				for _, wait := range waits {
					for i := range 32 {
						rec, gap, ack, sup, before := bools[i&1], bools[i>>1&1], bools[i>>2&1], bools[i>>3&1], bools[i>>4&1]
						f := running()
						f.Status, f.Outcome, f.Wait, f.InGap = status, outcome, wait, gap
						if rec {
							f.Reconciliation = lifecycle.Reconciliation{At: noon, Cause: lifecycle.NoWorkers}
						}
						if ack {
							f.Acknowledged.At = noon
						}
						if sup {
							f.SupersededBy = "later"
						}
						if before {
							f.StaleEpisodes = 1
						}
						got := lifecycle.Derive(f, f.StaleAt.Add(edge.at))
						want := contract(f, edge.late)
						require.Equal(t, want, summary(got), "%v %v %s rec=%v gap=%v ack=%v sup=%v before=%v", status, outcome, edge.name, rec, gap, ack, sup, before)
						n++
					}
				}
			}
		}
	}
	require.Equal(t, 3*6*3*3*32, n)
}

// summary is what the contract promises of a truth.
func summary(t lifecycle.Truth) string {
	return fmt.Sprint(t.Freshness, t.ProblemClass, " open=", t.Open, " lineage=", t.StaleLineage)
}

func contract(f lifecycle.Facts, late bool) string {
	fresh, class := lifecycle.FreshActive, lifecycle.NoProblem
	lineage := f.StaleEpisodes > 0
	switch rec := !f.Reconciliation.At.IsZero(); {
	case f.Status != lifecycle.Completed && late:
		fresh, class = lifecycle.LikelyStale, lifecycle.ActiveStaleAttention
		lineage = lineage || !f.InGap
	case f.Status == lifecycle.Completed && rec:
		fresh, class, lineage = lifecycle.ReconciledFailed, lifecycle.TerminalFollowUp, true
	case f.Status == lifecycle.Completed:
		fresh = lifecycle.TerminalNormal
		if f.Outcome == lifecycle.Failed || f.Outcome == lifecycle.PartiallySucceeded || f.Outcome == lifecycle.Blocked {
			class = lifecycle.TerminalFollowUp
		}
	}
	open := class == lifecycle.TerminalFollowUp && f.Acknowledged.At.IsZero() && f.SupersededBy == ""
	return fmt.Sprint(fresh, class, " open=", open, " lineage=", lineage)
}

func TestStateOfActiveRun(t *testing.T) {
	t.Parallel()
	stale := noon.Add(20 * time.Second)
	planned := lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait, Until: noon.Add(time.Hour)}
	for _, tc := range []struct {
		name  string
		facts func() lifecycle.Facts
		now   time.Time
		state lifecycle.State
		cause lifecycle.Cause
	}{
		{"running", running, noon, lifecycle.StateRunning, lifecycle.NoCause},
		{"queued", queued, noon, lifecycle.StateQueued, lifecycle.NoCause},
		{"queued behind others", with(queued, func(f *lifecycle.Facts) {
			f.Silence = lifecycle.Silence{Cause: lifecycle.Backlogged, At: noon}
		}), noon, lifecycle.StateBacklogged, lifecycle.Backlogged},
		{"waiting", with(running, func(f *lifecycle.Facts) { f.Wait, f.StaleAt = planned, noon.Add(time.Hour) }), stale, lifecycle.StateWaiting, lifecycle.NoCause},
		{"wait is over at its end", with(running, func(f *lifecycle.Facts) { f.Wait, f.StaleAt = planned, noon.Add(2*time.Hour) }), planned.Until, lifecycle.StateRunning, lifecycle.NoCause},
		{"cancelling outranks waiting", with(running, func(f *lifecycle.Facts) { f.Wait, f.Cancel.At = planned, noon }), noon, lifecycle.StateCancelling, lifecycle.NoCause},
		{"paused", with(running, func(f *lifecycle.Facts) {
			f.Silence = lifecycle.Silence{Cause: lifecycle.Paused, At: noon}
		}), noon, lifecycle.StatePaused, lifecycle.Paused},
		{"silent, not checked", running, stale, lifecycle.StateStuck, lifecycle.NoCause},
		{"silent, checked", with(running, func(f *lifecycle.Facts) {
			f.Silence = lifecycle.Silence{Cause: lifecycle.NoWorkers, At: noon}
		}), stale, lifecycle.StateStuck, lifecycle.NoWorkers},
		{"a cause found ahead of time is not told yet", with(running, func(f *lifecycle.Facts) {
			f.Silence = lifecycle.Silence{Cause: lifecycle.WorkerLost, At: noon}
		}), noon, lifecycle.StateRunning, lifecycle.NoCause},
		{"a cause of an older silence explains nothing", with(running, func(f *lifecycle.Facts) {
			f.Silence = lifecycle.Silence{Cause: lifecycle.NoWorkers, At: noon.Add(-time.Microsecond)}
		}), stale, lifecycle.StateStuck, lifecycle.NoCause},
		{"beats in time, counts late", with(running, func(f *lifecycle.Facts) { f.StaleAt = noon }), noon, lifecycle.StateStuck, lifecycle.NoProgress},
		{"unverified", with(running, func(f *lifecycle.Facts) {
			f.Check = lifecycle.Check{TemporalAt: noon.Add(-time.Minute), Every: pass}
		}), stale, lifecycle.StateUnverified, lifecycle.Unverified},
		{"unverified outranks what was known", with(running, func(f *lifecycle.Facts) {
			f.Silence = lifecycle.Silence{Cause: lifecycle.NoWorkers, At: noon}
			f.Check = lifecycle.Check{TemporalAt: noon.Add(-time.Minute), Every: pass}
		}), stale, lifecycle.StateUnverified, lifecycle.Unverified},
		{"never verified", with(running, func(f *lifecycle.Facts) { f.Check.Every = pass }), stale, lifecycle.StateUnverified, lifecycle.Unverified},
		{"unverified but heard", with(running, func(f *lifecycle.Facts) { f.Check.Every = pass }), noon, lifecycle.StateRunning, lifecycle.NoCause},
		{"late while cancelling", with(running, func(f *lifecycle.Facts) { f.Cancel.At = noon }), stale, lifecycle.StateStuck, lifecycle.NoCause},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := lifecycle.Derive(tc.facts(), tc.now)
			require.Equal(t, tc.state, got.State)
			require.Equal(t, tc.cause, got.Cause)
			require.Equal(t, tc.now, got.Now())
			require.Equal(t, tc.facts(), got.Facts())
		})
	}
}

// with is a maker of facts, changed.
func with(base func() lifecycle.Facts, change func(*lifecycle.Facts)) func() lifecycle.Facts {
	return func() lifecycle.Facts {
		f := base()
		change(&f)
		return f
	}
}

func TestStateOfEndedRun(t *testing.T) {
	t.Parallel()
	want := map[lifecycle.Outcome]lifecycle.State{
		lifecycle.Succeeded: lifecycle.StateSucceeded, lifecycle.PartiallySucceeded: lifecycle.StatePartial,
		lifecycle.Failed: lifecycle.StateFailed, lifecycle.Blocked: lifecycle.StateBlocked,
		lifecycle.Cancelled: lifecycle.StateCancelled,
		lifecycle.Pending:   lifecycle.StateFailed, // ended without an outcome cannot be called good
	}
	for _, o := range lifecycle.Outcomes() {
		require.Equal(t, want[o], lifecycle.Derive(ended(o), noon).State, o)
	}
	require.Equal(t, lifecycle.StateReconciled, lifecycle.Derive(reconciled(lifecycle.NoWorkers), noon).State)
}

func TestUnverifiedAfterTwoPassesWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	check := lifecycle.Check{TemporalAt: noon, Every: pass}
	limit := noon.Add(2*pass + pass/2)
	require.False(t, check.Unverified(limit))
	require.True(t, check.UnverifiedSince(limit).IsZero())
	require.True(t, check.Unverified(limit.Add(time.Microsecond)))
	require.Equal(t, noon, check.UnverifiedSince(limit.Add(time.Microsecond)))
	require.True(t, lifecycle.Check{Every: pass}.Unverified(noon), "never answered")
	require.False(t, lifecycle.Check{}.Unverified(noon), "no reconciler is known")
}

// Not parallel: it counts allocations.
func TestDeriveAllocatesNothing(t *testing.T) {
	facts := []lifecycle.Facts{running(), queued(), ended(lifecycle.Failed), reconciled(lifecycle.NoWorkers)}
	var truth lifecycle.Truth
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for i := range facts {
			truth = lifecycle.Derive(facts[i], noon.Add(time.Minute))
		}
	}))
	require.NotEmpty(t, truth.State)
}

func BenchmarkDerive(b *testing.B) {
	f := running()
	b.ReportAllocs()
	for b.Loop() {
		_ = lifecycle.Derive(f, noon)
	}
}

// A step that fails and is tried again beats, while the counts stand still.
func TestDeriveTellsAFailingStepFromNoProgress(t *testing.T) {
	t.Parallel()
	f := with(running, func(f *lifecycle.Facts) {
		f.Policy.ProgressTimeout = 10 * time.Second
		f.LivenessAt, f.ProgressAt = noon.Add(time.Minute), noon
		f.StaleAt = noon.Add(10 * time.Second)
		f.Silence = lifecycle.Silence{Cause: lifecycle.ActivityRetrying, At: noon.Add(30 * time.Second)}
	})()
	now := noon.Add(time.Minute)
	require.Equal(t, lifecycle.ActivityRetrying, lifecycle.Derive(f, now).Cause)
	f.ProgressAt = noon.Add(31 * time.Second)
	require.Equal(t, lifecycle.NoProgress, lifecycle.Derive(f, now).Cause, "it moved on since")
}

// Temporal answers, but not about this run: its namespace is another one, or its check never comes.
func TestDeriveUnverifiedRun(t *testing.T) {
	t.Parallel()
	f := running()
	limit := f.StaleAt.Add(2*pass + pass/2)
	truth := func(now time.Time) lifecycle.Truth {
		f.Check = lifecycle.Check{Every: pass, PassAt: now, TemporalAt: now}
		return lifecycle.Derive(f, now)
	}
	require.Equal(t, lifecycle.NoCause, truth(limit).Cause)
	require.Equal(t, lifecycle.Unverified, truth(limit.Add(time.Microsecond)).Cause)
	require.Contains(t, truth(limit.Add(time.Microsecond)).Evidence(), "No check has reached this run yet.")

	f.VerifiedAt = f.StaleAt.Add(pass)
	require.Equal(t, lifecycle.NoCause, truth(limit.Add(time.Microsecond)).Cause, "a check that found no cause is a check")
	f.VerifiedAt = time.Time{}
	f.Silence = lifecycle.Silence{Cause: lifecycle.NoWorkers, At: f.LivenessAt.Add(time.Second)}
	require.Equal(t, lifecycle.NoWorkers, truth(limit.Add(time.Hour)).Cause)
}
