package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

// told are truths in every state and cause: with all that can be known and at
// its longest, and with next to nothing known.
func told() []lifecycle.Truth {
	var all []lifecycle.Truth
	add := func(f lifecycle.Facts, now time.Time) {
		all = append(all, lifecycle.Derive(f, now), lifecycle.Derive(wordy(f), now), lifecycle.Derive(bare(f), now))
	}
	checks := []lifecycle.Check{{}, {Every: pass}, {Every: pass, TemporalAt: noon.Add(-72 * time.Hour)}, {Gap: true}}
	waits := []lifecycle.Wait{{}, {ID: "w", Kind: lifecycle.DurableWait, Until: noon.Add(49 * time.Hour)}, {ID: "w", Kind: lifecycle.HeldWait, Until: noon.Add(-time.Hour)}}
	for _, base := range []lifecycle.Facts{running(), queued()} {
		for _, check := range checks {
			for _, wait := range waits {
				for _, cause := range append(lifecycle.Causes(), lifecycle.NoCause) {
					for i := range 4 {
						f := base
						f.Check, f.Wait = check, wait
						f.Silence = lifecycle.Silence{Cause: cause, At: noon.Add(2 * time.Minute), Evidence: telling(i)}
						if i&1 != 0 {
							f.Cancel = lifecycle.CancelRequest{At: noon, ForcedAt: noon.Add(30 * time.Second)}
						}
						add(f, noon)
						add(f, noon.Add(48*time.Hour))
					}
				}
			}
		}
		noProgress := base
		noProgress.StaleAt = noon
		add(noProgress, noon)
	}
	for _, o := range lifecycle.Outcomes() {
		add(ended(o), noon.Add(72*time.Hour))
	}
	for _, c := range append(lifecycle.Causes(), lifecycle.NoCause) {
		add(reconciled(c), noon.Add(72*time.Hour))
	}
	return all
}

func telling(i int) lifecycle.Evidence {
	e := alive()
	switch i {
	case 1:
		e.Activity, e.Attempt, e.HeartbeatAge, e.StartedAge, e.LastFailure = lifecycle.ActivityStarted, 3, time.Minute, time.Hour, lifecycle.FailureApplication
	case 2:
		e.Activity, e.Attempt, e.ScheduledAge, e.LastFailure = lifecycle.ActivityScheduled, 3, time.Minute, lifecycle.FailureHeartbeatTimeout
		e.HeartbeatAge = 30 * time.Hour
		unserved(&e)
	case 3:
		e.WorkflowTask, e.WorkflowTaskAttempt, e.WorkflowTaskAge = true, 7, 30*time.Hour
		e.Workers, e.WorkersSeen = 0, 30*time.Hour
	}
	return e
}

// wordy fills every foreign text with far too many words and discloses all.
func wordy(f lifecycle.Facts) lifecycle.Facts {
	f.Type, f.Target, f.Queue, f.LastItem, f.Initiator = long, long, long, long, long
	f.Wait.By, f.Wait.Reason, f.Cancel.By = long, long, long
	f.Silence.Evidence.PausedBy, f.Silence.Evidence.Host, f.Silence.Evidence.FailureText = long, long, long
	f.Failure = lifecycle.Failure{Code: "x", Message: long}
	f.StaleEpisodes, f.FirstStaleAt, f.RecoveredAt = 1, noon.Add(-90*time.Hour), noon.Add(-89*time.Hour)
	f.Counts.Skipped = 7
	f.Claim = lifecycle.Claim{At: noon, By: long}
	if f.Status == lifecycle.Completed {
		f.Late = lifecycle.LateResult{At: noon, Summary: long}
		f.Acknowledged = lifecycle.Acknowledgement{At: noon, By: long, Note: long}
		f.SupersededBy = "r2"
	}
	return f
}

// bare forgets what a run may do without.
func bare(f lifecycle.Facts) lifecycle.Facts {
	f.Type, f.Target, f.Queue, f.LastItem, f.Counts = "", "", "", "", lifecycle.Counts{}
	f.DispatchedAt, f.Silence.Evidence = time.Time{}, lifecycle.Evidence{StartedAge: -1, HeartbeatAge: -1, PausedAge: -1, WorkersSeen: -1, PollerAge: -1}
	f.TerminalToken = ""
	return f
}

