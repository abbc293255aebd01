package models_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// tellOutage is another process, which could not write to the record from one moment until another, and now tells of it.
func (sc *scene) tellOutage(from, until time.Duration) {
	sc.Helper()
	at := func(d time.Duration) int64 { return modelstest.Epoch.Add(d).UnixMicro() }
	require.NoError(sc, sc.s.DB().Exec(`INSERT INTO outages (from_at, to_at) VALUES (?, ?)`, at(from), at(until)).Error)
}

// A silence that a late sign of life has moved, and that then turns out to have fallen into a telemetry gap, leaves no
// beginning of a lineage behind.
func TestAMovedSilenceThatWasAGapIsNoLineage(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]func(sc *scene) models.Run{
		"it is heard again": func(sc *scene) models.Run {
			sc.beat(32*time.Second, firstBeat)
			run, _ := sc.read(32 * time.Second)
			return run
		},
		"it ends": func(sc *scene) models.Run {
			return modelstest.Finish(sc.T, sc.at(32*time.Second), sc.run, lifecycle.Succeeded)
		},
	} {
		for _, gap := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, gap %t", name, gap), func(t *testing.T) {
				t.Parallel()
				forEachScene(t, nil, func(sc *scene) {
					sc.beat(0, firstBeat)
					run, _ := sc.read(27 * time.Second)
					require.NoError(sc, sc.at(27*time.Second).RecordVerdict(sc.Context(), run, lifecycle.Verdict{
						Action: lifecycle.Silent, Cause: lifecycle.WorkerLost, Sign: modelstest.Epoch.Add(6 * time.Second),
						Silence: lifecycle.Silence{Cause: lifecycle.WorkerLost, At: modelstest.Epoch.Add(27 * time.Second), Times: 1},
					}))
					run, truth := sc.read(27 * time.Second)
					require.True(sc, truth.StaleLineage)
					require.Equal(sc, modelstest.Epoch.Add(26*time.Second), run.Facts.StaleAt, "still in the past")
					require.Equal(sc, modelstest.Epoch.Add(20*time.Second), run.Facts.FirstStaleAt)

					want := 0
					if gap {
						want = 1
						sc.tellOutage(10*time.Second, 31*time.Second)
						run, truth = sc.read(31 * time.Second)
						require.False(sc, truth.StaleLineage)
						require.Zero(sc, run.Facts.FirstStaleAt, "nor does it show one while it goes on")
					}
					run = last(sc)
					require.Equal(sc, want, run.GapEpisodes)
					require.Equal(sc, 1-want, run.Facts.StaleEpisodes)
					require.Equal(sc, gap, run.Facts.FirstStaleAt.IsZero())
				})
			})
		}
	}
}

// From when until when a run was likely stuck is told of its own episode alone, whatever gap came after or before.
func TestTheEndOfAGapIsNoEndOfAnEpisode(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		sc.beat(40*time.Second, firstBeat)
		sc.tellOutage(45*time.Second, 75*time.Second)
		sc.beat(80*time.Second, firstBeat)
		run, _ := sc.read(80 * time.Second)
		require.Equal(sc, [2]int{1, 1}, [2]int{run.Facts.StaleEpisodes, run.GapEpisodes})
		require.Equal(sc, modelstest.Epoch.Add(20*time.Second), run.Facts.FirstStaleAt)
		require.Equal(sc, modelstest.Epoch.Add(40*time.Second), run.Facts.RecoveredAt, "not when the gap was over")

		other := modelstest.Running(sc.T, sc.at(100*time.Second), sc.world.NewRun())
		sc.run = other
		sc.tellOutage(105*time.Second, 135*time.Second)
		sc.beat(140*time.Second, firstBeat)
		run = modelstest.Finish(sc.T, sc.at(170*time.Second), sc.run, lifecycle.Succeeded)
		require.Equal(sc, [2]int{1, 1}, [2]int{run.Facts.StaleEpisodes, run.GapEpisodes})
		require.Equal(sc, modelstest.Epoch.Add(160*time.Second), run.Facts.FirstStaleAt)
		require.Zero(sc, run.Facts.RecoveredAt, "it ended likely stuck, after a gap")
	})
}

