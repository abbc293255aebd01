package models_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

var worker = models.WorkerRow{ID: "w1", Host: "h", PID: 7, Queues: []string{"default"}, Build: "b"}

// scene is a running run on a clock that the test moves.
type scene struct {
	*testing.T
	s     *models.Store
	world modelstest.World
	run   models.Run
}

func forEachScene(t *testing.T, policy func(*lifecycle.Policy), test func(sc *scene)) {
	t.Helper()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		sc := &scene{T: t, s: s, world: modelstest.Seed(t, s)}
		sc.run = modelstest.Running(t, sc.at(0), sc.world.NewRun(func(n *models.NewRun) {
			if policy != nil {
				policy(&n.Policy)
			}
		}))
		test(sc)
	})
}

func (sc *scene) at(after time.Duration) *models.Store {
	return modelstest.At(sc.s, modelstest.Epoch.Add(after))
}

func (sc *scene) beat(after time.Duration, b models.Beat) []models.Beat {
	sc.Helper()
	b.RunID = sc.run.ID
	rejected, err := sc.at(after).RecordBeats(sc.Context(), worker, []models.Beat{b})
	require.NoError(sc, err)
	return rejected
}

func (sc *scene) read(after time.Duration) (models.Run, lifecycle.Truth) {
	sc.Helper()
	run, now, err := sc.at(after).Run(sc.Context(), models.Engine(), sc.run.ID)
	require.NoError(sc, err)
	return run, run.Truth(now)
}

func TestBeatsMoveTheDeadline(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		require.Empty(sc, sc.beat(10*time.Second, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1, Age: time.Second, StartedAge: 5 * time.Second}))
		run, truth := sc.read(28 * time.Second)
		require.Equal(sc, lifecycle.FreshActive, truth.Freshness)
		require.Equal(sc, modelstest.Epoch.Add(9*time.Second), run.Facts.LivenessAt)
		require.Equal(sc, modelstest.Epoch.Add(29*time.Second), run.Facts.StaleAt)
		require.Empty(sc, sc.beat(11*time.Second, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1, Age: 8 * time.Second}))
		run, _ = sc.read(28 * time.Second)
		require.Equal(sc, modelstest.Epoch.Add(9*time.Second), run.Facts.LivenessAt, "an older beat takes nothing back")

		_, truth = sc.read(29 * time.Second)
		require.Equal(sc, lifecycle.LikelyStale, truth.Freshness)
		require.True(sc, truth.StaleLineage)
		require.Empty(sc, sc.beat(40*time.Second, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1}))
		run, truth = sc.read(40 * time.Second)
		require.Equal(sc, lifecycle.FreshActive, truth.Freshness)
		require.True(sc, truth.StaleLineage, "the lineage stays")
		require.Equal(sc, 1, run.Facts.StaleEpisodes)
		require.Equal(sc, modelstest.Epoch.Add(29*time.Second), run.Facts.FirstStaleAt)
		require.Equal(sc, modelstest.Epoch.Add(40*time.Second), run.Facts.RecoveredAt)
		require.Equal(sc, []lifecycle.Kind{lifecycle.Recovered, lifecycle.WentStale}, kinds(sc.T, sc.s, sc.run.ID)[:2])

		require.Empty(sc, sc.beat(70*time.Second, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1}))
		run, _ = sc.read(70 * time.Second)
		require.Equal(sc, 2, run.Facts.StaleEpisodes)
		require.Equal(sc, modelstest.Epoch.Add(29*time.Second), run.Facts.FirstStaleAt, "the first stays the first")

		run = modelstest.Finish(sc.T, sc.at(90*time.Second), run, lifecycle.Succeeded)
		require.Equal(sc, 3, run.Facts.StaleEpisodes, "a run that ends while it is stale was stale")
		require.Equal(sc, modelstest.Epoch.Add(29*time.Second), run.Facts.FirstStaleAt)
		require.Equal(sc, []lifecycle.Kind{lifecycle.Finished, lifecycle.WentStale}, kinds(sc.T, sc.s, sc.run.ID)[:2])
		require.Len(sc, sc.beat(91*time.Second, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1}), 1, "beats of ended runs are rejected")
	})
}

