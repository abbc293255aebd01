package worker

import (
	"context"
	"time"

	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
)

// flush writes what is due, and cuts off what the record rejects.
func (b *Batcher) flush(ctx context.Context) error {
	ctx, cancel := b.limit(ctx)
	defer cancel()
	began := time.Now()
	due, beats, lag := b.due(began)
	rejected, err := b.record.RecordBeats(ctx, b.row, beats)
	if err != nil {
		b.keep(due)
		return err
	}
	b.settle(due, began, rejected)
	b.measure.Flushed(time.Since(began), lag)
	return nil
}

// due selects the beats that are worth a write: news, last ones, and those of
// attempts that were silent in the record for long enough.
func (b *Batcher) due(now time.Time) (due map[attempt]time.Time, beats []models.Beat, lag time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	due = map[attempt]time.Time{}
	of := map[attempt]int{} // where the beat of an owner is
	for a, p := range b.live {
		if !p.pending || !(!p.news.IsZero() || p.ended || p.failed || now.Sub(p.written) >= b.timing.Coalesce) {
			continue
		}
		age := now.Sub(p.beat)
		due[a], lag = p.beat, max(lag, age)
		owner := a.owner()
		beat := models.Beat{
			RunID: a.run, TemporalRunID: a.temporalRun, ActivityID: owner.activity, Attempt: owner.number,
			Age: age, StartedAge: now.Sub(p.started), Aside: owner.aside,
		}
		if !p.missed.IsZero() && (p.ended || age <= b.unbroken()) {
			beat.MissedAge = now.Sub(p.missed)
		}
		if p.held != nil {
			beat.Held = &models.HeldWait{Reason: p.held.Reason, Lasts: max(0, p.held.For-age)}
		}
		if i, joins := of[owner]; joins {
			join(&beats[i], beat)
			continue
		}
		of[owner] = len(beats)
		beats = append(beats, beat)
	}
	return due, beats, lag
}

// keep leaves beats that could not be written for the next batch, for a while also
// those of attempts that have ended meanwhile: a step fails that cannot write its
// items, and then nobody else tells that its run was not silent.
func (b *Batcher) keep(due map[attempt]time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for a, beat := range due {
		p := b.live[a]
		if p.missed.IsZero() {
			p.missed = beat
		}
		if p.ended && (len(b.live) > keptMost || time.Since(p.beat) > keptFor) {
			b.measure.Beats(metrics.Dropped, 1)
			delete(b.live, a)
			continue
		}
		p.failed = true
	}
}

// settle notes what was written and cuts off the attempts that were rejected.
func (b *Batcher) settle(due map[attempt]time.Time, now time.Time, rejected []models.Beat) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for a, beat := range due {
		p := b.live[a]
		p.written, p.missed = now, time.Time{}
		if p.beat.Equal(beat) {
			p.pending, p.failed = false, false
		}
		if !p.news.After(beat) { // a beat that came meanwhile does not make it news again
			p.news = time.Time{}
		}
		if p.ended && !p.pending {
			delete(b.live, a)
		}
	}
	if len(rejected) > 0 {
		b.cutOff(rejected)
	}
	b.measure.Beats(metrics.Rejected, len(rejected))
	b.measure.Beats(metrics.Written, len(due)-len(rejected))
}

// cutOff ends the attempts whose beats were rejected.
func (b *Batcher) cutOff(rejected []models.Beat) {
	gone := make(map[attempt]bool, len(rejected))
	for _, r := range rejected {
		gone[attempt{
			run: r.RunID, temporalRun: r.TemporalRunID, activity: r.ActivityID, number: r.Attempt, shared: r.ActivityID == together,
			aside: r.Aside,
		}] = true
	}
	for a, p := range b.live {
		if gone[a.owner()] {
			p.cut = true
			p.cancel(operation.ErrCutOff)
		}
	}
}
