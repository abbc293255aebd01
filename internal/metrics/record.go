package metrics

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

// readLimit keeps a scrape inside the ten seconds that Prometheus waits by default.
const readLimit = 5 * time.Second

// Source reads what the record says, at one reading of the database's clock.
type Source interface {
	Snapshot(ctx context.Context) (Snapshot, error)
}

// Snapshot is the state of the record that gauges show.
type Snapshot struct {
	Runs        []RunCount
	Stuck       []StuckCount
	OldestStale map[string]time.Duration // by type: how long its longest-silent run is past its deadline
	LastPass    time.Time                // when a pass last succeeded; zero: never
	Breakers    map[string]bool          // by task queue, and overall
	Audit       models.Audit             // of the last pass
}

// RunCount counts runs that share these labels.
type RunCount struct {
	Type   string
	Status lifecycle.Status
	Class  lifecycle.ProblemClass
	Open   bool
	Count  int64
}

// StuckCount counts likely stuck runs that share these labels.
type StuckCount struct {
	Type      string
	Cause     lifecycle.Cause // never NoCause
	TaskQueue string
	Count     int64
}

// Record is a collector that reads the record at each scrape. When the read fails it reports that and
// no counts, since old ones would be believed.
type Record struct {
	source Source
	logger *slog.Logger

	up, runs, stuck, oldest, lastPass, breaker *prometheus.Desc
	disagreeing, disagreements, audited        *prometheus.Desc
}

// NewRecord makes the collector; the caller registers it.
func NewRecord(source Source, logger *slog.Logger) *Record {
	desc := func(f Family) *prometheus.Desc { return prometheus.NewDesc(f.Name, f.Help, f.Labels, nil) }
	return &Record{
		source: source, logger: logger,
		up: desc(DBUp), runs: desc(Runs), stuck: desc(StuckRuns), oldest: desc(OldestStale),
		lastPass: desc(ReconcilerLastSuccess), breaker: desc(BreakerOpen),
		disagreeing: desc(DisagreeingRuns), disagreements: desc(Disagreements), audited: desc(AuditedRuns),
	}
}

// Describe implements prometheus.Collector.
func (r *Record) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{r.up, r.runs, r.stuck, r.oldest, r.lastPass, r.breaker, r.disagreeing, r.disagreements, r.audited} {
		to <- desc
	}
}

// Collect implements prometheus.Collector.
func (r *Record) Collect(to chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	s, err := r.source.Snapshot(ctx)
	if err != nil {
		r.logger.Error("read the record for a scrape", "error", err)
		gauge(r.up, 0)
		return
	}
	gauge(r.up, 1)
	for _, c := range s.Runs {
		gauge(r.runs, float64(c.Count), c.Type, string(c.Status), string(c.Class), strconv.FormatBool(c.Open))
	}
	for _, c := range s.Stuck {
		gauge(r.stuck, float64(c.Count), c.Type, string(c.Cause), c.TaskQueue)
	}
	for operation, age := range s.OldestStale {
		gauge(r.oldest, age.Seconds(), operation)
	}
	for scope, open := range s.Breakers {
		gauge(r.breaker, number(open), scope)
	}
	gauge(r.lastPass, unixSeconds(s.LastPass))
	gauge(r.disagreeing, float64(s.Audit.Standing()))
	gauge(r.audited, float64(s.Audit.Answered))
	to <- prometheus.MustNewConstMetric(r.disagreements, prometheus.CounterValue, float64(s.Audit.Disagreements))
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func unixSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMicro()) / 1e6
}
