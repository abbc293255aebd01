package check

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/faults/work"
)

var begin = time.Date(2031, 5, 6, 7, 8, 0, 0, time.UTC)

func at(seconds float64) time.Time { return begin.Add(time.Duration(seconds * float64(time.Second))) }

func event(seconds float64, kind lifecycle.Kind, d models.EventData) models.Event {
	raw, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return models.Event{At: at(seconds), Kind: kind, Data: raw}
}

// journal is what a worker writes: pulses from one moment to another, and lines between.
func journal(from, to float64, lines ...work.Line) []work.Line {
	var all []work.Line
	for s := from; s <= to; s += work.PulseEvery.Seconds() {
		for len(lines) > 0 && !lines[0].At.After(at(s)) {
			all = append(all, lines[0])
			lines = lines[1:]
		}
		all = append(all, work.Line{At: at(s), Kind: work.Pulse})
	}
	return append(all, lines...)
}

func line(seconds float64, kind string, number int) work.Line {
	return work.Line{At: at(seconds), Kind: kind, Of: work.Attempt{Run: "r", Item: 0, Number: number}}
}

// killed is a run whose worker was killed at second 10. It was flagged at 30, taken over at 40, heard of at 41, and ended
// at 60.
func killed() Snapshot {
	policy := lifecycle.DefaultPolicy()
	policy.RetryAttempts, policy.RetryFor = 0, 0
	facts := lifecycle.Facts{
		ID: "r", Type: work.TypeSteady, Policy: policy, Status: lifecycle.Completed, Outcome: lifecycle.Succeeded,
		QueuedAt: at(0), StartedAt: at(1), CompletedAt: at(60), StaleEpisodes: 1, FirstStaleAt: at(30), TerminalToken: "t",
		Counts: lifecycle.Counts{Total: 1, Processed: 1, Succeeded: 1},
	}
	return Snapshot{
		Settings: Settings{Timing: lifecycle.NewTiming(5*time.Second, 5*time.Second), Slack: time.Second},
		Faults:   []Fault{{Kind: Kill, Target: "one", From: at(10), To: at(12)}},
		Runs: []Run{{
			Run: models.Run{ID: "r", Facts: facts}, Input: work.Input{Items: 1}, Want: ToEnd, Notifications: 1,
			Items: map[models.ItemState]int64{models.ItemSucceeded: 1}, Temporal: Execution{State: lifecycle.ExecCompleted, Result: lifecycle.Succeeded},
			Events: []models.Event{
				event(0, lifecycle.Enqueued, models.EventData{}),
				event(30, lifecycle.WentStale, models.EventData{}),
				event(31, lifecycle.CauseFound, models.EventData{Cause: lifecycle.WorkerLost}),
				event(41, lifecycle.Recovered, models.EventData{}),
				event(60, lifecycle.Finished, models.EventData{}),
			},
		}},
		Workers: []Worker{
			{Name: "one", Lives: []Life{{From: at(0), To: at(10), PID: 1}}, Lines: journal(0, 10, line(1, work.Begin, 1))},
			{
				Name: "two", Lives: []Life{{From: at(0), To: at(70), PID: 2, Graceful: true}},
				Lines: journal(0, 70, line(40, work.Begin, 2), line(59, work.Ended, 2)),
			},
		},
	}
}

func violated(r Report) (names []string) {
	for _, i := range r.Invariants {
		if len(i.Violations) > 0 {
			names = append(names, i.Name)
		}
	}
	return names
}

func TestATrueRecordHolds(t *testing.T) {
	t.Parallel()

	r := Check(killed())
	require.Empty(t, violated(r), "%+v", r)
	require.Equal(t, 1, r.Flags)
	require.Zero(t, r.FalseFlags)
	require.Equal(t, map[lifecycle.Cause]int{lifecycle.WorkerLost: 1}, r.Causes)
	require.Equal(t, 11*time.Second, r.Longest)
}