func words(s ...string) int { return len(strings.Fields(strings.Join(s, " "))) }

func TestDecisionZoneIsShortInEveryStateAndCause(t *testing.T) {
	t.Parallel()
	states, causes, worst := map[lifecycle.State]bool{}, map[lifecycle.Cause]bool{}, 0
	read := told()
	for _, truth := range read[:len(read):len(read)] {
		read = append(read, truth.ForStaff())
	}
	for _, truth := range read {
		states[truth.State] = true
		if truth.State == lifecycle.StateStuck {
			causes[truth.Cause] = true
		}
		step := truth.NextStep()
		zone := append(truth.Evidence(), truth.Headline(), truth.ReconciliationNote(), step.Label, step.Text)
		text := strings.Join(zone, "\n")
		require.LessOrEqual(t, words(truth.Headline()), 10, truth.Headline())
		require.LessOrEqual(t, words(zone...), 60, text)
		worst = max(worst, words(zone...))
		require.NotContains(t, text, "  ", text)
		require.NotContains(t, text, "..", text)
		require.NotContains(t, text, "……", text)
		require.NotContains(t, text, "unknown time", text)
		for _, s := range []string{truth.Headline(), truth.ReconciliationNote(), step.Text, truth.Badge().Label} {
			require.NotEmpty(t, s, "%s %s", truth.State, truth.Cause)
		}
		require.NotEmpty(t, truth.Evidence())
		if !truth.Facts().Late.At.IsZero() {
			require.Contains(t, text, "Late result ignored at", text)
		}
		action := step.Kind != lifecycle.StepNone && step.Kind != lifecycle.StepWait && step.Kind != lifecycle.StepInstruct
		require.Equal(t, action, step.Label != "", "a button has a label, an instruction has none")
	}
	for _, s := range lifecycle.States() {
		require.True(t, states[s], "state %s was never told", s)
	}
	for _, c := range append(lifecycle.Causes(), lifecycle.NoCause) {
		if c != lifecycle.Unverified { // is a state of its own
			require.True(t, causes[c], "cause %s was never told", c)
		}
	}
	t.Logf("longest decision zone: %d words", worst)
}

func TestACutTextEndsOnceAndAWholeOneWithAStop(t *testing.T) {
	t.Parallel()
	f := lifecycle.Facts{Status: lifecycle.Completed, Outcome: lifecycle.Failed, CompletedAt: noon.Add(-time.Minute)}
	for message, want := range map[string]string{
		"The disk is full.":                        "Error: The disk is full.",
		strings.Repeat("word ", 27) + "last; more": "Error: " + strings.Repeat("word ", 27) + "last…",
	} {
		f.Failure.Message = message
		require.Contains(t, lifecycle.Derive(f, noon).Evidence(), want)
	}
}

func TestEveryValueHasItsBadge(t *testing.T) {
	t.Parallel()
	whole := func(b lifecycle.Badge) {
		t.Helper()
		require.NotEmpty(t, b.Label)
		require.NotEmpty(t, b.Tone)
		require.NotEmpty(t, b.Icon)
	}
	for _, s := range lifecycle.Statuses() {
		whole(s.Badge())
	}
	for _, o := range lifecycle.Outcomes() {
		if o == lifecycle.Pending {
			require.Empty(t, o.Badge(), "people are shown none")
			continue
		}
		whole(o.Badge())
	}
	for _, f := range lifecycle.Freshnesses() {
		whole(f.Badge())
	}
	for _, c := range lifecycle.ProblemClasses() {
		whole(c.Badge())
		require.Equal(t, c.Badge().Label, c.Label())
	}
	for _, c := range append(lifecycle.Causes(), lifecycle.NoCause) {
		require.NotEmpty(t, c.Label(), c)
	}
}

func TestClassesReadTheSameEverywhere(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Likely stuck", lifecycle.ActiveStaleAttention.Label())
	require.Equal(t, "Ended, needs follow-up", lifecycle.TerminalFollowUp.Label())
	require.Equal(t, "Likely stuck", lifecycle.Derive(running(), late).Badge().Label)
	require.Equal(t, "Failed · was stuck", lifecycle.Derive(reconciled(lifecycle.NoWorkers), noon).Badge().Label)
}

