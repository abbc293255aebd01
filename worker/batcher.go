package worker

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

// BeatRecord is where beats are written.
type BeatRecord interface {
	RecordBeats(ctx context.Context, w models.WorkerRow, beats []models.Beat) (rejected []models.Beat, err error)
	CancelAsked(ctx context.Context, runIDs []string) (asked []string, err error)
	HandOver(ctx context.Context, workerID string, runIDs []string, limit time.Duration) error
}

// BeatMeasure counts what becomes of beats. See internal/metrics.
type BeatMeasure interface {
	Beats(result metrics.BeatResult, n int)
	Flushed(took, lag time.Duration)
}

// Batcher collects the beats of a worker's activities and writes them in one
// statement per FlushEvery. Beats are soft state: an activity never waits for
// them, and of those that pile up only the newest counts.
type Batcher struct {
	record  BeatRecord
	row     models.WorkerRow
	timing  lifecycle.Timing
	measure BeatMeasure
	logger  *slog.Logger

	mu     sync.Mutex
	live   map[attempt]*pulse
	recent map[string]time.Time // by run: when an attempt of it last ended here
}

const (
	// keptFor is how long the last beat of an attempt that has ended may wait for the
	// database, and keptMost how many attempts may be kept for that.
	keptFor  = 10 * time.Minute
	keptMost = 2000
)

// betweenSteps is how long a run may be between two of its steps and still be
// this worker's to hand over.
const betweenSteps = 10 * time.Second

// NewBatcher makes a batcher for the worker of the row.
func NewBatcher(record BeatRecord, row models.WorkerRow, t lifecycle.Timing, m BeatMeasure, l *slog.Logger) *Batcher {
	return &Batcher{record: record, row: row, timing: t, measure: m, logger: l,
		live: map[attempt]*pulse{}, recent: map[string]time.Time{}}
}

// Beat takes a sign of life. cancel ends the attempt if the record cuts it off.
func (b *Batcher) Beat(a attempt, started time.Time, held *contract.Held, cancel context.CancelCauseFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	p, known := b.live[a]
	if !known {
		p = &pulse{started: started, cancel: cancel}
		b.live[a] = p
	}
	if p.pending {
		b.measure.Beats(p.fate(), 1)
	}
	if !known || changed(p.held, held) {
		p.news = now
	}
	if now.Sub(p.beat) > b.unbroken() {
		p.missed = time.Time{}
	}
	p.beat, p.held, p.pending, p.failed = now, held, true, false
}

// unbroken is how far beats may lie apart for the attempt to have been alive all
// the time between them.
func (b *Batcher) unbroken() time.Duration { return 3 * b.timing.HeartbeatEvery }

// End forgets an attempt once its last beat is written.
func (b *Batcher) End(a attempt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(b.recent, func(_ string, at time.Time) bool { return now.Sub(at) > betweenSteps })
	p, ok := b.live[a]
	if !ok || !p.cut {
		b.recent[a.run] = now
	}
	if ok {
		p.ended = true
		if !p.pending {
			delete(b.live, a)
		}
	}
}

// Runs lists the runs whose activities are at work here, or have just ended, and
// that are not cut off.
func (b *Batcher) Runs() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var runs []string
	for a, p := range b.live {
		if !p.cut && !(p.ended && time.Since(p.beat) > betweenSteps) {
			runs = append(runs, a.run)
		}
	}
	return runs
}

// Leaving lists the runs that a worker leaves behind when it stops: also those
// whose step it interrupted, or that are between two steps.
func (b *Batcher) Leaving() []string {
	runs := b.Runs()
	b.mu.Lock()
	defer b.mu.Unlock()
	for run, at := range b.recent {
		if time.Since(at) <= betweenSteps {
			runs = append(runs, run)
		}
	}
	return runs
}

// Run writes a batch every FlushEvery until its context ends. An empty batch is
// written as well: it says that the worker lives.
func (b *Batcher) Run(ctx context.Context) {
	ticker := time.NewTicker(b.timing.FlushEvery)
	defer ticker.Stop()
	beats := trouble{failing: "the record does not take heartbeats; work goes on, and they are dropped until it does", over: "heartbeats are written again"}
	cancels := trouble{failing: "the record does not tell of cancels; they wait until it does, or for Temporal's word", over: "the record tells of cancels again"}
	for {
		err := b.flush(ctx)
		beats.tell(ctx, b.logger, err)
		if err == nil {
			cancels.tell(ctx, b.logger, b.askForCancels(ctx))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// trouble logs when something begins to fail and when that is over: a database
// that is away is away for many batches.
type trouble struct {
	failing, over string
	goesOn        bool
}

func (t *trouble) tell(ctx context.Context, logger *slog.Logger, err error) {
	switch {
	case ctx.Err() != nil || t.goesOn == (err != nil):
		return
	case err != nil:
		logger.WarnContext(ctx, t.failing, "error", err)
	default:
		logger.InfoContext(ctx, t.over)
	}
	t.goesOn = err != nil
}

// limit bounds each call of the record.
func (b *Batcher) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, max(2*time.Second, 2*b.timing.FlushEvery))
}

// askForCancels tells those that may stop of a cancel: Temporal's own word waits for
// the next heartbeat that the SDK does not hold back.
func (b *Batcher) askForCancels(ctx context.Context) error {
	ctx, cancel := b.limit(ctx)
	defer cancel()
	asked, err := b.record.CancelAsked(ctx, b.stopping())
	b.stop(asked)
	return err
}

// stopping lists the runs whose attempts here may stop for a cancel, once each.
func (b *Batcher) stopping() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var runs []string
	for a, p := range b.live {
		if p.mayStop(a) {
			runs = append(runs, a.run)
		}
	}
	slices.Sort(runs)
	return slices.Compact(runs)
}

// stop interrupts the attempts whose runs are to be cancelled.
func (b *Batcher) stop(runs []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for a, p := range b.live {
		if p.mayStop(a) && slices.Contains(runs, a.run) {
			p.asked = true
			p.cancel(operation.ErrCancelAsked)
		}
	}
}
