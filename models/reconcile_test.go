package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func (sc *scene) silent(after time.Duration, c lifecycle.Cause) {
	sc.Helper()
	run, _ := sc.read(after)
	at := modelstest.Epoch.Add(after)
	require.NoError(sc, sc.at(after).RecordVerdict(sc.Context(), run, lifecycle.Verdict{
		Action: lifecycle.Silent, Cause: c,
		Silence: lifecycle.Silence{Cause: c, At: at, For: time.Second, Times: 2, Evidence: lifecycle.Evidence{Answer: lifecycle.Answered, Workers: 3}},
	}))
}

func TestVerdictOfSilence(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		sc.silent(15*time.Second, lifecycle.NoWorkers)
		run, truth := sc.read(20 * time.Second)
		require.Equal(sc, lifecycle.NoWorkers, truth.Cause)
		require.Equal(sc, modelstest.Epoch.Add(15*time.Second), run.Facts.VerifiedAt)
		require.Equal(sc, 3, run.Facts.Silence.Evidence.Workers)
		require.Equal(sc, 2, run.Facts.Silence.Times)
		require.True(sc, run.FlaggedAt.IsZero(), "not stale yet")

		sc.silent(21*time.Second, lifecycle.NoWorkers)
		sc.silent(25*time.Second, lifecycle.NoWorkers)
		sc.silent(30*time.Second, lifecycle.WorkerLost)
		run, truth = sc.read(31 * time.Second)
		require.Equal(sc, modelstest.Epoch.Add(21*time.Second), run.FlaggedAt)
		require.Equal(sc, lifecycle.WorkerLost, truth.Cause)
		require.Equal(sc, []lifecycle.Kind{lifecycle.CauseFound, lifecycle.WentStale, lifecycle.CauseFound}, kinds(sc.T, sc.s, sc.run.ID)[:3],
			"one event per cause, one per silence")

		old := run
		sc.beat(32*time.Second, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1})
		err := sc.at(33*time.Second).RecordVerdict(sc.Context(), old, lifecycle.Verdict{Action: lifecycle.Silent})
		require.ErrorIs(sc, err, lifecycle.ErrOvertaken)
		run, truth = sc.read(33 * time.Second)
		require.Equal(sc, lifecycle.NoCause, truth.Cause)
		require.True(sc, run.FlaggedAt.IsZero())
		require.Equal(sc, lifecycle.Recovered, kinds(sc.T, sc.s, sc.run.ID)[0])
		modelstest.Finish(sc.T, sc.at(34*time.Second), run, lifecycle.Succeeded)
		require.ErrorIs(sc, sc.at(35*time.Second).RecordVerdict(sc.Context(), run, lifecycle.Verdict{Action: lifecycle.Silent}), lifecycle.ErrEnded)
	})
}

