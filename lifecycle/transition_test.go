package lifecycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

func TestApply(t *testing.T) {
	t.Parallel()
	at := noon.Add(time.Minute)
	asked := with(running, func(f *lifecycle.Facts) { f.Cancel = lifecycle.CancelRequest{At: noon, By: "Ada"} })
	claimed := with(running, func(f *lifecycle.Facts) {
		f.Closing = lifecycle.Closing{ID: "c1", At: noon, Cause: lifecycle.NoWorkers}
		f.Silence.Evidence.Host = "host"
	})
	good, bad, lost := endedAs(lifecycle.Succeeded), endedAs(lifecycle.Failed), func() lifecycle.Facts { return reconciled(lifecycle.NoWorkers) }
	finish := lifecycle.Change{Kind: lifecycle.Finished, Token: "t", Outcome: lifecycle.Succeeded}
	claim := lifecycle.Change{Kind: lifecycle.CloseClaimed, Version: 3, LivenessAt: noon, Closing: lifecycle.Closing{ID: "c2", Cause: lifecycle.NoWorkers}}
	wait := lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait, Until: at.Add(time.Hour)}

	for _, tc := range []struct {
		name  string
		facts func() lifecycle.Facts
		c     lifecycle.Change
		want  func(*lifecycle.Facts) // what changes beside the version
		err   error
	}{
		{"dispatched", with(queued, func(f *lifecycle.Facts) { f.DispatchedAt = time.Time{} }), kind(lifecycle.Dispatched), func(f *lifecycle.Facts) { f.DispatchedAt = at }, nil},
		{"dispatched twice", queued, kind(lifecycle.Dispatched), nil, lifecycle.ErrUnchanged},
		{"started", queued, kind(lifecycle.Started), func(f *lifecycle.Facts) {
			f.Status, f.StartedAt, f.LivenessAt, f.ProgressAt = lifecycle.Running, at, at, at
		}, nil},
		{"started twice", running, kind(lifecycle.Started), nil, lifecycle.ErrUnchanged},
		{"planned", running, lifecycle.Change{Kind: lifecycle.Planned, Total: 9}, func(f *lifecycle.Facts) {
			f.Counts.Total, f.ProgressAt = 9, at
		}, nil},
		{"wait declared", running, lifecycle.Change{Kind: lifecycle.WaitDeclared, Wait: wait}, func(f *lifecycle.Facts) { f.LivenessAt = at }, nil},
		{"wait ended", running, lifecycle.Change{Kind: lifecycle.WaitEnded, Wait: wait}, func(f *lifecycle.Facts) { f.LivenessAt, f.ProgressAt = at, at }, nil},
		{"cancel asked", running, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Ada"}, func(f *lifecycle.Facts) {
			f.Cancel = lifecycle.CancelRequest{At: at, By: "Ada", ForcedAt: at.Add(30 * time.Second)}
		}, nil},
		{"cancel asked twice", asked, kind(lifecycle.CancelRequested), nil, lifecycle.ErrUnchanged},
		{"claimed", running, claim, func(f *lifecycle.Facts) { f.Closing = lifecycle.Closing{ID: "c2", At: at, Cause: lifecycle.NoWorkers} }, nil},
		{"claimed on an older version", running, changed(claim, func(c *lifecycle.Change) { c.Version = 2 }), nil, lifecycle.ErrOvertaken},
		{"claimed on an older sign of life", running, changed(claim, func(c *lifecycle.Change) { c.LivenessAt = noon.Add(-1) }), nil, lifecycle.ErrOvertaken},
		{"claimed without an intent", running, changed(claim, func(c *lifecycle.Change) { c.Closing.ID = "" }), nil, lifecycle.ErrNotAllowed},
		{"dropped", claimed, under("c1", lifecycle.CloseDropped), func(f *lifecycle.Facts) { f.Closing = lifecycle.Closing{} }, nil},
		{"dropped without a claim", running, under("c1", lifecycle.CloseDropped), nil, lifecycle.ErrUnchanged},
		{"dropped under another claim", claimed, under("c0", lifecycle.CloseDropped), nil, lifecycle.ErrOvertaken},

		{"finished", running, finish, func(f *lifecycle.Facts) {
			f.Status, f.Outcome, f.CompletedAt, f.TerminalToken = lifecycle.Completed, lifecycle.Succeeded, at, "t"
		}, nil},
		{"finished as its items did", with(running, func(f *lifecycle.Facts) {
			f.Counts = lifecycle.Counts{Total: 2, Processed: 2, Succeeded: 1, Failed: 1}
		}), changed(finish, func(c *lifecycle.Change) { c.Outcome = "" }), func(f *lifecycle.Facts) {
			f.Status, f.Outcome, f.CompletedAt, f.TerminalToken = lifecycle.Completed, lifecycle.PartiallySucceeded, at, "t"
			f.Failure = lifecycle.Failure{Code: "items_failed", Message: "1 of 2 items failed"}
		}, nil},
		{"adopted without an outcome", running, kind(lifecycle.Adopted), nil, lifecycle.ErrNotAllowed},
		{"finished as pending", running, changed(finish, func(c *lifecycle.Change) { c.Outcome = lifecycle.Pending }), nil, lifecycle.ErrNotAllowed},
		{"finished before it ran", queued, changed(finish, func(c *lifecycle.Change) { c.Outcome = lifecycle.Blocked }), func(f *lifecycle.Facts) {
			f.Status, f.Outcome, f.CompletedAt, f.TerminalToken = lifecycle.Completed, lifecycle.Blocked, at, "t"
		}, nil},
		{"reconciled", claimed, lifecycle.Change{Kind: lifecycle.Reconciled, Closing: lifecycle.Closing{ID: "c1"}, Silence: lifecycle.Silence{Cause: lifecycle.WorkerLost}}, func(f *lifecycle.Facts) {
			f.Status, f.Outcome, f.CompletedAt, f.TerminalToken = lifecycle.Completed, lifecycle.Failed, at, "c1"
			f.Reconciliation = lifecycle.Reconciliation{At: at, Cause: lifecycle.WorkerLost, SilentSince: noon}
		}, nil},
		{"reconciled on an earlier pass's intent", claimed, under("c1", lifecycle.Reconciled), func(f *lifecycle.Facts) {
			f.Status, f.Outcome, f.CompletedAt, f.TerminalToken = lifecycle.Completed, lifecycle.Failed, at, "c1"
			f.Reconciliation = lifecycle.Reconciliation{At: at, Cause: lifecycle.NoWorkers, SilentSince: noon, Evidence: lifecycle.Evidence{Host: "host"}}
		}, nil},
		{"reconciled without a claim", running, kind(lifecycle.Reconciled), nil, lifecycle.ErrNotAllowed},
		{"reconciled under a claim that was dropped", running, under("c1", lifecycle.Reconciled), nil, lifecycle.ErrOvertaken},
		{"reconciled under another claim", claimed, under("c0", lifecycle.Reconciled), nil, lifecycle.ErrOvertaken},
		{"cancel forced", with(asked, func(f *lifecycle.Facts) { f.Closing.ID = "c1" }), under("c1", lifecycle.CancelForced), func(f *lifecycle.Facts) {
			f.Status, f.Outcome, f.CompletedAt, f.TerminalToken = lifecycle.Completed, lifecycle.Cancelled, at, "c1"
		}, nil},
		{"cancel forced without a claim", asked, kind(lifecycle.CancelForced), nil, lifecycle.ErrNotAllowed},
		{"cancel forced that nobody asked for", claimed, under("c1", lifecycle.CancelForced), nil, lifecycle.ErrNotAllowed},
		{"adopted", running, lifecycle.Change{Kind: lifecycle.Adopted, Token: "t", Outcome: lifecycle.Failed}, func(f *lifecycle.Facts) {
			f.Status, f.Outcome, f.CompletedAt, f.TerminalToken = lifecycle.Completed, lifecycle.Failed, at, "t"
		}, nil},
		{"adopted before the claim that may have ended it was seen", claimed, lifecycle.Change{Kind: lifecycle.Adopted, Token: "t", Outcome: lifecycle.Failed}, nil, lifecycle.ErrOvertaken},

		{"the same end again", bad, lifecycle.Change{Kind: lifecycle.Finished, Token: "run", Outcome: lifecycle.Failed}, nil, lifecycle.ErrUnchanged},
		{"another end", bad, finish, nil, lifecycle.ErrEnded},
		{"an end after the reconciler's", lost, finish, nil, lifecycle.ErrEnded},
		{"the reconciler's end again", lost, under("closing", lifecycle.Reconciled), nil, lifecycle.ErrUnchanged},
		{"another pass's end again", lost, under("c0", lifecycle.Reconciled), nil, lifecycle.ErrEnded},
		{"the reconciler's end after the run's own", bad, under("c1", lifecycle.Reconciled), nil, lifecycle.ErrEnded},
		{"no token is nobody's token", with(bad, func(f *lifecycle.Facts) { f.TerminalToken = "" }), lifecycle.Change{Kind: lifecycle.Finished, Outcome: lifecycle.Failed}, nil, lifecycle.ErrEnded},
		{"no start after the end", bad, kind(lifecycle.Started), nil, lifecycle.ErrEnded},
		{"no cancel after the end", bad, kind(lifecycle.CancelRequested), nil, lifecycle.ErrEnded},
		{"late result", lost, lifecycle.Change{Kind: lifecycle.LateReported, Note: "7 items"}, func(f *lifecycle.Facts) { f.Late = lifecycle.LateResult{At: at, Summary: "7 items"} }, nil},
		{"late result of an active run", running, kind(lifecycle.LateReported), nil, lifecycle.ErrNotAllowed},
		{"acknowledged", bad, lifecycle.Change{Kind: lifecycle.Acknowledged, Actor: "Ada", Note: "known"}, func(f *lifecycle.Facts) {
			f.Acknowledged = lifecycle.Acknowledgement{At: at, By: "Ada", Note: "known"}
		}, nil},
		{"acknowledged though nothing is to follow", good, kind(lifecycle.Acknowledged), nil, lifecycle.ErrNotAllowed},
		{"reopened though not acknowledged", bad, kind(lifecycle.Reopened), nil, lifecycle.ErrUnchanged},
		{"reopened", with(bad, func(f *lifecycle.Facts) { f.Acknowledged.At = noon }), kind(lifecycle.Reopened), func(f *lifecycle.Facts) { f.Acknowledged = lifecycle.Acknowledgement{} }, nil},
		{"superseded", bad, lifecycle.Change{Kind: lifecycle.Superseded, By: "r2"}, func(f *lifecycle.Facts) { f.SupersededBy = "r2" }, nil},
		{"superseded though good", good, lifecycle.Change{Kind: lifecycle.Superseded, By: "r2"}, nil, lifecycle.ErrNotAllowed},
		{"retried", bad, lifecycle.Change{Kind: lifecycle.Retried, By: "r2"}, func(f *lifecycle.Facts) { f.RetriedBy = "r2" }, nil},
		{"retried again", with(bad, func(f *lifecycle.Facts) { f.RetriedBy = "r2" }), lifecycle.Change{Kind: lifecycle.Retried, By: "r3"}, func(f *lifecycle.Facts) { f.RetriedBy = "r3" }, nil},
		{"retried by the same run", with(bad, func(f *lifecycle.Facts) { f.RetriedBy = "r2" }), lifecycle.Change{Kind: lifecycle.Retried, By: "r2"}, nil, lifecycle.ErrUnchanged},
		{"retried by no run", bad, kind(lifecycle.Retried), nil, lifecycle.ErrNotAllowed},
		{"retried while active", running, lifecycle.Change{Kind: lifecycle.Retried, By: "r2"}, nil, lifecycle.ErrNotAllowed},

		{"on it", running, by("Ada", lifecycle.Claimed), func(f *lifecycle.Facts) { f.Claim = lifecycle.Claim{At: at, By: "Ada", ByID: "id of Ada"} }, nil},
		{"on it already", onIt(running), by("Ada", lifecycle.Claimed), nil, lifecycle.ErrUnchanged},
		{"another person takes over", onIt(running), by("Bo", lifecycle.Claimed), func(f *lifecycle.Facts) { f.Claim = lifecycle.Claim{At: at, By: "Bo", ByID: "id of Bo"} }, nil},
		{"another Ada takes over", onIt(running), lifecycle.Change{Kind: lifecycle.Claimed, Actor: "Ada", ActorID: "another id"}, func(f *lifecycle.Facts) {
			f.Claim = lifecycle.Claim{At: at, By: "Ada", ByID: "another id"}
		}, nil},
		{"on a run that is fine", with(running, func(f *lifecycle.Facts) { f.StaleAt = at.Add(1) }), by("Ada", lifecycle.Claimed), nil, lifecycle.ErrNotAllowed},
		{"on a run that has recovered, taken over", onIt(with(running, func(f *lifecycle.Facts) { f.StaleAt = at.Add(1) })), by("Bo", lifecycle.Claimed), nil, lifecycle.ErrNotAllowed},
		{"on an open follow-up", bad, by("Ada", lifecycle.Claimed), func(f *lifecycle.Facts) { f.Claim = lifecycle.Claim{At: at, By: "Ada", ByID: "id of Ada"} }, nil},
		{"on a follow-up that was noted", with(bad, func(f *lifecycle.Facts) { f.Acknowledged.At = noon }), by("Ada", lifecycle.Claimed), nil, lifecycle.ErrNotAllowed},
		{"on a good end", good, by("Ada", lifecycle.Claimed), nil, lifecycle.ErrNotAllowed},
		{"released", onIt(running), by("Bo", lifecycle.Released), func(f *lifecycle.Facts) { f.Claim = lifecycle.Claim{} }, nil},
		{"released though nobody was on it", running, by("Bo", lifecycle.Released), nil, lifecycle.ErrUnchanged},
		{"a follow-up released", onIt(bad), by("Bo", lifecycle.Released), func(f *lifecycle.Facts) { f.Claim = lifecycle.Claim{} }, nil},
		{"the end releases", onIt(running), finish, func(f *lifecycle.Facts) {
			f.Status, f.Outcome, f.CompletedAt, f.TerminalToken, f.Claim = lifecycle.Completed, lifecycle.Succeeded, at, "t", lifecycle.Claim{}
		}, nil},
		{"a note releases", onIt(bad), lifecycle.Change{Kind: lifecycle.Acknowledged, Actor: "Ada", Note: "known"}, func(f *lifecycle.Facts) {
			f.Acknowledged, f.Claim = lifecycle.Acknowledgement{At: at, By: "Ada", Note: "known"}, lifecycle.Claim{}
		}, nil},
		{"a later success releases", onIt(bad), lifecycle.Change{Kind: lifecycle.Superseded, By: "r2"}, func(f *lifecycle.Facts) { f.SupersededBy, f.Claim = "r2", lifecycle.Claim{} }, nil},
		{"superseded while active", running, lifecycle.Change{Kind: lifecycle.Superseded, By: "r2"}, nil, lifecycle.ErrNotAllowed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			want := tc.facts()
			if tc.want != nil {
				tc.want(&want)
				want.Version++
			}
			got, err := lifecycle.Apply(tc.facts(), tc.c, at)
			require.ErrorIs(t, err, tc.err)
			require.Equal(t, want, got)
			if tc.err == nil && tc.c.Kind == lifecycle.LateReported {
				_, err = lifecycle.Apply(got, tc.c, at)
				require.ErrorIs(t, err, lifecycle.ErrUnchanged, "disclosed once")
			}
		})
	}
}

func kind(k lifecycle.Kind) lifecycle.Change { return lifecycle.Change{Kind: k} }

func by(actor string, k lifecycle.Kind) lifecycle.Change {
	return lifecycle.Change{Kind: k, Actor: actor, ActorID: "id of " + actor}
}

// onIt is a run that Ada looks after.
func onIt(facts func() lifecycle.Facts) func() lifecycle.Facts {
	return with(facts, func(f *lifecycle.Facts) { f.Claim = lifecycle.Claim{At: noon, By: "Ada", ByID: "id of Ada"} })
}

// under is a change by a pass that saw this claim.
func under(claim string, k lifecycle.Kind) lifecycle.Change {
	return lifecycle.Change{Kind: k, Closing: lifecycle.Closing{ID: claim}}
}

func changed(c lifecycle.Change, change func(*lifecycle.Change)) lifecycle.Change {
	change(&c)
	return c
}

func endedAs(o lifecycle.Outcome) func() lifecycle.Facts {
	return func() lifecycle.Facts { return ended(o) }
}