func TestMarks(t *testing.T) {
	t.Parallel()
	labels := func(f lifecycle.Facts, now time.Time) []string {
		var all []string
		for _, m := range lifecycle.Derive(f, now).Marks() {
			all = append(all, m.Label)
		}
		return all
	}
	require.Empty(t, labels(running(), noon))
	recovered := running()
	recovered.StaleEpisodes = 1
	require.Equal(t, []string{"Was stuck"}, labels(recovered, noon))
	require.Empty(t, labels(recovered, late), "it is stuck now")
	require.Empty(t, labels(reconciled(lifecycle.NoWorkers), noon), "its badge tells")
	all := reconciled(lifecycle.NoWorkers)
	all.Acknowledged.At, all.SupersededBy, all.Late.At = noon, "r2", noon
	require.Equal(t, []string{"Noted", "Later run succeeded", "Late result ignored"}, labels(all, noon))
	stopping := running()
	stopping.Cancel.At = noon
	require.Equal(t, []string{"Cancelling"}, labels(stopping, late))
	require.Empty(t, labels(stopping, noon), "its badge tells")
	stopping.Claim = lifecycle.Claim{At: noon, By: "Ada Byron"}
	require.Equal(t, []string{"Cancelling", "On it: Ada Byron"}, labels(stopping, late))
	stopping.Claim.By = " "
	require.Equal(t, []string{"Cancelling", "Somebody is on it"}, labels(stopping, late))
}

func TestARetriedRunLeadsToItsRetry(t *testing.T) {
	t.Parallel()
	f := ended(lifecycle.Failed)
	require.Equal(t, lifecycle.StepRetry, lifecycle.Derive(f, noon).NextStep().Kind)
	f.RetryOf = "0195a7c2-6d0a-7c1e-9a53-000000000001"
	require.Equal(t, lifecycle.StepRetry, lifecycle.Derive(f, noon).NextStep().Kind, "the newest of a chain can be retried")
	f.RetriedBy = "0195a7c2-6d0a-7c1e-9a53-0000000f00ba"
	truth := lifecycle.Derive(f, noon)
	require.Equal(t, lifecycle.Step{Kind: lifecycle.StepOpen, Label: "Open its retry", Text: "It was retried: see how that run goes."}, truth.NextStep())
	require.Contains(t, truth.Evidence(), "Run …000f00ba retries it.")
	require.True(t, truth.Open, "a retry that was started has made nothing good yet")
	f.SupersededBy = f.RetriedBy
	require.Equal(t, lifecycle.StepNone, lifecycle.Derive(f, noon).NextStep().Kind)
	good := ended(lifecycle.Succeeded)
	good.RetriedBy = "r2"
	require.Equal(t, lifecycle.StepNone, lifecycle.Derive(good, noon).NextStep().Kind)
}

func TestNotificationCarriesClassAndStaleCue(t *testing.T) {
	t.Parallel()
	title, body := lifecycle.Derive(reconciled(lifecycle.NoWorkers), noon).Notification()
	require.Equal(t, "Failed · was stuck: inventory.sync for Contoso Ltd", title)
	require.Equal(t, "Reconciled: closed by opstruth after 24 h of silence. Ended, needs follow-up. Check “Contoso Ltd” for half-done work, then retry.", body)

	f := ended(lifecycle.PartiallySucceeded)
	f.StaleEpisodes = 1
	title, body = lifecycle.Derive(f, noon).Notification()
	require.Equal(t, "Partly done: inventory.sync for Contoso Ltd", title)
	require.Equal(t, "Ended: 3 of 400 items failed. Ended, needs follow-up. Was stuck. Fix what the failed items name, then retry.", body)

	title, body = lifecycle.Derive(ended(lifecycle.Succeeded), noon).Notification()
	require.Equal(t, "Succeeded: inventory.sync for Contoso Ltd", title)
	require.Equal(t, "All 123 items are done. Nothing to do.", body)
}