func TestVerdictToRefresh(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		refresh := func(after time.Duration, v lifecycle.Verdict) {
			sc.Helper()
			run, _ := sc.read(after)
			v.Action = lifecycle.Refresh
			require.NoError(sc, sc.at(after).RecordVerdict(sc.Context(), run, v))
		}
		refresh(19*time.Second, lifecycle.Verdict{Sign: modelstest.Epoch.Add(15 * time.Second)})
		run, _ := sc.read(19 * time.Second)
		require.Equal(sc, modelstest.Epoch.Add(35*time.Second), run.Facts.StaleAt, "up to the sign's time, not further")
		refresh(20*time.Second, lifecycle.Verdict{Sign: modelstest.Epoch.Add(10 * time.Second)})
		run, _ = sc.read(20 * time.Second)
		require.Equal(sc, modelstest.Epoch.Add(15*time.Second), run.Facts.LivenessAt, "merged by maximum")

		paused := lifecycle.Wait{
			ID: lifecycle.ObservedWait, Kind: lifecycle.DurableWait, Reason: "paused", By: "Temporal",
			Since: modelstest.Epoch.Add(21 * time.Second), Until: modelstest.Epoch.Add(50 * time.Second),
		}
		silence := lifecycle.Silence{Cause: lifecycle.Paused, At: modelstest.Epoch.Add(21 * time.Second), Times: 1}
		refresh(21*time.Second, lifecycle.Verdict{Wait: paused, Cause: lifecycle.Paused, Silence: silence})
		refresh(40*time.Second, lifecycle.Verdict{Sign: modelstest.Epoch.Add(15*time.Second + time.Millisecond)})
		run, truth := sc.read(45 * time.Second)
		require.Equal(sc, lifecycle.StatePaused, truth.State, "a sign from before the wait does not end it")
		require.Zero(sc, run.Facts.StaleEpisodes)
		refresh(46*time.Second, lifecycle.Verdict{Sign: modelstest.Epoch.Add(46 * time.Second)})
		run, truth = sc.read(46 * time.Second)
		require.Equal(sc, lifecycle.StateRunning, truth.State)
		require.Equal(sc, modelstest.Epoch.Add(66*time.Second), run.Facts.StaleAt)
		require.Zero(sc, run.Facts.StaleEpisodes)

		version := run.LivenessVersion
		require.NoError(sc, sc.s.RecordVerdict(sc.Context(), run, lifecycle.Verdict{Action: lifecycle.Unknown}))
		run, _ = sc.read(46 * time.Second)
		require.Equal(sc, version, run.LivenessVersion, "an unknown verdict writes nothing")
	})
}

func TestTelemetryGapIsNoLineage(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		open := models.PassReport{Every: 5 * time.Second, TemporalAnswered: true, Breakers: map[string]lifecycle.Breaker{"default": {Open: true, Since: modelstest.Epoch}}}
		require.NoError(sc, sc.at(25*time.Second).FinishPass(sc.Context(), open))
		run, truth := sc.read(26 * time.Second)
		require.True(sc, run.Facts.Check.Gap)
		require.Equal(sc, lifecycle.LikelyStale, truth.Freshness)
		require.False(sc, truth.StaleLineage)

		closed := open
		closed.Breakers = map[string]lifecycle.Breaker{"default": {}}
		require.NoError(sc, sc.at(30*time.Second).FinishPass(sc.Context(), closed))
		_, truth = sc.read(31 * time.Second)
		require.False(sc, truth.StaleLineage, "the mark outlasts the breaker")
		sc.beat(32*time.Second, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1})
		run, truth = sc.read(33 * time.Second)
		require.False(sc, truth.StaleLineage)
		require.Equal(sc, 1, run.GapEpisodes)
		require.True(sc, run.Facts.FirstStaleAt.IsZero())
		require.False(sc, run.Facts.InGap)

		require.NoError(sc, sc.at(60*time.Second).FinishPass(sc.Context(), open))
		run = modelstest.Finish(sc.T, sc.at(61*time.Second), run, lifecycle.Succeeded)
		require.Equal(sc, 2, run.GapEpisodes)
		require.Zero(sc, run.Facts.StaleEpisodes)
	})
}

func TestConfirmedSilenceIsNoTelemetryGap(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		sc.silent(21*time.Second, lifecycle.NoWorkers)
		require.NoError(sc, sc.at(25*time.Second).FinishPass(sc.Context(), models.PassReport{
			Breakers: map[string]lifecycle.Breaker{"": {Open: true, Since: modelstest.Epoch}},
		}))
		_, truth := sc.read(26 * time.Second)
		require.True(sc, truth.StaleLineage)
	})
}

func TestCauseOfAnOlderSilenceConfirmsNothing(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		sc.silent(21*time.Second, lifecycle.NoWorkers)
		sc.beat(22*time.Second, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1})
		require.NoError(sc, sc.at(50*time.Second).FinishPass(sc.Context(), models.PassReport{
			Breakers: map[string]lifecycle.Breaker{"": {Open: true, Since: modelstest.Epoch}},
		}))
		run, _ := sc.read(51 * time.Second)
		require.True(sc, run.Facts.InGap)
	})
}

