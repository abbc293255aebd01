// Package waits follows what a wrapped workflow waits for. A workflow with
// nothing of its own pending is silent by nature; whether that is a plan or a
// fault is told by its timers, and by what its author says.
package waits

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"
)

// Wait is a durable wait that the workflow keeps.
type Wait struct {
	Until  time.Time
	Reason string
}

// Tracker knows the pending parts of one workflow execution. It is used by
// workflow code only, so its answers are the same whenever a history is replayed.
type Tracker struct {
	pending   []workflow.Future // activities: their silence is judged by themselves
	elsewhere []workflow.Future // child workflows and Nexus operations: what they wait for is not seen here
	timers    []timer
	stated    []*Wait
	idle      time.Time // since when nothing was pending, or only what an author's word explains
}

type timer struct {
	future workflow.Future
	Wait
}

type key struct{}

// With makes a tracker known to the code of its workflow.
func With(ctx workflow.Context, t *Tracker) workflow.Context {
	return workflow.WithValue(ctx, key{}, t)
}

// From is the tracker of the workflow, or nil where its worker has none.
func From(ctx workflow.Context) *Tracker {
	t, _ := ctx.Value(key{}).(*Tracker)
	return t
}

// Pending follows an activity.
func (t *Tracker) Pending(f workflow.Future) { t.pending = append(t.pending, f) }

// Elsewhere follows a child workflow or a Nexus operation: while one is pending, only what an author says is a wait.
func (t *Tracker) Elsewhere(f workflow.Future) { t.elsewhere = append(t.elsewhere, f) }

// Timer follows a timer.
func (t *Tracker) Timer(f workflow.Future, w Wait) { t.timers = append(t.timers, timer{f, w}) }

// State follows a wait that an author declares, until done is called.
func (t *Tracker) State(w Wait) (done func()) {
	stated := &w
	t.stated = append(t.stated, stated)
	return func() {
		t.stated = slices.DeleteFunc(t.stated, func(other *Wait) bool { return other == stated })
	}
}

// Want is the wait that explains the workflow's silence from now on; zero where
// it is at work, and where nothing explains it. mayIdle is how long it may await
// what cannot be seen. Waits shorter than least are not worth telling.
func (t *Tracker) Want(now time.Time, mayIdle, least time.Duration) Wait {
	t.pending = slices.DeleteFunc(t.pending, workflow.Future.IsReady)
	t.elsewhere = slices.DeleteFunc(t.elsewhere, workflow.Future.IsReady)
	t.timers = slices.DeleteFunc(t.timers, func(other timer) bool { return other.future.IsReady() })
	if len(t.pending) > 0 || len(t.elsewhere) > 0 && len(t.stated) == 0 {
		t.idle = time.Time{}
		return Wait{}
	}
	if t.idle.IsZero() {
		t.idle = now
	}
	want := t.planned(mayIdle)
	if want.Until.Sub(t.idle) < least {
		return Wait{}
	}
	return want
}

// planned prefers what an author says over the next timer.
func (t *Tracker) planned(mayIdle time.Duration) (w Wait) {
	for _, stated := range t.stated {
		if stated.Until.After(w.Until) {
			w = *stated
		}
	}
	if !w.Until.IsZero() {
		return w
	}
	for _, timer := range t.timers {
		if w.Until.IsZero() || timer.Until.Before(w.Until) {
			w = timer.Wait
		}
	}
	if w.Until.IsZero() && mayIdle > 0 {
		w = Wait{Until: t.idle.Add(mayIdle), Reason: "a signal to its workflow"}
	}
	return w
}
