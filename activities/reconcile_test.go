package activities

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

var recordNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func lookAt(now time.Time, workers ...workerAge) *look {
	return &look{workers: liveWorkers{Alive: 4 * time.Second, Rows: workers}, read: now, at: time.Now()}
}

func TestBreakersMoveByScope(t *testing.T) {
	t.Parallel()

	open := lifecycle.Breaker{Open: true, Since: recordNow}
	one := nextBreakers(nil, map[string]int{"a": 4, "b": 100}, map[string]int{"a": 3}, recordNow)
	require.Equal(t, map[string]lifecycle.Breaker{"a": open}, one, "three of a hundred and four are no gap overall")

	both := nextBreakers(nil, map[string]int{"a": 4}, map[string]int{"a": 3}, recordNow)
	require.Equal(t, map[string]lifecycle.Breaker{"a": open, overall: open}, both)

	// Two passes below close it, also where the queue has no run left.
	later := recordNow.Add(time.Minute)
	below := nextBreakers(both, map[string]int{"b": 1}, nil, later)
	require.True(t, below["a"].Open)
	require.Equal(t, recordNow, below["a"].Since)
	closed := nextBreakers(below, nil, nil, later)
	require.Equal(t, map[string]lifecycle.Breaker{"a": {}, overall: {}}, closed)
	require.Empty(t, nextBreakers(closed, nil, nil, later))
}

func TestSilenceThatSpeaksAgainstOurOwnEyes(t *testing.T) {
	t.Parallel()

	timing := lifecycle.NewTiming(5*time.Second, 5*time.Second)
	facts := lifecycle.Facts{Status: lifecycle.Running, Policy: lifecycle.DefaultPolicy(), LivenessAt: recordNow.Add(-21 * time.Second)}
	heard := func(age time.Duration) lifecycle.Verdict {
		return lifecycle.Verdict{Action: lifecycle.Refresh, Sign: recordNow.Add(-age)}
	}
	lost := lifecycle.Verdict{Action: lifecycle.Silent, Cause: lifecycle.WorkerLost}
	for name, c := range map[string]struct {
		e       lifecycle.Evidence
		v       lifecycle.Verdict
		heard   time.Duration
		workers []workerAge
		want    bool
	}{
		"temporal hears it, we do not":      {v: heard(2 * time.Second), e: lifecycle.Evidence{StartedAge: time.Minute}, want: true},
		"another worker has just taken it":  {v: heard(time.Second), e: lifecycle.Evidence{StartedAge: time.Second}},
		"its last beat is still on the way": {v: heard(15 * time.Second), e: lifecycle.Evidence{StartedAge: time.Minute}},
		"its worker lives and it is silent": {
			v: lost, e: lifecycle.Evidence{Attempt: 1, Host: "a"}, workers: []workerAge{{ID: "a", Age: time.Second}}, want: true,
		},
		"its worker is gone":        {v: lost, e: lifecycle.Evidence{Attempt: 1, Host: "a"}, workers: []workerAge{{ID: "b", Age: time.Second}}},
		"temporal lost it too":      {v: lost, e: lifecycle.Evidence{Attempt: 2, Host: "a"}, workers: []workerAge{{ID: "a", Age: time.Second}}},
		"nobody serves the queue":   {v: lifecycle.Verdict{Action: lifecycle.Silent, Cause: lifecycle.NoWorkers}},
		"it was heard in good time": {v: heard(time.Second), e: lifecycle.Evidence{StartedAge: time.Minute}, heard: 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := facts
			if c.heard > 0 {
				f.LivenessAt = recordNow.Add(-c.heard)
			}
			require.Equal(t, c.want, suspect(f, c.e, c.v, lookAt(recordNow, c.workers...), timing))
		})
	}
}

