package models_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/opstruth/opstruth/internal/dbfault"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// outageScene is a scene with a clock of the process beside the database's.
type outageScene struct {
	*scene
	process time.Time
}

func forEachOutage(t *testing.T, test func(sc *outageScene)) {
	t.Helper()
	dbfault.ForEachStore(t, func(t *testing.T, s *models.Store) {
		t.Helper()
		sc := &outageScene{scene: &scene{T: t, s: s, world: modelstest.Seed(t, s)}}
		s.WithProcessClock(func() time.Time { return sc.process })
		sc.run = modelstest.Running(t, sc.at(0), sc.world.NewRun())
		test(sc)
	})
}

// at moves both clocks.
func (sc *outageScene) at(after time.Duration) *models.Store {
	sc.process = time.Unix(1000, 0).Add(after)
	return sc.scene.at(after)
}

func lost(ctx context.Context) context.Context {
	return dbfault.Watch(ctx, func(dbfault.Point) error { return dbfault.ErrLost })
}

// away lets the process write in vain from one moment until another: items at first, beats of other runs then.
func (sc *outageScene) away(from, until time.Duration) {
	sc.Helper()
	require.ErrorIs(sc, sc.items(lost(sc.Context()), from), dbfault.ErrLost)
	for at := from + time.Second; at < until; at += 10 * time.Second {
		_, err := sc.at(at).RecordBeats(lost(sc.Context()), worker, nil)
		require.ErrorIs(sc, err, dbfault.ErrLost)
	}
}

// hear is the next step's first beat.
func (sc *outageScene) hear(at time.Duration) {
	sc.Helper()
	sc.at(at)
	require.Empty(sc, sc.beat(at, models.Beat{TemporalRunID: "t", ActivityID: "2", Attempt: 1}))
}

func (sc *outageScene) items(ctx context.Context, at time.Duration) error {
	return sc.at(at).RecordItems(ctx, sc.run.ID, []models.Item{{Key: at.String(), State: models.ItemSucceeded}})
}

func (sc *outageScene) outages() int64 {
	sc.Helper()
	return count(sc.T, sc.s, `SELECT COUNT(*) FROM outages`)
}

func (sc *outageScene) lineage(at time.Duration, own, gaps int) {
	sc.Helper()
	run, truth := sc.scene.read(at)
	require.Equal(sc, own > 0, truth.StaleLineage)
	require.Equal(sc, own, run.Facts.StaleEpisodes)
	require.Equal(sc, own == 0, run.Facts.FirstStaleAt.IsZero())
	require.Equal(sc, gaps, run.GapEpisodes)
}

var firstBeat = models.Beat{TemporalRunID: "t", ActivityID: "1", Attempt: 1}

// Whatever the record hears first of a run after an outage ends a silence of the record, not of the run.
func TestASilenceThatBeganInAnOutageIsAGap(t *testing.T) {
	t.Parallel()
	for name, recover := range map[string]func(sc *outageScene, s *models.Store) error{
		"its next step": func(sc *outageScene, _ *models.Store) error {
			sc.hear(time.Minute)
			return nil
		},
		"a wait": func(sc *outageScene, s *models.Store) error {
			return s.DeclareWait(sc.Context(), sc.run.ID, lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait, By: "step"}, time.Hour)
		},
		"the reconciler": func(sc *outageScene, s *models.Store) error {
			run, now, err := s.Run(sc.Context(), models.Engine(), sc.run.ID)
			require.NoError(sc, err)
			return s.RecordVerdict(sc.Context(), run, lifecycle.Verdict{
				Action: lifecycle.Refresh, Cause: lifecycle.ActivityRetrying,
				Silence: lifecycle.Silence{Cause: lifecycle.ActivityRetrying, At: now, Times: 1},
				Wait:    lifecycle.Wait{ID: lifecycle.ObservedWait, Kind: lifecycle.DurableWait, Since: now, Until: now.Add(time.Minute)},
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEachOutage(t, func(sc *outageScene) {
				sc.at(0)
				sc.beat(0, firstBeat)
				sc.away(10*time.Second, time.Minute)
				require.NoError(sc, recover(sc, sc.at(time.Minute)))
				sc.lineage(time.Minute, 0, 1)
				require.Equal(sc, int64(1), sc.outages())
				require.NoError(sc, sc.items(sc.Context(), 61*time.Second))
				require.Equal(sc, int64(1), sc.outages(), "it is told once")
			})
		})
	}
}

