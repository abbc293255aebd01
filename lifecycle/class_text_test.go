package lifecycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

func TestTheClassIsSaidWhereTheBadgeDoesNotSayIt(t *testing.T) {
	t.Parallel()
	unverified := running()
	unverified.Check = lifecycle.Check{Every: pass, TemporalAt: noon.Add(-time.Hour)}
	for _, c := range []struct {
		facts                  lifecycle.Facts
		at                     time.Time
		badge, class, followUp string
	}{
		{running(), noon, "Running", "", ""},
		{running(), late, "Likely stuck", "", ""},
		{unverified, late, "Unverified", "Likely stuck", ""},
		{ended(lifecycle.Succeeded), noon, "Succeeded", "", ""},
		{ended(lifecycle.Failed), noon, "Failed", "Ended, needs follow-up", "Open"},
		{with(endedAs(lifecycle.Failed), func(f *lifecycle.Facts) { f.Acknowledged = lifecycle.Acknowledgement{At: noon, By: "Ada Byron"} })(), noon, "Failed", "Ended, needs follow-up", "Noted by Ada Byron"},
		{with(endedAs(lifecycle.Failed), func(f *lifecycle.Facts) { f.Acknowledged.At = noon })(), noon, "Failed", "Ended, needs follow-up", "Noted"},
		{with(endedAs(lifecycle.Blocked), func(f *lifecycle.Facts) { f.SupersededBy = "r2" })(), noon, "Could not start", "Ended, needs follow-up", "Later run succeeded"},
		{reconciled(lifecycle.NoWorkers), noon, "Failed · was stuck", "Ended, needs follow-up", "Open"},
	} {
		truth := lifecycle.Derive(c.facts, c.at)
		require.Equal(t, []string{c.badge, c.class, c.followUp}, []string{truth.Badge().Label, truth.ClassNote(), truth.FollowUpText()})
	}
}

func TestOnlyPlatformStaffAreSentToTemporal(t *testing.T) {
	t.Parallel()
	for _, truth := range told() {
		require.NotContains(t, truth.NextStep().Text, "in Temporal", "%s %s", truth.State, truth.Cause)
		require.NotContains(t, truth.NextStep().Text, "Temporal UI", "%s %s", truth.State, truth.Cause)
		require.Equal(t, truth.NextStep().Kind, truth.ForStaff().NextStep().Kind)
	}
	paused := running()
	paused.Silence = lifecycle.Silence{Cause: lifecycle.Paused, At: noon}
	truth := lifecycle.Derive(paused, noon)
	require.Equal(t, "Ask platform staff to unpause it when it may go on.", truth.NextStep().Text)
	require.Equal(t, "Unpause it in Temporal when it may go on.", truth.ForStaff().NextStep().Text)
	failing := lifecycle.Derive(silentFor(lifecycle.WorkflowTaskFailing, lifecycle.Evidence{}, late), late)
	require.Equal(t, "Ask platform staff to roll back the workers of queue “inventory”.", failing.NextStep().Text)
	require.Equal(t, "Roll back the workers of queue “inventory”; Temporal UI shows the error.", failing.ForStaff().NextStep().Text)
}

func TestNumbersReadTheSameEverywhere(t *testing.T) {
	t.Parallel()
	f := ended(lifecycle.PartiallySucceeded)
	f.Counts = lifecycle.Counts{Total: 12480, Processed: 12480, Succeeded: 8270, Failed: 4210}
	truth := lifecycle.Derive(f, noon)
	require.Equal(t, "Ended: 4\u202f210 of 12\u202f480 items failed", truth.Headline())
	require.Contains(t, truth.Evidence(), "8\u202f270 of 12\u202f480 items done, 4\u202f210 failed.")
	_, failure := f.Counts.End()
	require.Equal(t, "4\u202f210 of 12\u202f480 items failed", failure.Message)
	f.Failure, f.Outcome = failure, lifecycle.Failed
	require.Contains(t, lifecycle.Derive(f, noon).Evidence(), "Error: 4\u202f210 of 12\u202f480 items failed.", "quoted as it is")
}

func TestAFailuresReasonIsThatOfItsItemsWhereTheyMadeItFail(t *testing.T) {
	t.Parallel()
	f := ended(lifecycle.PartiallySucceeded)
	f.Failure = lifecycle.Failure{Code: "items_failed", Message: "4\u202f210 of 12\u202f480 items failed"}
	require.Equal(t, "# of # items failed", f.FailureReason(), "nothing was said of the items")
	f.Reasons = lifecycle.Reasons{Count: 3, Top: "token … has expired"}
	require.Equal(t, "token … has expired", f.FailureReason())
	f.Failure = lifecycle.Failure{Code: "operation_failed", Message: "disk 7 is full"}
	require.Equal(t, "disk # is full", f.FailureReason(), "its items were not what ended it")
	f.Failure = lifecycle.Failure{Code: "quota"}
	require.Equal(t, "quota", f.FailureReason())
	f.Failure = lifecycle.Failure{}
	require.Empty(t, f.FailureReason())
}