// TestEveryWrongRecordIsCaught changes one thing of a true record at a time.
func TestEveryWrongRecordIsCaught(t *testing.T) {
	t.Parallel()

	const (
		ends      = "a run ends once"
		outcome   = "a run ends as its work does"
		notified  = "one notification per ended run, none before"
		closed    = "closed are those that were lost, no other"
		agree     = "record and Temporal agree"
		items     = "items are counted exactly"
		left      = "nothing is left behind"
		seen      = "nothing wrong was seen while it ran"
		real      = "a flag is of real silence"
		explained = "a flag has a cause that fits what was done"
		cleared   = "a flag goes with the next sign of life"
		lineage   = "lineage tells every episode, and no gap"
		due       = "real silence is flagged"
	)
	for name, c := range map[string]struct {
		wrong func(s *Snapshot, r *Run)
		want  []string
	}{
		"a second end": {func(_ *Snapshot, r *Run) {
			r.Events = append(r.Events, event(61, lifecycle.Adopted, models.EventData{}))
		}, []string{ends}},
		"no end": {func(_ *Snapshot, r *Run) {
			r.Facts.Status, r.Facts.Outcome, r.Notifications = lifecycle.Running, lifecycle.Pending, 0
			r.Events = r.Events[:4]
		}, []string{ends, outcome}},
		"another outcome":                    {func(_ *Snapshot, r *Run) { r.Facts.Outcome = lifecycle.PartiallySucceeded }, []string{outcome, agree}},
		"a second notification":              {func(_ *Snapshot, r *Run) { r.Notifications = 2 }, []string{notified}},
		"no notification":                    {func(_ *Snapshot, r *Run) { r.Notifications = 0 }, []string{notified}},
		"a notification of an active run":    {func(_ *Snapshot, r *Run) { r.Facts.Status = lifecycle.Running }, []string{ends, notified}},
		"a false close":                      {func(_ *Snapshot, r *Run) { closeIt(r) }, []string{outcome, closed}},
		"a lost run that is not closed":      {func(_ *Snapshot, r *Run) { r.Want = ToBeClosed }, []string{outcome, closed}},
		"a workflow that goes on":            {func(_ *Snapshot, r *Run) { r.Temporal.State = lifecycle.ExecRunning }, []string{agree}},
		"a workflow with another result":     {func(_ *Snapshot, r *Run) { r.Temporal.Result = lifecycle.Blocked }, []string{agree}},
		"a workflow that Temporal lost":      {func(_ *Snapshot, r *Run) { r.Temporal = Execution{} }, []string{agree}},
		"an item that counts twice":          {func(_ *Snapshot, r *Run) { r.Facts.Counts.Succeeded, r.Facts.Counts.Processed = 2, 2 }, []string{items}},
		"an item that is lost":               {func(_ *Snapshot, r *Run) { r.Items = nil }, []string{items}},
		"a row of liveness that stays":       {func(_ *Snapshot, r *Run) { r.Liveness = 1 }, []string{left}},
		"a wait that stays":                  {func(_ *Snapshot, r *Run) { r.Waits = 1 }, []string{left}},
		"a claim that stays":                 {func(_ *Snapshot, r *Run) { r.Facts.Closing.ID = "c" }, []string{left}},
		"a worker that said goodbye stays":   {func(s *Snapshot, _ *Run) { s.Rows = []models.WorkerRow{{ID: "w", PID: 2}} }, []string{left}},
		"something that was seen":            {func(s *Snapshot, _ *Run) { s.Seen = []string{"it"} }, []string{seen}},
		"a flag of a run that was at work":   {func(s *Snapshot, _ *Run) { s.Workers[0] = steady(s.Workers[0], 0, 40) }, []string{real}},
		"silence that nothing done explains": {func(s *Snapshot, _ *Run) { s.Faults = nil }, []string{explained}},
		"a cause that does not fit": {func(_ *Snapshot, r *Run) {
			r.Events[2] = event(31, lifecycle.CauseFound, models.EventData{Cause: lifecycle.IdleUndeclared})
		}, []string{explained}},
		"no cause for long": {func(s *Snapshot, r *Run) {
			r.Events = append(r.Events[:2:2], event(50, lifecycle.Recovered, models.EventData{}), r.Events[4])
			s.Workers[1].Lines = journal(0, 70, line(49, work.Begin, 2), line(59, work.Ended, 2))
		}, []string{explained}},
		"a flag that stays": {func(_ *Snapshot, r *Run) {
			r.Events[3] = event(58, lifecycle.Recovered, models.EventData{})
		}, []string{cleared}},
		"an episode that is not counted":   {func(_ *Snapshot, r *Run) { r.Facts.StaleEpisodes, r.Facts.FirstStaleAt = 0, time.Time{} }, []string{lineage}},
		"a gap that is counted as lineage": {func(_ *Snapshot, r *Run) { r.Events[3] = event(41, lifecycle.Recovered, models.EventData{Gap: true}) }, []string{lineage}},
		"an outage that is called silence": {func(s *Snapshot, _ *Run) {
			s.Workers[0] = steady(s.Workers[0], 0, 40)
			s.Faults = append(s.Faults, Fault{Kind: DatabasePause, From: at(5), To: at(40)})
		}, []string{real}},
		"silence that is not flagged": {func(_ *Snapshot, r *Run) {
			r.Facts.StaleEpisodes, r.Facts.FirstStaleAt = 0, time.Time{}
			r.Events = append(r.Events[:1:1], r.Events[4])
		}, []string{due}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := killed()
			c.wrong(&s, &s.Runs[0])
			require.ElementsMatch(t, c.want, violated(Check(s)))
		})
	}
}

func closeIt(r *Run) {
	r.Facts.Outcome, r.Facts.Closing.ID, r.Facts.TerminalToken = lifecycle.Failed, "c", "c"
	r.Facts.Reconciliation = lifecycle.Reconciliation{At: at(60), Cause: lifecycle.NoWorkers}
	r.Temporal = Execution{State: lifecycle.ExecTerminated, Reason: "c"}
	r.Events[4] = event(60, lifecycle.Reconciled, models.EventData{})
}