func TestBeatsOfCutOffWorkersAreRejected(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		first := models.Beat{TemporalRunID: "t1", ActivityID: "1", Attempt: 1, StartedAge: 5 * time.Second}
		require.Empty(sc, sc.beat(5*time.Second, first))
		retry := models.Beat{TemporalRunID: "t1", ActivityID: "1", Attempt: 2}
		require.Empty(sc, sc.beat(10*time.Second, retry))
		first.StartedAge = 6 * time.Second
		require.Len(sc, sc.beat(11*time.Second, first), 1, "an older attempt")
		next := models.Beat{TemporalRunID: "t1", ActivityID: "2", Attempt: 1, StartedAge: time.Second}
		require.Empty(sc, sc.beat(13*time.Second, next), "the next activity")
		retry.StartedAge = 4 * time.Second
		require.Len(sc, sc.beat(14*time.Second, retry), 1, "an activity that began earlier")
		continued := models.Beat{TemporalRunID: "t2", ActivityID: "1", Attempt: 1}
		require.Empty(sc, sc.beat(15*time.Second, continued), "a continued or reset execution")
		next.StartedAge = 4 * time.Second
		require.Len(sc, sc.beat(16*time.Second, next), 1, "the execution before it")
		run, _ := sc.read(17 * time.Second)
		require.Equal(sc, modelstest.Epoch.Add(15*time.Second), run.Facts.LivenessAt)

		older, newer := continued, continued
		older.StartedAge, newer.StartedAge, newer.Attempt = 9*time.Second, time.Second, 2
		older.RunID, newer.RunID = sc.run.ID, sc.run.ID
		rejected, err := sc.at(24*time.Second).RecordBeats(sc.Context(), worker, []models.Beat{newer, older, {RunID: "missing"}})
		require.NoError(sc, err)
		require.Len(sc, rejected, 2, "within one batch")
	})
}

func TestManyBeatsInOneStatement(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		var beats []models.Beat
		for range 60 {
			run := modelstest.Running(t, modelstest.At(s, modelstest.Epoch), w.NewRun())
			beats = append(beats, models.Beat{RunID: run.ID, TemporalRunID: "t", ActivityID: "1", Attempt: 1})
		}
		later := modelstest.At(s, modelstest.Epoch.Add(10*time.Second))
		batch := func() error {
			rejected, err := later.RecordBeats(t.Context(), worker, beats)
			require.Empty(t, rejected)
			return err
		}
		require.Equal(t, []error{nil, nil, nil}, together(batch, batch, batch))
		require.Equal(t, int64(60), count(t, s, `SELECT COUNT(*) FROM run_liveness WHERE stale_at = ?`, modelstest.Epoch.Add(30*time.Second).UnixMicro()))
	})
}

func TestWorkersAreKnownWithoutBeats(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		workers, now, err := sc.at(0).Workers(sc.Context())
		require.NoError(sc, err)
		require.Empty(sc, workers)
		require.Equal(sc, modelstest.Epoch, now)
		_, err = sc.at(time.Second).RecordBeats(sc.Context(), worker, nil)
		require.NoError(sc, err)
		_, err = sc.at(3*time.Second).RecordBeats(sc.Context(), worker, nil)
		require.NoError(sc, err)
		workers, now, err = sc.at(5 * time.Second).Workers(sc.Context())
		require.NoError(sc, err)
		seen := worker
		seen.LastSeen = modelstest.Epoch.Add(3 * time.Second)
		require.Equal(sc, []models.WorkerRow{seen}, workers)
		require.Equal(sc, modelstest.Epoch.Add(5*time.Second), now)
		require.NoError(sc, sc.at(time.Hour).ForgetWorkers(sc.Context(), 2*time.Hour))
		workers, _, err = sc.s.Workers(sc.Context())
		require.NoError(sc, err)
		require.Len(sc, workers, 1)
		require.NoError(sc, sc.at(3*time.Hour).ForgetWorkers(sc.Context(), 2*time.Hour))
		workers, _, err = sc.s.Workers(sc.Context())
		require.NoError(sc, err)
		require.Empty(sc, workers)
	})
}

func TestHandOverSuspendsUntilAnotherWorkerBeats(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		mine := models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1}
		sc.beat(time.Second, mine)
		require.NoError(sc, sc.at(2*time.Second).HandOver(sc.Context(), worker.ID, []string{sc.run.ID}, time.Minute))
		workers, _, err := sc.s.Workers(sc.Context())
		require.NoError(sc, err)
		require.Empty(sc, workers)
		_, truth := sc.read(60 * time.Second)
		require.Equal(sc, lifecycle.StateWaiting, truth.State)
		_, truth = sc.read(73 * time.Second)
		require.Equal(sc, lifecycle.LikelyStale, truth.Freshness, "nobody took over")

		mine.StartedAge, mine.Age = 4*time.Second, 3500*time.Millisecond
		sc.beat(5*time.Second, mine)
		_, truth = sc.read(60 * time.Second)
		require.Equal(sc, lifecycle.StateWaiting, truth.State, "a last beat of the worker that stops changes nothing")
		sc.beat(20*time.Second, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 2})
		run, truth := sc.read(21 * time.Second)
		require.Equal(sc, lifecycle.StateRunning, truth.State)
		require.Equal(sc, modelstest.Epoch.Add(40*time.Second), run.Facts.StaleAt)
	})
}