func TestABreakerHoldsClosesBackForALimitedTime(t *testing.T) {
	t.Parallel()

	l := lookAt(recordNow)
	l.state.Breakers = map[string]lifecycle.Breaker{"q": {Open: true, Since: recordNow}}
	require.True(t, l.holding("q", recordNow.Add(breakerMax-time.Second)))
	require.False(t, l.holding("q", recordNow.Add(breakerMax)))
	require.False(t, l.holding("other", recordNow))

	l.state.Breakers = map[string]lifecycle.Breaker{overall: {Open: true, Since: recordNow}}
	require.True(t, l.holding("other", recordNow))

	closing := func(c lifecycle.Cause) sight {
		return sight{v: lifecycle.Verdict{Action: lifecycle.Close, Cause: c}}
	}
	require.False(t, l.allow(closing(lifecycle.WorkerLost)), "only our own missing heartbeats speak for it")
	require.True(t, l.allow(closing(lifecycle.NoWorkers)))
	require.False(t, l.allow(closing(lifecycle.NoWorkers)), "one a pass")
	require.True(t, l.allow(sight{v: lifecycle.Verdict{Action: lifecycle.Silent}}), "a forced cancel is a person's wish")
}

func TestWhatMayBeClosed(t *testing.T) {
	t.Parallel()

	asked := lifecycle.CancelRequest{At: recordNow.Add(-time.Minute), ForcedAt: recordNow.Add(-30 * time.Second)}
	early := lifecycle.CancelRequest{At: recordNow, ForcedAt: recordNow.Add(30 * time.Second)}
	sent := recordNow.Add(-time.Hour)
	answered := lifecycle.Evidence{Answer: lifecycle.Answered, Execution: lifecycle.ExecRunning}
	closeIt := lifecycle.Verdict{Action: lifecycle.Close, Cause: lifecycle.NoWorkers}
	for name, c := range map[string]struct {
		f     lifecycle.Facts
		e     lifecycle.Evidence
		v     lifecycle.Verdict
		cause lifecycle.Cause
		ok    bool
	}{
		"a loss":                        {f: lifecycle.Facts{DispatchedAt: sent}, e: answered, v: closeIt, cause: lifecycle.NoWorkers, ok: true},
		"a loss that was claimed":       {f: lifecycle.Facts{DispatchedAt: sent, Closing: lifecycle.Closing{ID: "c", Cause: lifecycle.NoWorkers}}, e: answered, v: closeIt, cause: lifecycle.NoWorkers, ok: true},
		"it lives":                      {f: lifecycle.Facts{DispatchedAt: sent}, e: answered, v: lifecycle.Verdict{Action: lifecycle.Refresh}},
		"silent, not for long":          {f: lifecycle.Facts{DispatchedAt: sent}, e: answered, v: lifecycle.Verdict{Action: lifecycle.Silent}},
		"its end is on its way":         {f: lifecycle.Facts{DispatchedAt: sent, Cancel: asked}, e: lifecycle.Evidence{Answer: lifecycle.Answered, RecordsEnd: true}, v: closeIt},
		"no answer":                     {f: lifecycle.Facts{DispatchedAt: sent, Cancel: asked}, e: lifecycle.Evidence{Answer: lifecycle.Unreachable}, v: lifecycle.Verdict{Action: lifecycle.Unknown}},
		"another home":                  {f: lifecycle.Facts{DispatchedAt: sent, Cancel: asked}, e: lifecycle.Evidence{Answer: lifecycle.WrongHome}, v: lifecycle.Verdict{Action: lifecycle.Unknown}},
		"a cancel past its grace":       {f: lifecycle.Facts{DispatchedAt: sent, Cancel: asked}, e: answered, v: lifecycle.Verdict{Action: lifecycle.Refresh}, ok: true},
		"a cancel within its grace":     {f: lifecycle.Facts{DispatchedAt: sent, Cancel: early}, e: answered, v: lifecycle.Verdict{Action: lifecycle.Refresh}},
		"a cancel before any workflow":  {f: lifecycle.Facts{Cancel: early}, e: lifecycle.Evidence{Answer: lifecycle.NotFound}, v: lifecycle.Verdict{Action: lifecycle.Unknown}, ok: true},
		"not started and not cancelled": {e: lifecycle.Evidence{Answer: lifecycle.NotFound}, v: lifecycle.Verdict{Action: lifecycle.Unknown}},
		"a claim for a loss is no claim for a cancel": {
			f: lifecycle.Facts{DispatchedAt: sent, Cancel: asked, Closing: lifecycle.Closing{ID: "c", Cause: lifecycle.NoWorkers}},
			e: answered, v: lifecycle.Verdict{Action: lifecycle.Refresh},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			cause, ok := sight{run: models.Run{Facts: c.f}, e: c.e, v: c.v, at: recordNow}.wants()
			require.Equal(t, c.ok, ok)
			if ok {
				require.Equal(t, c.cause, cause)
			}
		})
	}
}

