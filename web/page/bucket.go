package page

import (
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// bucket is a number of a models.Summary as pages show it: every number is a link to exactly its runs.
type bucket struct {
	id    models.Bucket
	badge view.Badge // label, tone and icon
	count func(models.Summary) int64
}

func named(label string, b view.Badge) view.Badge {
	b.Label = label
	return b
}

var (
	everyRun   = bucket{badge: view.Badge{Label: "All"}}
	activeRuns = bucket{
		models.BucketActive, named("Active now", lifecycle.Running.Badge()),
		func(s models.Summary) int64 { return s.Active },
	}
	queuedRuns = bucket{
		models.BucketQueued, lifecycle.Queued.Badge(),
		func(s models.Summary) int64 { return s.Queued },
	}
	likelyStuck = bucket{
		models.BucketLikelyStuck, named(lifecycle.ActiveStaleAttention.Label()+" now", lifecycle.ActiveStaleAttention.Badge()),
		func(s models.Summary) int64 { return s.LikelyStuck },
	}
	followUps = bucket{
		models.BucketFollowUpRecent, lifecycle.TerminalFollowUp.Badge(),
		func(s models.Summary) int64 { return s.FollowUpRecent },
	}
	olderFollowUps = bucket{
		models.BucketFollowUpOlder, named("Older follow-ups", lifecycle.TerminalFollowUp.Badge()),
		func(s models.Summary) int64 { return s.FollowUpOlder },
	}
	succeededToday = bucket{
		models.BucketSucceeded24h, named(lifecycle.Succeeded.Badge().Label+" in 24 h", lifecycle.Succeeded.Badge()),
		func(s models.Summary) int64 { return s.Succeeded24h },
	}
)

// list is the bucket's part of base as a list that goes on with the time. What the bucket is made of is
// told by models alone, so that a number and its list cannot differ.
func (b bucket) list(base links.List, now time.Time) links.List {
	f := b.id.Filter(models.Filter{}, now)
	l := Base(base)
	l.Class, l.Status, l.Outcome, l.Active, l.Open = f.Class, f.Status, f.Outcome, f.Active, f.Open
	l.EndedFrom, l.EndedTo = f.EndedFrom, f.EndedTo
	return l
}

// counted is the address of the bucket's list at the clock reading at which it was counted: the same rows.
func (b bucket) counted(p links.Plane, base links.List, s models.Summary) string {
	l := b.list(base, s.Now)
	l.AsOf = s.Now
	return links.Runs(p, l)
}

// view is where a number of a page leads: on the system plane each class that needs a person has a view of its own.
func (b bucket) view(p links.Plane, base links.List, s models.Summary) string {
	l := BaseAt(base, s.Now)
	switch {
	case p == links.System && b.id == likelyStuck.id:
		return links.Stuck(l)
	case p == links.System && b.id == followUps.id:
		return links.Failures(l)
	}
	return b.counted(p, base, s)
}

// shown is the bucket that a list is, if it is one.
func shown(l links.List, now time.Time) (bucket, bool) {
	for _, b := range []bucket{likelyStuck, followUps, olderFollowUps, activeRuns, queuedRuns, succeededToday} {
		if sameBucket(l, b.list(l, now)) {
			return b, true
		}
	}
	return bucket{}, false
}

// BaseAt is Base at a clock reading.
func BaseAt(l links.List, asOf time.Time) links.List {
	l = Base(l)
	l.AsOf = asOf
	return l
}

// Base is a filter without what tells its buckets apart: the tabs above a list count within it.
func Base(l links.List) links.List {
	l.Class, l.Status, l.Outcome, l.Freshness = "", "", "", ""
	l.Active, l.Open = nil, nil
	l.EndedFrom, l.EndedTo, l.AsOf, l.EndedWithin = time.Time{}, time.Time{}, time.Time{}, 0
	return l
}