func TestReconcilerFindsItsRuns(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		ctx := sc.Context()
		fresh := modelstest.Queued(sc.T, sc.at(0), sc.world.NewRun())
		runs, now, _, err := sc.at(4*time.Second).Undispatched(ctx, 5*time.Second, "", 10)
		require.NoError(sc, err)
		require.Empty(sc, runs)
		require.Equal(sc, modelstest.Epoch.Add(4*time.Second), now)
		runs, _, _, err = sc.at(6*time.Second).Undispatched(ctx, 5*time.Second, "", 10)
		require.NoError(sc, err)
		require.Equal(sc, []string{fresh.ID}, ids(runs))

		other := modelstest.Running(sc.T, sc.at(time.Second), sc.world.NewRun())
		due := func(after time.Duration) []string {
			var all []string
			cursor := ""
			for {
				runs, _, next, err := sc.at(after).DueForCheck(ctx, 5*time.Second, cursor, 1)
				require.NoError(sc, err)
				all = append(all, ids(runs)...)
				if next == "" {
					return all
				}
				cursor = next
			}
		}
		verified := func(run models.Run, after time.Duration) {
			run, _, err := sc.s.Run(ctx, models.Engine(), run.ID)
			require.NoError(sc, err)
			require.NoError(sc, sc.at(after).RecordVerdict(ctx, run, lifecycle.Verdict{Action: lifecycle.Refresh, Sign: modelstest.Epoch.Add(after)}))
		}
		require.Len(sc, due(2*time.Second), 2, "never verified; what was not dispatched is not asked about")
		verified(sc.run, 2*time.Second)
		verified(other, 4*time.Second)
		require.Empty(sc, due(5*time.Second))
		require.Equal(sc, []string{sc.run.ID}, due(18*time.Second), "looked at before it is due")

		active, _, err := sc.s.ActiveByID(ctx, []string{sc.run.ID, other.ID, "missing"})
		require.NoError(sc, err)
		require.Len(sc, active, 2)
		modelstest.Finish(sc.T, sc.s, other, lifecycle.Succeeded)
		active, _, err = sc.s.ActiveByID(ctx, []string{sc.run.ID, other.ID})
		require.NoError(sc, err)
		require.Len(sc, active, 1)
	})
}

func TestReconcilerState(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		ctx := sc.Context()
		state, now, err := sc.at(0).ReconcilerState(ctx)
		require.NoError(sc, err)
		require.Equal(sc, modelstest.Epoch, now)
		require.Equal(sc, models.ReconcilerState{Breakers: map[string]lifecycle.Breaker{}}, state)

		closedUpTo := modelstest.Epoch.Add(-time.Hour)
		breaker := lifecycle.Breaker{Open: true, Since: modelstest.Epoch, Below: 1}
		require.NoError(sc, sc.at(time.Second).FinishPass(ctx, models.PassReport{
			Every: 5 * time.Second, Took: time.Millisecond, TemporalAnswered: true, ClosedUpTo: closedUpTo,
			Breakers: map[string]lifecycle.Breaker{"": breaker},
		}))
		require.NoError(sc, sc.at(6*time.Second).FinishPass(ctx, models.PassReport{Every: 5 * time.Second, SchedulePaused: true}))
		state, _, err = sc.s.ReconcilerState(ctx)
		require.NoError(sc, err)
		require.Equal(sc, models.ReconcilerState{
			PassAt: modelstest.Epoch.Add(6 * time.Second), TemporalAt: modelstest.Epoch.Add(time.Second), Every: 5 * time.Second,
			SchedulePaused: true, ClosedUpTo: closedUpTo, Breakers: map[string]lifecycle.Breaker{"": breaker},
		}, state)
		_, truth := sc.read(30 * time.Second)
		require.Equal(sc, lifecycle.StateUnverified, truth.State)
	})
}