func TestAnEndAfterAnOutageIsAGap(t *testing.T) {
	t.Parallel()
	forEachOutage(t, func(sc *outageScene) {
		sc.beat(0, firstBeat)
		sc.away(10*time.Second, time.Minute)
		run := modelstest.Finish(sc.T, sc.at(time.Minute), sc.run, lifecycle.Succeeded)
		require.False(sc, run.Truth(modelstest.Epoch.Add(time.Minute)).StaleLineage)
		require.Equal(sc, 1, run.GapEpisodes)
	})
}

func times(seconds ...int) (all []time.Duration) {
	for _, s := range seconds {
		all = append(all, time.Duration(s)*time.Second)
	}
	return all
}

// lost is another process's verdict at a moment, the n-th since the first.
func (sc *outageScene) lost(at, first time.Duration, n int) {
	sc.Helper()
	run, _ := sc.scene.read(at)
	require.NoError(sc, sc.scene.at(at).OtherProcess().RecordVerdict(sc.Context(), run, lifecycle.Verdict{
		Action: lifecycle.Silent, Cause: lifecycle.WorkerLost,
		Silence: lifecycle.Silence{Cause: lifecycle.WorkerLost, At: modelstest.Epoch.Add(at), For: at - first, Times: n + 1},
	}))
}

// What a process could not say explains nothing that Temporal says otherwise, and nothing that began before or after.
func TestAnOutageHidesNoSilence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, until time.Duration
		confirmed   []time.Duration
		heard       time.Duration
		own, gaps   int
	}{
		"it began well before":                       {from: 25 * time.Second, until: 50 * time.Second, heard: 50 * time.Second, own: 1},
		"it began after":                             {from: time.Second, until: 10 * time.Second, heard: 50 * time.Second, own: 1},
		"it began as beats were about to go on":      {from: time.Second, until: 16 * time.Second, heard: 50 * time.Second, gaps: 1},
		"its step is to be tried again":              {from: 10 * time.Second, until: 30 * time.Second, confirmed: times(31, 41), heard: 50 * time.Second, gaps: 1},
		"its worker is lost, and stays so":           {from: 10 * time.Second, until: 30 * time.Second, confirmed: times(31, 41, 51), heard: 52 * time.Second, own: 1},
		"the record was away for others":             {from: 10 * time.Second, until: 50 * time.Second, confirmed: times(21), heard: 52 * time.Second, own: 1},
		"the record was away for others, and longer": {from: 10 * time.Second, until: 50 * time.Second, confirmed: times(21, 31, 41, 52), heard: 53 * time.Second, own: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEachOutage(t, func(sc *outageScene) {
				sc.beat(0, firstBeat)
				sc.away(c.from, c.until)
				told := false
				for i, at := range slices.Concat(c.confirmed, []time.Duration{c.heard}) {
					if at >= c.until && !told {
						_, err := sc.at(c.until).RecordBeats(sc.Context(), worker, nil)
						require.NoError(sc, err)
						require.Equal(sc, int64(1), sc.outages())
						told = true
					}
					if at < c.heard {
						sc.lost(at, c.confirmed[0], i)
					}
				}
				sc.hear(c.heard)
				sc.lineage(c.heard, c.own, c.gaps)
			})
		})
	}
}

