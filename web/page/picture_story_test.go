package page_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// life is a run that a test leads through its life in a real record, so that its picture is made of what is recorded.
type life struct {
	*testing.T
	store *models.Store
	begin time.Time
	id    string
}

func begun(t *testing.T, ago, staleAfter time.Duration) *life {
	t.Helper()
	l := &life{T: t, store: modelstest.New(t), begin: now.Add(-ago)}
	world := modelstest.Seed(t, l.store)
	l.id = modelstest.Queued(t, l.at(0), world.NewRun(func(n *models.NewRun) {
		n.Policy.StaleAfter, n.Policy.QueuedStaleAfter = staleAfter, staleAfter
	})).ID
	require.NoError(t, l.at(0).SetDispatched(t.Context(), l.id, "first", "default", "cluster"))
	return l
}

func (l *life) at(after time.Duration) *models.Store {
	return modelstest.At(l.store, l.begin.Add(after))
}

func (l *life) change(after time.Duration, c lifecycle.Change) {
	l.Helper()
	_, err := l.at(after).Transition(l.Context(), l.id, c)
	require.NoError(l, err)
}

// beats tells one sign of life after another, every four minutes.
func (l *life) beats(from, to time.Duration, b models.Beat) {
	l.Helper()
	b.RunID, b.TemporalRunID, b.ActivityID = l.id, "t", "1"
	for after := from; after <= to; after += 4 * time.Minute {
		rejected, err := l.at(after).RecordBeats(l.Context(), models.WorkerRow{ID: "w", Queues: []string{"default"}}, []models.Beat{b})
		require.NoError(l, err)
		require.Empty(l, rejected)
	}
}

func (l *life) silent(after time.Duration, c lifecycle.Cause) {
	l.Helper()
	run, at, err := l.at(after).Run(l.Context(), models.Engine(), l.id)
	require.NoError(l, err)
	require.NoError(l, l.at(after).RecordVerdict(l.Context(), run, lifecycle.Verdict{
		Action: lifecycle.Silent, Silence: lifecycle.Silence{Cause: c, At: at, Evidence: lifecycle.Evidence{Answer: lifecycle.Answered, WorkersSeen: -1, PollerAge: -1}},
	}))
}

func (l *life) recorded() (lifecycle.Facts, []models.Event) {
	l.Helper()
	run, _, err := l.store.Run(l.Context(), models.Engine(), l.id)
	require.NoError(l, err)
	events, _, err := l.store.Timeline(l.Context(), models.Engine(), l.id, models.Page{Limit: 500})
	require.NoError(l, err)
	return run.Facts, events
}

// eventful is a run to which everything happens that a picture shows.
func eventful(t *testing.T) (lifecycle.Facts, []models.Event) {
	t.Helper()
	l := begun(t, 2*time.Hour, 5*time.Minute)
	l.change(12*time.Second, lifecycle.Change{Kind: lifecycle.Started})
	l.beats(2*time.Minute, 6*time.Minute, models.Beat{Attempt: 1})
	l.beats(10*time.Minute, 14*time.Minute, models.Beat{Attempt: 1, Held: &models.HeldWait{Reason: "Retry-After", By: "api.contoso.example", Lasts: 10 * time.Minute}})
	l.beats(18*time.Minute, 25*time.Minute, models.Beat{Attempt: 1})
	l.silent(27*time.Minute+5*time.Second, lifecycle.NoWorkers)
	l.change(33*time.Minute, lifecycle.Change{Kind: lifecycle.Claimed, Actor: "Mara Lind"})
	l.beats(37*time.Minute, 45*time.Minute, models.Beat{Attempt: 2})
	l.beats(52*time.Minute, 52*time.Minute, models.Beat{Attempt: 2, MissedAge: 4 * time.Minute})
	l.beats(56*time.Minute, 64*time.Minute, models.Beat{Attempt: 3})
	l.change(65*time.Minute, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Mara Lind"})
	l.change(68*time.Minute, lifecycle.Change{Kind: lifecycle.Finished, Token: "t", Outcome: lifecycle.Cancelled})
	l.change(80*time.Minute, lifecycle.Change{Kind: lifecycle.LateReported, Note: "12 items <b>"})
	return l.recorded()
}

// brief is a run of one second, which somebody noted and opened again.
func brief(t *testing.T) (lifecycle.Facts, []models.Event) {
	t.Helper()
	l := begun(t, time.Minute, 5*time.Minute)
	l.change(80*time.Millisecond, lifecycle.Change{Kind: lifecycle.Started})
	l.change(1100*time.Millisecond, lifecycle.Change{Kind: lifecycle.Finished, Token: "t", Outcome: lifecycle.Failed, Failure: lifecycle.Failure{Message: "it broke"}})
	l.change(20*time.Second, lifecycle.Change{Kind: lifecycle.Acknowledged, Actor: "Mara Lind", Note: "seen"})
	l.change(30*time.Second, lifecycle.Change{Kind: lifecycle.Reopened, Actor: "Mara Lind"})
	return l.recorded()
}