// steady makes a worker live and work from one moment to another.
func steady(w Worker, from, to float64) Worker {
	w.Lives = []Life{{From: at(from), To: at(to), PID: 1}}
	w.Lines = journal(from, to, line(1, work.Begin, 1))
	return w
}

// TestWhatExcusesSilence shows when silence is legitimate, so that a flag of it is false.
func TestWhatExcusesSilence(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		how   string
		lasts time.Duration
		false int
	}{
		"a backoff":                {work.FailedAttempt, 32 * time.Second, 1},
		"a wait":                   {work.Waits, 30 * time.Second, 1},
		"a handover":               {work.HandedOver, 0, 1},
		"a context that was cut":   {work.CutOff, 0, 0},
		"a backoff that was over":  {work.FailedAttempt, 2 * time.Second, 0},
		"a step that merely ended": {work.Ended, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := killed()
			end := line(9, c.how, 1)
			end.Lasts = c.lasts
			s.Workers[0].Lines = journal(0, 10, line(1, work.Begin, 1), end)
			require.Equal(t, c.false, Check(s).FalseFlags)
		})
	}
}

// TestAFailedHeartbeatMayBeABackoff shows a step that was interrupted and told Temporal so, which then waits as for any
// failed attempt, the longer the more there were.
func TestAFailedHeartbeatMayBeABackoff(t *testing.T) {
	t.Parallel()

	for number, due := range map[int]bool{1: true, 4: true, 5: false, 6: false} { // it is silent for 31 s, of which 21 s are allowed
		s := killed()
		s.Workers[0].Lines = journal(0, 10, line(1, work.Begin, number), line(9, work.CutOff, number))
		s.Workers[1].Lines = journal(0, 70, line(40, work.Begin, number+1), line(59, work.Ended, number+1))
		r := &s.Runs[0]
		r.Facts.StaleEpisodes, r.Facts.FirstStaleAt = 0, time.Time{}
		r.Events = append(r.Events[:1:1], r.Events[4])
		const flagged = "real silence is flagged"
		require.Equal(t, due, slices.Contains(violated(Check(s)), flagged), "attempt %d", number)
		r.Facts.Policy.RetryAttempts = number + 1
		require.Contains(t, violated(Check(s)), flagged, "one that is to be flagged while it fails is")
	}
}

// TestWorkEndsAnExcuse shows that silence after a handover that was taken up is silence like any other.
func TestWorkEndsAnExcuse(t *testing.T) {
	t.Parallel()

	s := killed()
	s.Workers[0].Lines = journal(0, 10, line(1, work.Begin, 1), line(3, work.HandedOver, 1), line(3.5, work.Begin, 2))
	require.Zero(t, Check(s).FalseFlags)
}

// What a silence was counted as may turn out after it was flagged, also where the run ends in it.
func TestAGapThatARunEndsInIsToldByTheEnd(t *testing.T) {
	t.Parallel()

	const lineage = "lineage tells every episode, and no gap"
	for _, flagged := range []bool{true, false} {
		for _, gap := range []bool{true, false} {
			s := killed()
			r := &s.Runs[0]
			r.Events = append(r.Events[:1:1], event(30, lifecycle.WentStale, models.EventData{Gap: flagged}), event(60, lifecycle.Finished, models.EventData{Gap: gap}))
			gaps := 0
			if gap {
				gaps, r.Facts.StaleEpisodes, r.Facts.FirstStaleAt = 1, 0, time.Time{}
			}
			r.GapEpisodes = gaps
			got := flags(*r)
			require.Len(t, got, 1)
			require.Equal(t, gap, got[0].gap)
			require.Equal(t, gaps, Check(s).GapFlags)
			require.NotContains(t, violated(Check(s)), lineage)
			r.GapEpisodes++
			require.Contains(t, violated(Check(s)), lineage)
		}
	}
}

func TestALostRunIsClosed(t *testing.T) {
	t.Parallel()

	s := killed()
	r := &s.Runs[0]
	closeIt(r)
	r.Want, r.Facts.StaleEpisodes = ToBeClosed, 1
	require.Empty(t, violated(Check(s)))
	r.Facts.Reconciliation.Cause = lifecycle.WorkerLost
	require.Equal(t, []string{"closed are those that were lost, no other"}, violated(Check(s)))
}

func TestAFrozenProcessIsNotAtWork(t *testing.T) {
	t.Parallel()

	w := Worker{Lives: []Life{{From: at(0), To: at(30)}}}
	w.Lines = append(journal(0, 10, line(1, work.Begin, 1)), journal(20, 30, line(25, work.Ended, 1))...)
	of := attempts([]Worker{w})["r"]
	require.Len(t, of, 1)
	require.Equal(t, []span{{at(1), at(10)}, {at(20), at(25)}}, of[0].alive)
}