func TestDurableWaitSuspends(t *testing.T) {
	t.Parallel()
	policy := func(p *lifecycle.Policy) { p.MaxWait = time.Hour }
	forEachScene(t, policy, func(sc *scene) {
		ctx := sc.Context()
		wait := lifecycle.Wait{ID: "approval", Kind: lifecycle.DurableWait, Reason: "approval", By: "step"}
		require.NoError(sc, sc.at(0).DeclareWait(ctx, sc.run.ID, wait, 30*time.Minute))
		run, truth := sc.read(29 * time.Minute)
		require.Equal(sc, lifecycle.StateWaiting, truth.State)
		require.Equal(sc, modelstest.Epoch.Add(30*time.Minute), run.Facts.Wait.Until)
		require.Equal(sc, modelstest.Epoch.Add(30*time.Minute+10*time.Second), run.Facts.StaleAt)

		short := lifecycle.Wait{ID: "timer", Kind: lifecycle.DurableWait, Reason: "timer", By: "step"}
		require.NoError(sc, sc.at(time.Minute).DeclareWait(ctx, sc.run.ID, short, time.Minute))
		run, _ = sc.read(90 * time.Second)
		require.Equal(sc, "approval", run.Facts.Wait.ID, "the wait that ends last")
		require.NoError(sc, sc.at(20*time.Minute).EndWait(ctx, sc.run.ID, "approval"))
		require.NoError(sc, sc.at(20*time.Minute).EndWait(ctx, sc.run.ID, "timer"))
		require.NoError(sc, sc.at(20*time.Minute).EndWait(ctx, sc.run.ID, "timer"), "an ended wait")
		run, truth = sc.read(20*time.Minute + 19*time.Second)
		require.Equal(sc, lifecycle.StateRunning, truth.State)
		require.Equal(sc, modelstest.Epoch.Add(20*time.Minute+20*time.Second), run.Facts.StaleAt)
		require.Zero(sc, run.Facts.StaleEpisodes)

		// 21 of 60 minutes are used; the policy leaves 39.
		require.NoError(sc, sc.at(20*time.Minute).DeclareWait(ctx, sc.run.ID, wait, 5*time.Hour))
		run, _ = sc.read(21 * time.Minute)
		require.Equal(sc, modelstest.Epoch.Add(59*time.Minute), run.Facts.Wait.Until, "the total is capped")
		_, truth = sc.read(2 * time.Hour)
		require.Equal(sc, lifecycle.LikelyStale, truth.Freshness)
	})
}

// told are a run's events of waits, the oldest first: what became of which wait, when, and until when it was to last.
func (sc *scene) told() (lines []string) {
	sc.Helper()
	events, _, err := sc.s.Timeline(sc.Context(), models.Engine(), sc.run.ID, models.Page{})
	require.NoError(sc, err)
	for _, e := range slices.Backward(events) {
		var d models.EventData
		require.NoError(sc, json.Unmarshal(e.Data, &d))
		switch e.Kind { //nolint:exhaustive // the others are not about waits
		case lifecycle.WaitDeclared:
			lines = append(lines, fmt.Sprintf("%s: %s %s from %s until %s", d.WaitID, e.Kind, d.Wait, after(e.At), after(time.UnixMicro(d.Until))))
		case lifecycle.WaitEnded:
			lines = append(lines, fmt.Sprintf("%s: %s %s at %s", d.WaitID, e.Kind, d.Wait, after(e.At)))
		}
	}
	return lines
}

func after(at time.Time) time.Duration { return at.Sub(modelstest.Epoch) }

// Which wait ended is told once, whoever ended it and however often.
func TestTheEndOfAWaitIsToldOnce(t *testing.T) {
	t.Parallel()
	policy := func(p *lifecycle.Policy) { p.MaxWait = time.Hour }
	forEachScene(t, policy, func(sc *scene) {
		ctx := sc.Context()
		for i, id := range []string{"approval", "timer"} {
			wait := lifecycle.Wait{ID: id, Kind: lifecycle.DurableWait, Reason: "the " + id, By: "step"}
			require.NoError(sc, sc.at(time.Duration(i)*time.Second).DeclareWait(ctx, sc.run.ID, wait, 2*time.Hour))
		}
		require.NoError(sc, sc.at(2*time.Second).EndWait(ctx, sc.run.ID, "timer"))
		run, _ := sc.read(3 * time.Second)
		for _, id := range []string{"timer", "none", ""} {
			require.NoError(sc, sc.at(3*time.Second).EndWait(ctx, sc.run.ID, id))
			same, err := sc.at(3*time.Second).Transition(ctx, sc.run.ID, lifecycle.Change{Kind: lifecycle.WaitEnded, Wait: lifecycle.Wait{ID: id}})
			require.ErrorIs(sc, err, lifecycle.ErrUnchanged)
			require.Equal(sc, run.Facts.Version, same.Facts.Version)
			require.Equal(sc, run.Facts.LivenessAt, same.Facts.LivenessAt)
		}
		require.NoError(sc, sc.at(4*time.Second).EndWait(ctx, sc.run.ID, "approval"))
		require.Equal(sc, []string{
			"approval: wait_declared the approval from 0s until 1h0m0s",
			"timer: wait_declared the timer from 1s until 1h0m1s",
			"timer: wait_ended the timer at 2s",
			"approval: wait_ended the approval at 4s",
		}, sc.told(), "and its deadline is the one that the policy leaves")
	})
}

