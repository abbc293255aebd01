package page_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/page/pagetest"
	"github.com/opstruth/opstruth/web/ui"
)

// drawRun is a sample of any state with anything that people, workers or the reconciler may have added to it.
func drawRun(t *rapid.T) models.Run {
	run := rapid.SampledFrom(pagetest.Cases()).Draw(t, "case").Run
	f := &run.Facts
	text := rapid.SampledFrom([]string{"", "x", "Mara Lindqvist", "<b>bold</b> \u202e🔥", strings.Repeat("very long words ", 40), strings.Repeat("x", 500)})
	maybe := func(name string, change func()) {
		if rapid.Bool().Draw(t, name) {
			change()
		}
	}
	maybe("texts", func() {
		f.Target, f.Queue, f.LastItem = text.Draw(t, "target"), text.Draw(t, "queue"), text.Draw(t, "item")
		f.Wait.Reason, f.Wait.By, f.Cancel.By = text.Draw(t, "reason"), text.Draw(t, "wait by"), text.Draw(t, "cancel by")
		f.Silence.Evidence.Host, f.Silence.Evidence.FailureText = text.Draw(t, "host"), text.Draw(t, "last failure")
		f.Silence.Evidence.PausedBy, f.Failure.Message = text.Draw(t, "paused by"), text.Draw(t, "failure")
	})
	maybe("stuck before", func() {
		f.StaleEpisodes, f.FirstStaleAt = rapid.IntRange(1, 9).Draw(t, "episodes"), now.Add(-50*time.Hour)
		f.RecoveredAt = now.Add(-49 * time.Hour)
	})
	maybe("unreachable", func() {
		f.Check.TemporalAt = now.Add(-rapid.SampledFrom([]time.Duration{time.Minute, 99 * time.Hour}).Draw(t, "since"))
	})
	maybe("gap", func() { f.Check.Gap = true })
	if f.Status.Active() {
		maybe("claimed", func() { f.Claim = lifecycle.Claim{At: now.Add(-time.Minute), By: text.Draw(t, "claimed by")} })
		return run
	}
	maybe("reasons", func() { f.Reasons = lifecycle.Reasons{Count: 4000, Top: text.Draw(t, "top")} })
	maybe("retried", func() { f.RetriedBy = pagetest.ID(77) })
	maybe("retry", func() { f.RetryOf = pagetest.ID(76) })
	maybe("superseded", func() { f.SupersededBy = pagetest.ID(78) })
	maybe("noted", func() {
		f.Acknowledged = lifecycle.Acknowledgement{At: now, By: text.Draw(t, "noted by"), Note: text.Draw(t, "note")}
	})
	maybe("late", func() { f.Late = lifecycle.LateResult{At: now, Summary: text.Draw(t, "summary")} })
	if run.Truth(now).Open {
		maybe("claimed", func() { f.Claim = lifecycle.Claim{At: now.Add(-time.Minute), By: text.Draw(t, "claimed by")} })
	}
	return run
}

// Whatever is known of a run, its decision zone is read in ten seconds, says all that it has to, and its next step
// is a button that works or an instruction.
func TestTheDecisionZoneOfAnyRun(t *testing.T) {
	t.Parallel()
	roles := map[models.Role]page.Frame{}
	for _, role := range []models.Role{models.RoleOperator, models.RoleViewer, ""} {
		roles[role] = as(t, role)
	}
	rapid.Check(t, func(t *rapid.T) {
		role := rapid.SampledFrom([]models.Role{models.RoleOperator, models.RoleViewer, ""}).Draw(t, "role")
		d := page.RunData{Frame: roles[role], Run: drawRun(t)}
		d.Lineage = lineageOf(d.Run)
		truth := d.Run.Truth(now)
		zone := page.Run(d).Decision

		var b bytes.Buffer
		require.NoError(t, ui.Decision(zone).Render(context.Background(), &b))
		shown := b.String()
		doc, err := goquery.NewDocumentFromReader(&b)
		require.NoError(t, err)
		doc.Find(".menu-list, .visually-hidden").Remove() // asked only after a click
		words := strings.Fields(text(doc.Selection))
		require.LessOrEqual(t, len(words), 60, strings.Join(words, " "))
		require.LessOrEqual(t, len(strings.Fields(zone.Headline)), 10, zone.Headline)
		require.NotEmpty(t, zone.Evidence)
		require.NotEmpty(t, zone.Reconciliation)
		require.NotEmpty(t, zone.Next.Text)
		require.NotContains(t, shown, "<b>bold")

		step, primary := truth.NextStep(), 0
		told := doc.Find(".decision-told").Length() == 1
		for _, a := range zone.Next.Actions {
			if a.Primary {
				primary++
				require.True(t, strings.HasPrefix(a.Href, "/"), a.Href)
			}
			require.Empty(t, a.Disabled)
		}
		button := step.Label != "" && (role == models.RoleOperator || step.Kind == lifecycle.StepOpen)
		if role != "" { // what platform staff may do depends on their capabilities
			require.Equal(t, button, primary == 1, "%s: %+v", step.Text, zone.Next.Actions)
		}
		require.LessOrEqual(t, primary, 1)
		require.Equal(t, primary == 0 && step.Kind != lifecycle.StepNone, told, "where no button is the step, its words are")
	})
}
