package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/opstruth/opstruth/lifecycle"
)

var (
	secondsBuckets = []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	latencyBuckets = []float64{.1, .25, .5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 60, 300}
	runBuckets     = []float64{1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 72 * 3600}
)

// Process counts and times what one process does.
type Process struct {
	detection, flush, lag, pass prometheus.Histogram
	runs                        *prometheus.HistogramVec
	verdicts, beats             *prometheus.CounterVec
	falseFlags, lateResults     prometheus.Counter
	trouble                     prometheus.Counter
}

// NewProcess registers the measurements; it panics when the registerer already has them.
func NewProcess(registerer prometheus.Registerer) *Process {
	factory := promauto.With(registerer)
	histogram := func(f Family, buckets []float64) prometheus.Histogram {
		return factory.NewHistogram(prometheus.HistogramOpts{Name: f.Name, Help: f.Help, Buckets: buckets})
	}
	counter := func(f Family) prometheus.Counter {
		return factory.NewCounter(prometheus.CounterOpts{Name: f.Name, Help: f.Help})
	}
	counters := func(f Family) *prometheus.CounterVec {
		return factory.NewCounterVec(prometheus.CounterOpts{Name: f.Name, Help: f.Help}, f.Labels)
	}
	p := &Process{
		detection: histogram(DetectionLatency, latencyBuckets),
		flush:     histogram(HeartbeatFlush, secondsBuckets),
		lag:       histogram(HeartbeatLag, secondsBuckets),
		pass:      histogram(ReconcilerPass, secondsBuckets),
		runs: factory.NewHistogramVec(prometheus.HistogramOpts{
			Name: RunDuration.Name, Help: RunDuration.Help, Buckets: runBuckets,
		}, RunDuration.Labels),
		verdicts:    counters(Verdicts),
		beats:       counters(Heartbeats),
		falseFlags:  counter(FalseFlags),
		lateResults: counter(LateResults),
		trouble:     counter(PassTrouble),
	}
	for _, result := range []BeatResult{Written, Coalesced, Rejected, Dropped} {
		p.beats.WithLabelValues(string(result)) // rate() needs a zero to start from
	}
	return p
}

// Detected records how long after its deadline a run's silence was recorded with a cause.
func (p *Process) Detected(latency time.Duration) { p.detection.Observe(latency.Seconds()) }

// Verdict counts one conclusion of the reconciler.
func (p *Process) Verdict(v lifecycle.Verdict) {
	p.verdicts.WithLabelValues(string(v.Action), string(v.Cause)).Inc()
}

// FalseFlag counts a run that was flagged and proved alive.
func (p *Process) FalseFlag() { p.falseFlags.Inc() }

// PassTrouble counts a run about which a pass could not do what it wanted; the next one tries again.
func (p *Process) PassTrouble() { p.trouble.Inc() }

// LateResult counts a result that came after its run had ended.
func (p *Process) LateResult() { p.lateResults.Inc() }

// Pass records how long one pass of the reconciler took.
func (p *Process) Pass(took time.Duration) { p.pass.Observe(took.Seconds()) }

// RunEnded records how long a run took from its queueing to its end.
func (p *Process) RunEnded(operation string, outcome lifecycle.Outcome, took time.Duration) {
	p.runs.WithLabelValues(operation, string(outcome)).Observe(took.Seconds())
}

// BeatResult is what became of a heartbeat.
type BeatResult string

// The four fates of a heartbeat.
const (
	Written   BeatResult = "written"   // stored
	Coalesced BeatResult = "coalesced" // neither near a deadline nor changing anything: no write needed
	Rejected  BeatResult = "rejected"  // of an older attempt or of a run that has ended
	Dropped   BeatResult = "dropped"   // the database was away
)

// Beats counts heartbeats by what became of them.
func (p *Process) Beats(result BeatResult, n int) {
	p.beats.WithLabelValues(string(result)).Add(float64(n))
}

// Flushed records one written batch: how long the write took, and how old its oldest heartbeat was.
func (p *Process) Flushed(took, lag time.Duration) {
	p.flush.Observe(took.Seconds())
	p.lag.Observe(lag.Seconds())
}
