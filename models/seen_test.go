package models_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// seen are what events of a kind say, the oldest first.
func (sc *scene) seen(k lifecycle.Kind) []models.EventData {
	sc.Helper()
	events, _, err := sc.s.Timeline(sc.Context(), models.Engine(), sc.run.ID, models.Page{Limit: 500})
	require.NoError(sc, err)
	var told []models.EventData
	for _, e := range slices.Backward(events) {
		if e.Kind == k {
			var d models.EventData
			require.NoError(sc, json.Unmarshal(e.Data, &d))
			told = append(told, d)
		}
	}
	return told
}

func TestAStepsNextAttemptIsToldOnceEach(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		beat := func(second int, activity string, attempt int) {
			sc.beat(time.Duration(second)*time.Second, models.Beat{TemporalRunID: "t", ActivityID: activity, Attempt: attempt})
		}
		beat(1, "1", 1)
		beat(5, "1", 1)
		require.Empty(sc, sc.seen(lifecycle.StepRetried), "a first attempt is none")
		beat(10, "1", 2)
		beat(15, "1", 2)
		beat(20, "1", 4)
		beat(25, "2", 1)
		beat(30, "3", 2)
		beat(35, "3", 2)
		require.Equal(sc, []models.EventData{{Attempt: 2}, {Attempt: 4}, {Attempt: 2}}, sc.seen(lifecycle.StepRetried))

		for n := range 120 { // once a second, for ever
			beat(40+n, "3", 3+n)
		}
		told := sc.seen(lifecycle.StepRetried)
		require.Len(sc, told, 100, "no run floods its timeline")
		require.Equal(sc, models.EventData{Attempt: 98}, told[98])
		require.Equal(sc, models.EventData{Attempt: 99, Note: "later ones are not told"}, told[99])
	})
}

func TestAnAttemptThatOnlyTemporalTellsApartIsToldOnce(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		check := func(second int, state lifecycle.ActivityState, attempt int) {
			run, _ := sc.read(time.Duration(second) * time.Second)
			at := modelstest.Epoch.Add(time.Duration(second) * time.Second)
			require.NoError(sc, sc.at(time.Duration(second)*time.Second).RecordVerdict(sc.Context(), run, lifecycle.Verdict{
				Action: lifecycle.Silent, Sign: at, Silence: lifecycle.Silence{At: at, Evidence: lifecycle.Evidence{Activity: state, Attempt: attempt}},
			}))
		}
		check(1, lifecycle.ActivityStarted, 1)
		check(5, lifecycle.ActivityScheduled, 2)
		require.Empty(sc, sc.seen(lifecycle.StepRetried), "it is still to come")
		check(10, lifecycle.ActivityStarted, 3)
		check(15, lifecycle.ActivityStarted, 3)
		require.Equal(sc, []models.EventData{{Attempt: 3}}, sc.seen(lifecycle.StepRetried))
		sc.beat(20*time.Second, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 4})
		check(25, lifecycle.ActivityStarted, 4)
		require.Equal(sc, []models.EventData{{Attempt: 3}, {Attempt: 4}}, sc.seen(lifecycle.StepRetried), "its beats told it before")
	})
}

func TestWaitsWithinAStepAreToldWhenTheyHaveEnded(t *testing.T) {
	t.Parallel()
	forEachScene(t, nil, func(sc *scene) {
		at := func(second int) int64 { return modelstest.Epoch.Add(time.Duration(second) * time.Second).UnixMicro() }
		beat := func(after time.Duration, held *models.HeldWait) {
			sc.beat(after, models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1, Held: held})
		}
		pause := models.HeldWait{Reason: "rate limit", By: "collection users", Lasts: time.Minute}
		beat(time.Second, nil)
		beat(5*time.Second, &pause)
		beat(10*time.Second, &pause)
		require.Empty(sc, sc.seen(lifecycle.Waited), "it goes on")
		beat(20*time.Second, nil)
		want := models.EventData{Wait: "rate limit", WaitID: "held", By: "collection users", Since: at(5), Until: at(20)}
		require.Equal(sc, []models.EventData{want}, sc.seen(lifecycle.Waited))

		beat(21*time.Second, &pause)
		beat(21*time.Second+999*time.Millisecond, nil)
		require.Len(sc, sc.seen(lifecycle.Waited), 1, "too short to be told")

		pause.Lasts = 5 * time.Second
		beat(30*time.Second, &pause)
		beat(50*time.Second, nil)
		require.Equal(sc, at(35), sc.seen(lifecycle.Waited)[1].Until, "it ran out before anything was heard")

		pause.Lasts = time.Minute
		beat(60*time.Second, &pause)
		run, _ := sc.read(70 * time.Second)
		modelstest.Finish(sc.T, sc.at(70*time.Second), run, lifecycle.Succeeded)
		last := sc.seen(lifecycle.Waited)[2]
		require.Equal(sc, []int64{at(60), at(70)}, []int64{last.Since, last.Until}, "the run's end ends it")
	})
}