// Nobody ends these waits by their name.
func TestTheEndOfAHandoverIsTold(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		b := models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1}
		sc.beat(time.Second, b)
		require.NoError(sc, sc.at(2*time.Second).HandOver(sc.Context(), worker.ID, []string{sc.run.ID}, time.Minute))
		b.Attempt = 2
		sc.beat(5*time.Second, b)
		sc.beat(6*time.Second, b)
		require.NoError(sc, sc.at(7*time.Second).HandOver(sc.Context(), worker.ID, []string{sc.run.ID}, time.Minute))
		require.NoError(sc, sc.at(90*time.Second).HandOver(sc.Context(), worker.ID, []string{sc.run.ID}, time.Minute)) // the one before ran out
		const w = "its worker stopped; another one takes over"
		require.Equal(sc, []string{
			lifecycle.HandoverWait + ": wait_declared " + w + " from 2s until 1m2s",
			lifecycle.HandoverWait + ": wait_ended " + w + " at 5s",
			lifecycle.HandoverWait + ": wait_declared " + w + " from 7s until 1m7s",
			lifecycle.HandoverWait + ": wait_ended " + w + " at 1m7s",
			lifecycle.HandoverWait + ": wait_declared " + w + " from 1m30s until 2m30s",
		}, sc.told())
	})
}

func TestHeldWaitSuspendsProgressOnly(t *testing.T) {
	t.Parallel()
	policy := func(p *lifecycle.Policy) { p.ProgressTimeout = 15 * time.Second }
	forEachScene(t, policy, func(sc *scene) {
		b := models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1, Held: &models.HeldWait{Reason: "Retry-After", By: "page 3", Lasts: time.Minute}}
		sc.beat(0, b)
		sc.beat(10*time.Second, b)
		run, truth := sc.read(29 * time.Second)
		require.Equal(sc, lifecycle.StateWaiting, truth.State)
		require.Equal(sc, lifecycle.HeldWait, run.Facts.Wait.Kind)
		require.Equal(sc, modelstest.Epoch, run.Facts.Wait.Since, "the same wait goes on")
		require.Equal(sc, modelstest.Epoch.Add(30*time.Second), run.Facts.StaleAt, "a worker that dies while it waits is noticed")

		b.Held = nil
		sc.beat(11*time.Second, b)
		run, truth = sc.read(12 * time.Second)
		require.Equal(sc, lifecycle.StateRunning, truth.State)
		require.Equal(sc, modelstest.Epoch.Add(15*time.Second), run.Facts.StaleAt, "progress counts again")

		b.Held = &models.HeldWait{Reason: "Retry-After", Lasts: time.Minute}
		sc.beat(12*time.Second, b)
		sc.beat(13*time.Second, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 2})
		run, _ = sc.read(14 * time.Second)
		require.Empty(sc, run.Facts.Wait.ID, "it ends with its attempt")
	})
}

func TestRenewedWaitsAreCappedTogether(t *testing.T) {
	t.Parallel()
	policy := func(p *lifecycle.Policy) { p.ProgressTimeout, p.MaxWait = 15*time.Second, 30*time.Second }
	forEachScene(t, policy, func(sc *scene) {
		b := models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1, Held: &models.HeldWait{Reason: "Retry-After", Lasts: 20 * time.Second}}
		for _, after := range []time.Duration{0, 5 * time.Second, 19 * time.Second} {
			sc.beat(after, b)
		}
		run, _ := sc.read(20 * time.Second)
		require.Equal(sc, modelstest.Epoch.Add(30*time.Second), run.Facts.Wait.Until)
		sc.beat(40*time.Second, b) // the first ran out; this is another one, and nothing is left for it
		run, _ = sc.read(40 * time.Second)
		require.Equal(sc, 30*time.Second, run.Facts.Waited)
		require.Equal(sc, modelstest.Epoch.Add(40*time.Second), run.Facts.Wait.Until)
	})
}