type counted struct {
	verdicts   []lifecycle.Verdict
	latencies  []time.Duration
	falseFlags int
	troubles   atomic.Int64
	ended      []lifecycle.Outcome
}

func (c *counted) Verdict(v lifecycle.Verdict) { c.verdicts = append(c.verdicts, v) }
func (c *counted) Detected(d time.Duration)    { c.latencies = append(c.latencies, d) }
func (c *counted) FalseFlag()                  { c.falseFlags++ }
func (c *counted) PassTrouble()                { c.troubles.Add(1) }
func (c *counted) Pass(time.Duration)          {}
func (c *counted) RunEnded(_ string, o lifecycle.Outcome, _ time.Duration) {
	c.ended = append(c.ended, o)
}

func TestDetectionIsMeasuredOnceAnEpisode(t *testing.T) {
	t.Parallel()

	heard := recordNow.Add(-time.Minute)
	stale := recordNow.Add(-2 * time.Second)
	silent := lifecycle.Verdict{Action: lifecycle.Silent, Cause: lifecycle.WorkerLost}
	known := func(at time.Time) lifecycle.Silence { return lifecycle.Silence{Cause: lifecycle.WorkerLost, At: at} }
	for name, c := range map[string]struct {
		f          lifecycle.Facts
		v          lifecycle.Verdict
		latencies  []time.Duration
		falseFlags int
	}{
		"found after the flag":       {f: lifecycle.Facts{StaleAt: stale}, v: silent, latencies: []time.Duration{2 * time.Second}},
		"known before the flag":      {f: lifecycle.Facts{StaleAt: stale, Silence: known(stale.Add(-time.Second))}, v: silent, latencies: []time.Duration{0}},
		"measured before":            {f: lifecycle.Facts{StaleAt: stale, Silence: known(recordNow.Add(-time.Second))}, v: silent},
		"a cause of another silence": {f: lifecycle.Facts{StaleAt: stale, Silence: known(heard.Add(-time.Hour))}, v: silent, latencies: []time.Duration{2 * time.Second}},
		"not due yet":                {f: lifecycle.Facts{StaleAt: recordNow.Add(time.Second)}, v: silent},
		"alive after the flag":       {f: lifecycle.Facts{StaleAt: stale}, v: lifecycle.Verdict{Action: lifecycle.Refresh, Sign: recordNow}},
		"alive before the flag":      {f: lifecycle.Facts{StaleAt: stale}, v: lifecycle.Verdict{Action: lifecycle.Refresh, Sign: stale.Add(-time.Second)}, falseFlags: 1},
		"excused by a wait":          {f: lifecycle.Facts{StaleAt: stale}, v: lifecycle.Verdict{Action: lifecycle.Refresh, Wait: lifecycle.Wait{ID: lifecycle.ObservedWait}}, falseFlags: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c.f.LivenessAt = heard
			got := &counted{}
			(&Reconciler{Measure: got}).measure(c.f, c.v, recordNow)
			require.Equal(t, c.latencies, got.latencies)
			require.Equal(t, c.falseFlags, got.falseFlags)
		})
	}
}