func TestWhatIsNoOutage(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(sc *outageScene){
		"a change that was refused": func(sc *outageScene) {
			_, err := sc.at(50*time.Second).Transition(sc.Context(), "nobody", lifecycle.Change{Kind: lifecycle.Started})
			require.ErrorIs(sc, err, models.ErrNotFound)
		},
		"a row that was refused": func(sc *outageScene) {
			require.Error(sc, sc.at(50*time.Second).Write(sc.Context(), func(tx *gorm.DB) error {
				return tx.Exec(`INSERT INTO run_events (run_id) VALUES ('nobody')`).Error
			}))
		},
		"a caller that gave up": func(sc *outageScene) {
			ctx, cancel := context.WithCancel(sc.Context())
			ctx = dbfault.Watch(ctx, func(dbfault.Point) error {
				cancel()
				return dbfault.ErrLost
			})
			require.Error(sc, sc.items(ctx, 50*time.Second))
		},
		"a process that was stopped": func(sc *outageScene) {
			stopped := dbfault.Watch(sc.Context(), func(dbfault.Point) error {
				sc.at(time.Minute)
				return dbfault.ErrLost
			})
			require.ErrorIs(sc, sc.items(stopped, 10*time.Second), dbfault.ErrLost)
		},
		"a process that was stopped between two writes": func(sc *outageScene) {
			require.ErrorIs(sc, sc.items(lost(sc.Context()), 10*time.Second), dbfault.ErrLost)
		},
		"a write that others overtook": func(sc *outageScene) {
			waits := dbfault.Watch(sc.Context(), func(dbfault.Point) error {
				require.NoError(sc, sc.Context().Err())
				other := modelstest.Running(sc.T, sc.at(59500*time.Millisecond), sc.world.NewRun())
				require.NotEmpty(sc, other.ID)
				return context.DeadlineExceeded
			})
			if sc.s.Dialect() == "sqlite" {
				return // the only writer
			}
			require.ErrorIs(sc, sc.items(waits, 35*time.Second), context.DeadlineExceeded)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEachOutage(t, func(sc *outageScene) {
				sc.beat(0, firstBeat)
				fail(sc)
				sc.hear(time.Minute)
				require.Zero(sc, sc.outages())
				sc.lineage(time.Minute, 1, 0)
			})
		})
	}
}

func TestOutagesAreForgottenAfterAWeek(t *testing.T) {
	t.Parallel()
	forEachOutage(t, func(sc *outageScene) {
		sc.away(10*time.Second, time.Minute)
		require.NoError(sc, sc.items(sc.Context(), time.Minute))
		const week = 7 * 24 * time.Hour
		require.NoError(sc, sc.at(week+time.Minute).FinishPass(sc.Context(), models.PassReport{}))
		require.Equal(sc, int64(1), sc.outages())
		require.NoError(sc, sc.at(week+time.Minute+time.Second).FinishPass(sc.Context(), models.PassReport{}))
		require.Zero(sc, sc.outages())
	})
}

// The reconciler reads before it writes, and may be the first that is there again.
func TestAnOutageThatOnlyReadsHaveSeen(t *testing.T) {
	t.Parallel()
	forEachOutage(t, func(sc *outageScene) {
		sc.beat(0, firstBeat)
		for _, at := range times(10, 20, 30, 40, 50) {
			_, _, err := sc.at(at).ReconcilerState(lost(sc.Context()))
			require.ErrorIs(sc, err, dbfault.ErrLost)
		}
		run, now, err := sc.at(time.Minute).Run(sc.Context(), models.Engine(), sc.run.ID)
		require.NoError(sc, err)
		require.NoError(sc, sc.at(time.Minute).RecordVerdict(sc.Context(), run, lifecycle.Verdict{Action: lifecycle.Refresh, Sign: now}))
		sc.lineage(time.Minute, 0, 1)
	})
}

// A run's numbers and its timeline agree, also where another process tells of an outage in between.
func TestAnOutageThatIsToldMeanwhile(t *testing.T) {
	t.Parallel()
	forEachOutage(t, func(sc *outageScene) {
		if sc.s.Dialect() == "sqlite" {
			sc.Skip("its transactions take turns")
		}
		sc.beat(0, firstBeat)
		told := 0
		meanwhile := dbfault.Watch(sc.Context(), func(p dbfault.Point) error {
			if !strings.Contains(p.Statement, "UPDATE run_liveness AS l") || told > 0 {
				return nil
			}
			told++
			from := modelstest.Epoch.Add(10 * time.Second).UnixMicro()
			return sc.s.DB().WithContext(sc.Context()).Exec(`INSERT INTO outages (from_at, to_at) VALUES (?, ?)`, from, from+50_000_000).Error
		})
		beat := models.Beat{RunID: sc.run.ID, TemporalRunID: "t", ActivityID: "2", Attempt: 1}
		_, err := sc.at(time.Minute).RecordBeats(meanwhile, worker, []models.Beat{beat})
		require.NoError(sc, err)
		require.Equal(sc, 1, told)
		sc.lineage(time.Minute, 0, 1)
		require.Equal(sc, int64(2), count(sc.T, sc.s, `SELECT COUNT(*) FROM run_events WHERE run_id = ? AND kind IN ('went_stale', 'recovered') AND data LIKE '%"gap":true%'`, sc.run.ID))
	})
}
