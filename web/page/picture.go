package page

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// maxWhy is how much of a wait's reason, in letters, is told beside it; the timeline has all of it.
const maxWhy = 120

// PictureEvents is how many events, the newest, the picture of a run is made of.
const PictureEvents = 500

// stretch is a part of a run's time.
type stretch struct {
	badge    view.Badge
	why      string // of a wait
	from, to time.Time
	lane     lane
	times    int           // parts that are told as one
	took     time.Duration // their lengths together
}

type lane int

const (
	phaseLane lane = iota // what the run was doing
	pauseLane             // within it: declared waits, and the time from a cancel to the end
	alarmLane             // below it: silences
)

// happening is something that happened to the run at a moment.
type happening struct {
	at    time.Time
	sort  lifecycle.Sort
	badge view.Badge
	when  view.Instant
	what  string
}

// course is what a picture shows.
type course struct {
	from, to  time.Time
	stretches []stretch
	moments   []happening // between from and to
	later     []happening // after the end
}

// Picture draws what happened to the run; events are the newest, in any order.
func Picture(f lifecycle.Facts, events []models.Event, now time.Time) view.Picture {
	c := courseOf(f, events, now)
	p := view.Picture{
		Label: "From " + c.from.UTC().Format("2 Jan 2006, 15:04:05") + " to " + c.to.UTC().Format("2 Jan 2006, 15:04:05 UTC"),
		Wide:  draw(c, wideBox), Narrow: draw(c, narrowBox),
	}
	for _, s := range merged(c.stretches, c.axis(wideBox)) {
		if key := (view.PictureKey{Label: s.badge.Label, Tone: s.badge.Tone, Soft: s.lane == pauseLane, Low: s.lane == alarmLane}); !slices.Contains(p.Keys, key) {
			p.Keys = append(p.Keys, key)
		}
		p.Rows = append(p.Rows, view.PictureRow{
			What: join(s.name(), s.why), From: view.At(s.from, now), To: view.At(s.to, now), Took: view.Length(s.took),
		})
	}
	p.Keys = append(p.Keys, c.markKeys(p.Wide, p.Narrow)...)
	p.Rows = append(p.Rows, c.momentRows()...)
	return p
}

func courseOf(f lifecycle.Facts, events []models.Event, now time.Time) course {
	c := course{from: f.QueuedAt, to: cmp.Or(f.CompletedAt, now)}
	if c.from.IsZero() {
		c.from = c.to.Add(-time.Second)
	}
	if !c.to.After(c.from) {
		c.to = c.from.Add(time.Millisecond)
	}
	began := cmp.Or(f.StartedAt, c.to)
	queued := lifecycle.Queued.Badge()
	queued.Tone = lifecycle.ToneNeutral // beside the time in which it ran
	c.add(stretch{lane: phaseLane, badge: queued, from: c.from, to: began})
	if !f.StartedAt.IsZero() {
		c.add(stretch{lane: phaseLane, badge: lifecycle.Running.Badge(), from: began, to: c.to})
	}
	if !f.Cancel.At.IsZero() {
		c.add(stretch{lane: pauseLane, badge: lifecycle.StateCancelling.Badge(), from: f.Cancel.At, to: c.to})
	}
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b models.Event) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	c.waits(events, f)
	c.silences(events, f, now)
	for _, e := range events {
		c.mark(e, now)
	}
	return c
}

// add keeps a part that lies within the run's time.
func (c *course) add(s stretch) {
	s.from, s.to = later(s.from, c.from), earlier(s.to, c.to)
	if s.to.After(s.from) {
		s.times, s.took = 1, s.to.Sub(s.from)
		c.stretches = append(c.stretches, s)
	}
}