// seen is what somebody knows of a run: what its page shows, and what its timeline adds up to.
type seen struct {
	run   models.Run
	truth lifecycle.Truth
	kinds map[lifecycle.Kind]int
	gaps  int // silences that are told to have ended in a gap
}

func (s seen) stuck() bool { return s.truth.ProblemClass == lifecycle.ActiveStaleAttention }

func (sc *scene) look(at time.Duration) seen {
	sc.Helper()
	s := seen{kinds: map[lifecycle.Kind]int{}}
	s.run, s.truth = sc.read(at)
	events, _, err := sc.s.Timeline(sc.Context(), models.Engine(), sc.run.ID, models.Page{Limit: 500})
	require.NoError(sc, err)
	for _, e := range events {
		var d models.EventData
		require.NoError(sc, json.Unmarshal(e.Data, &d))
		s.kinds[e.Kind]++
		if e.Kind != lifecycle.WentStale && d.Gap { // that a silence was one may turn out after it was flagged
			s.gaps++
		}
	}
	return s
}

// TestLineageAgreesWithItselfInEveryOrder lets signs of life, verdicts, waits, outages, breakers and ends come in many
// orders, late ones among them. After each the numbers must agree with each other, with the timeline and with what the
// page showed a moment ago. The orders are by chance, and the same every time.
func TestLineageAgreesWithItselfInEveryOrder(t *testing.T) {
	t.Parallel()
	const orders, steps = 20, 14
	forEachStore(t, func(t *testing.T, s *models.Store) {
		world := modelstest.Seed(t, s)
		var own, gaps, moved int
		for n := range orders {
			chance := rand.New(rand.NewPCG(22, uint64(n)))
			at := time.Duration(n) * time.Hour // outages of one order mean nothing to another
			sc := &scene{T: t, s: s, world: world}
			sc.run = modelstest.Running(t, sc.at(at), world.NewRun())
			was, story := sc.look(at), ""
			for step := 0; step < steps && was.run.Facts.Status.Active(); step++ {
				at += time.Duration(1+chance.IntN(12)) * time.Second
				before := sc.look(at)
				what, excused := sc.happens(chance, at, before.run, step == steps-1)
				after := sc.look(at)
				story += fmt.Sprintf("\n%s %s: stale at %s, %d own, %d in gaps, first %s, in gap %t", at, what, after.run.Facts.StaleAt.Format("15:04:05"),
					after.run.Facts.StaleEpisodes, after.run.GapEpisodes, after.run.Facts.FirstStaleAt.Format("15:04:05"), after.run.Facts.InGap)
				sc.agrees(before, after, excused, fmt.Sprintf("order %d%s", n, story))
				if after.stuck() && after.run.Facts.StaleEpisodes == 0 && !after.run.Facts.FirstStaleAt.IsZero() {
					moved++
				}
				was = after
			}
			own, gaps = own+was.run.Facts.StaleEpisodes, gaps+was.run.GapEpisodes
			setBreaker(t, s, "", false)
		}
		require.Greater(t, own, orders/4, "the orders have lost their silences")
		require.Greater(t, gaps, orders/8, "the orders have lost their gaps")
		require.Positive(t, moved, "no late sign moved a silence that went on")
	})
}

