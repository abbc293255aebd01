package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// fixtureNow is the moment at which the fixtures are looked at.
var fixtureNow = modelstest.Epoch.Add(time.Hour)

// everyState stores runs in every state, as they are at fixtureNow. The target names the state.
func everyState(t *testing.T, store *models.Store) {
	t.Helper()
	at := func(before time.Duration) *models.Store { return modelstest.At(store, fixtureNow.Add(-before)) }
	w := modelstest.Seed(t, at(time.Hour))
	kind := func(target string, change ...func(*models.NewRun)) models.NewRun {
		return w.NewRun(append(change, func(n *models.NewRun) { n.Target, n.Input = target, []byte(`{"n":3}`) })...)
	}
	to := func(before time.Duration, run models.Run, c lifecycle.Change) models.Run {
		t.Helper()
		run, err := at(before).Transition(t.Context(), run.ID, c)
		require.NoError(t, err)
		return run
	}
	read := func(run models.Run) models.Run {
		t.Helper()
		run, _, err := store.Run(t.Context(), models.Engine(), run.ID)
		require.NoError(t, err)
		return run
	}
	const long, now = 10 * time.Minute, 5 * time.Second
	evidence := lifecycle.Evidence{Answer: lifecycle.Answered, Execution: lifecycle.ExecRunning, HeartbeatAge: -1, PollerAge: -1, WorkersSeen: -1}
	silent := func(run models.Run, c lifecycle.Cause) {
		t.Helper()
		require.NoError(t, at(now).RecordVerdict(t.Context(), read(run), lifecycle.Verdict{
			Action: lifecycle.Silent, Cause: c,
			Silence: lifecycle.Silence{Cause: c, At: fixtureNow.Add(-now), For: time.Minute, Times: 4, Evidence: evidence},
		}))
	}
	claim := func(run models.Run, c lifecycle.Cause) lifecycle.Closing {
		t.Helper()
		run = read(run)
		closing := lifecycle.Closing{ID: "closing-" + run.Facts.Target, Cause: c}
		to(now, run, lifecycle.Change{Kind: lifecycle.CloseClaimed, Version: run.Facts.Version, LivenessAt: run.Facts.LivenessAt, Closing: closing})
		return closing
	}
	items := func(before time.Duration, run models.Run, all ...models.Item) {
		t.Helper()
		require.NoError(t, at(before).RecordItems(t.Context(), run.ID, all))
	}
	good, bad := models.Item{Key: "a", State: models.ItemSucceeded}, models.Item{Key: "b", State: models.ItemFailed, Code: "http_500", Message: "The server answered 500."}

	// Active.
	modelstest.Queued(t, at(now), kind("queued"))
	silent(modelstest.Queued(t, at(long), kind("queued and stuck")), lifecycle.NoWorkers)
	items(now, modelstest.Running(t, at(now), kind("running")), good, models.Item{Key: "c", State: models.ItemSkipped, Message: "not needed"})
	waiting := modelstest.Running(t, at(long), kind("waiting"))
	require.NoError(t, at(long).DeclareWait(t.Context(), waiting.ID, lifecycle.Wait{
		ID: "w1", Kind: lifecycle.DurableWait, Reason: "an approval", By: "step",
	}, time.Hour))
	to(now, modelstest.Running(t, at(now), kind("cancelling")), lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Olga"})
	require.NoError(t, at(now).RecordVerdict(t.Context(), modelstest.Running(t, at(now), kind("paused")), lifecycle.Verdict{
		Action: lifecycle.Refresh, Cause: lifecycle.Paused, Silence: lifecycle.Silence{Cause: lifecycle.Paused, At: fixtureNow.Add(-now), Times: 1, Evidence: evidence},
		Wait: lifecycle.Wait{ID: lifecycle.ObservedWait, Kind: lifecycle.DurableWait, Reason: "paused", By: "Temporal", Since: fixtureNow.Add(-now), Until: fixtureNow.Add(time.Minute)},
	}))
	silent(modelstest.Running(t, at(long), kind("stuck")), lifecycle.WorkerLost)
	claimed := modelstest.Running(t, at(long), kind("stuck and claimed by a person"))
	silent(claimed, lifecycle.NoWorkers)
	to(now, claimed, lifecycle.Change{Kind: lifecycle.Claimed, Actor: "Olga"})
	claim(modelstest.Running(t, at(long), kind("about to be closed")), lifecycle.NoWorkers)
	recovered := modelstest.Running(t, at(long), kind("recovered"))
	_, err := at(now).RecordBeats(t.Context(), models.WorkerRow{ID: "w", Host: "h", Queues: []string{"default"}}, []models.Beat{
		{RunID: recovered.ID, TemporalRunID: "t", ActivityID: "5", Attempt: 1, Held: &models.HeldWait{Reason: "rate limit", By: "5", Lasts: time.Minute}},
	})
	require.NoError(t, err)

	// Ended.
	end := func(target string, o lifecycle.Outcome, change ...func(*models.NewRun)) models.Run {
		t.Helper()
		run := modelstest.Running(t, at(long), kind(target, change...))
		items(long, run, good)
		if o == lifecycle.PartiallySucceeded {
			items(long, run, bad)
		}
		c := lifecycle.Change{Kind: lifecycle.Finished, Token: "token-" + target, Outcome: o}
		if o == lifecycle.Failed || o == lifecycle.Blocked {
			c.Failure = lifecycle.Failure{Code: "operation_failed", Message: "The disk is gone."}
		}
		return to(long-now, run, c)
	}
	done := end("succeeded", lifecycle.Succeeded)
	require.NoError(t, at(long).SaveArtifact(t.Context(), modelstest.Running(t, at(now), kind("running with a result")).ID, "report.json", "application/json", []byte(`{"n":1}`)))
	_, late := at(now).Transition(t.Context(), done.ID, lifecycle.Change{Kind: lifecycle.LateReported, Note: "1 item"})
	require.NoError(t, late)
	end("partial", lifecycle.PartiallySucceeded)
	end("failed", lifecycle.Failed)
	end("blocked", lifecycle.Blocked)
	end("cancelled", lifecycle.Cancelled)
	to(now, end("acknowledged", lifecycle.Failed), lifecycle.Change{Kind: lifecycle.Acknowledged, Actor: "Olga", Note: "known"})
	sync := func(n *models.NewRun) { n.Type, n.Supersedes = "sample.sync", true }
	earlier := modelstest.Running(t, at(long), kind("superseded, and by its side the one that does", sync))
	to(long, earlier, lifecycle.Change{Kind: lifecycle.Finished, Token: "t1", Outcome: lifecycle.Failed})
	later := modelstest.Running(t, at(long-time.Minute), kind("superseded, and by its side the one that does", sync))
	to(long-time.Minute, later, lifecycle.Change{Kind: lifecycle.Finished, Token: "t2", Outcome: lifecycle.Succeeded})
	first := end("retried", lifecycle.Failed)
	modelstest.Queued(t, at(now), kind("retry", func(n *models.NewRun) { n.RetryOf = first.ID }))
	lost := modelstest.Running(t, at(long), kind("reconciled"))
	silent(lost, lifecycle.NoWorkers)
	to(now, lost, lifecycle.Change{Kind: lifecycle.Reconciled, Closing: claim(lost, lifecycle.NoWorkers), Silence: read(lost).Facts.Silence})
	forced := modelstest.Running(t, at(long), kind("cancel forced"))
	to(long, forced, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Olga"})
	to(now, forced, lifecycle.Change{Kind: lifecycle.CancelForced, Closing: claim(forced, lifecycle.NoCause)})
	to(now, modelstest.Running(t, at(long), kind("adopted")), lifecycle.Change{
		Kind: lifecycle.Adopted, Token: "temporal:t", Outcome: lifecycle.Failed,
		Failure: lifecycle.Failure{Code: lifecycle.CodeTerminatedInTemporal, Message: "terminated by kim"},
	})
	require.NoError(t, at(now).FinishPass(t.Context(), models.PassReport{Every: 5 * time.Second, Took: time.Second, TemporalAnswered: true}))
}