// waits finds the declared waits: each from its declaration to its end, which is no later than what was declared. One of
// a queued run whose end was not told ends where work begins.
func (c *course) waits(events []models.Event, f lifecycle.Facts) {
	type open struct {
		id, why      string
		since, until time.Time
	}
	waited := func(why string, from, to time.Time) {
		c.add(stretch{lane: pauseLane, badge: lifecycle.StateWaiting.Badge(), why: clip(why, maxWhy), from: from, to: to})
	}
	var waiting []open
	end := func(at time.Time, which func(open) bool) {
		waiting = slices.DeleteFunc(waiting, func(o open) bool {
			if !which(o) {
				return false
			}
			waited(o.why, o.since, earlier(o.until, at))
			return true
		})
	}
	all := func(open) bool { return true }
	for _, e := range events {
		d := dataOf(e)
		same := func(o open) bool { return o.id == d.WaitID }
		switch e.Kind { //nolint:exhaustive // only these are about waits
		case lifecycle.WaitDeclared:
			end(e.At, func(o open) bool { return same(o) && o.until.Before(e.At) }) // it ran out, and this is another one
			if i := slices.IndexFunc(waiting, same); i >= 0 {
				waiting[i].until = time.UnixMicro(d.Until) // renewed
				continue
			}
			waiting = append(waiting, open{d.WaitID, d.Wait, e.At, time.UnixMicro(d.Until)})
		case lifecycle.WaitEnded:
			end(e.At, same)
		case lifecycle.Started:
			end(e.At, all)
		case lifecycle.Waited: // within a step: told as a whole
			waited(d.Wait, time.UnixMicro(d.Since), time.UnixMicro(d.Until))
		}
	}
	if len(waiting) == 0 && f.Wait.ID != "" { // an activity holds it, or its event is too old
		waiting = append(waiting, open{why: f.Wait.Reason, since: f.Wait.Since, until: f.Wait.Until})
	}
	end(c.to, all)
}

// silences finds when the run was likely stuck.
func (c *course) silences(events []models.Event, f lifecycle.Facts, now time.Time) {
	stuck := lifecycle.ActiveStaleAttention.Badge()
	gap := view.Badge{Label: lifecycle.GapLabel, Tone: lifecycle.ToneNeutral}
	kind := func(inGap bool) view.Badge {
		if inGap {
			return gap
		}
		return stuck
	}
	var since time.Time
	inGap := f.InGap // the present silence; of one that is over its end has the last word, for much is known only then
	if !f.Status.Active() {
		inGap = f.StaleEpisodes == 0
	}
	for _, e := range events {
		d := dataOf(e)
		switch e.Kind { //nolint:exhaustive // only these are about silences
		case lifecycle.WentStale:
			since = e.At
		case lifecycle.Recovered:
			if d.StaleAt != 0 { // late signs of life may have moved it since
				since = time.UnixMicro(d.StaleAt)
			}
			if !since.IsZero() {
				c.add(stretch{lane: alarmLane, badge: kind(d.Gap), from: since, to: e.At})
			}
			since = time.Time{}
		case lifecycle.Finished, lifecycle.Adopted, lifecycle.Reconciled, lifecycle.CancelForced:
			inGap = inGap || d.Gap
		}
	}
	if since.IsZero() && f.Status.Active() && !now.Before(f.StaleAt) {
		since = f.StaleAt
	}
	if !since.IsZero() {
		c.add(stretch{lane: alarmLane, badge: kind(inGap), from: since, to: c.to})
	}
}

// mark keeps what happened at a moment; what the parts tell needs no mark.
func (c *course) mark(e models.Event, now time.Time) {
	switch e.Kind { //nolint:exhaustive // every other kind is a mark
	case lifecycle.Enqueued, lifecycle.Dispatched, lifecycle.Started, lifecycle.Planned, lifecycle.WaitDeclared, lifecycle.WaitEnded,
		lifecycle.Waited, lifecycle.WentStale, lifecycle.Recovered:
		return
	}
	told := line(e, now)
	m := happening{
		at: e.At, when: view.At(e.At, now), sort: e.Kind.Sort(), badge: view.Badge{Label: told.Title, Tone: told.Tone}, what: join(told.Title, attempt(e), told.Detail),
	}
	if e.At.After(c.to) {
		c.later = append(c.later, m)
		return
	}
	c.moments = append(c.moments, m)
}

// attempt says which try of a step a check has found, from the second on.
func attempt(e models.Event) string {
	if d := dataOf(e); d.Evidence != nil && d.Evidence.Attempt > 1 {
		return "attempt " + strconv.Itoa(d.Evidence.Attempt)
	}
	return ""
}

func dataOf(e models.Event) models.EventData {
	var d models.EventData
	_ = json.Unmarshal(e.Data, &d) // an event without its data still has its time
	return d
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