// happens does one thing by chance. It is excused when it brings word that the silence was none of the run's.
func (sc *scene) happens(chance *rand.Rand, at time.Duration, run models.Run, last bool) (what string, excused bool) {
	ctx, s, now := sc.Context(), sc.at(at), modelstest.Epoch.Add(at)
	late := time.Duration(12+chance.IntN(20)) * time.Second
	verdict := func(v lifecycle.Verdict) {
		if v.Cause != lifecycle.NoCause {
			v.Silence = lifecycle.Silence{Cause: v.Cause, At: now, For: late, Times: 2}
		}
		require.NoError(sc, s.RecordVerdict(ctx, run, v))
	}
	end := chance.IntN(30)
	if last {
		end = chance.IntN(3)
	}
	switch end {
	case 0:
		modelstest.Finish(sc.T, s, run, lifecycle.Succeeded)
		return "finished", false
	case 1:
		_, err := s.Transition(ctx, run.ID, lifecycle.Change{Kind: lifecycle.Finished, Token: "own", Outcome: lifecycle.Failed, Waited: late})
		require.NoError(sc, err)
		return "finished late", true
	case 2:
		_, err := s.Transition(ctx, run.ID, lifecycle.Change{Kind: lifecycle.Adopted, Token: "temporal:t", Outcome: lifecycle.Failed})
		require.NoError(sc, err)
		return "adopted", false
	}
	switch chance.IntN(12) {
	case 0:
		sc.beat(at, firstBeat)
		return "beat", false
	case 1:
		b := firstBeat
		b.Age, b.MissedAge = late, late+time.Duration(chance.IntN(10))*time.Second
		sc.beat(at, b)
		return "beat that was missed", true
	case 2, 3:
		b := firstBeat
		b.Age = late
		sc.beat(at, b)
		return "late beat", false
	case 4:
		verdict(lifecycle.Verdict{Action: lifecycle.Refresh, Sign: now.Add(-late)})
		return "refreshed", false
	case 5, 6:
		verdict(lifecycle.Verdict{Action: lifecycle.Silent, Cause: lifecycle.WorkerLost, Sign: now.Add(-late)})
		return "verified", false
	case 7:
		require.NoError(sc, s.DeclareWait(ctx, run.ID, lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait}, time.Second))
		return "waits", false
	case 8:
		require.NoError(sc, s.LeaveWaits(ctx, run.ID))
		return "leaves its waits", false
	case 9, 10:
		sc.tellOutage(at-late-10*time.Second, at)
		return "outage told", false
	}
	require.NoError(sc, s.FinishPass(ctx, models.PassReport{Breakers: map[string]lifecycle.Breaker{"": {Open: chance.IntN(2) == 0}}}))
	return "breaker moved", false
}

// agrees holds what is stored after something happened against itself and against what was shown right before.
func (sc *scene) agrees(before, after seen, excused bool, story string) {
	sc.Helper()
	was, is := before.run.Facts, after.run.Facts
	own, gaps := is.StaleEpisodes-was.StaleEpisodes, after.run.GapEpisodes-before.run.GapEpisodes
	over := before.stuck() && !after.stuck() // by a sign of life or by the end
	switch {
	case !over:
		require.Equal(sc, [2]int{}, [2]int{own, gaps}, "an episode is counted when it is over, and only then: %s", story)
	case excused:
		require.Equal(sc, 1, own+gaps, "an episode is counted once: %s", story)
	default:
		want := [2]int{1, 0}
		if was.InGap {
			want = [2]int{0, 1}
		}
		require.Equal(sc, want, [2]int{own, gaps}, "an episode is counted once, as what it was shown as: %s", story)
	}
	if !after.stuck() {
		require.Equal(sc, is.StaleEpisodes > 0, !is.FirstStaleAt.IsZero(), "the first episode has a beginning, and no gap has: %s", story)
		require.Equal(sc, is.StaleEpisodes > 0, after.truth.StaleLineage, story)
	}
	require.True(sc, after.truth.StaleLineage || is.FirstStaleAt.IsZero(), "what is no lineage has no beginning: %s", story)
	if was.StaleEpisodes > 0 {
		require.Equal(sc, was.FirstStaleAt, is.FirstStaleAt, "the first stays the first: %s", story)
	}
	if is.StaleEpisodes == 1 && !is.RecoveredAt.IsZero() {
		require.False(sc, is.RecoveredAt.Before(is.FirstStaleAt), "it was stuck before it recovered: %s", story)
	}
	if own == 0 || !is.Status.Active() {
		require.Equal(sc, was.RecoveredAt, is.RecoveredAt, "only the run's own episode ends as one: %s", story)
	}

	ended := 0 // silences that the run ended in
	if over && !is.Status.Active() {
		ended = 1
	}
	flagged := 0
	if !after.run.FlaggedAt.IsZero() {
		flagged = 1
	}
	require.Equal(sc, is.StaleEpisodes+after.run.GapEpisodes-ended, after.kinds[lifecycle.Recovered], "the timeline tells each end once: %s", story)
	require.Equal(sc, is.StaleEpisodes+after.run.GapEpisodes+flagged, after.kinds[lifecycle.WentStale], "the timeline tells each begin once: %s", story)
	require.Equal(sc, after.run.GapEpisodes, after.gaps, "the timeline tells what was a gap: %s", story)
}
