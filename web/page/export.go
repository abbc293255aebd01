package page

import (
	"strconv"
	"strings"
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/internal/table"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

// ExportHeader names the columns of a list as a file.
func ExportHeader() []string {
	return []string{
		"Run", "Workspace", "Tenant", "Operation", "Type", "Target", "State", "Marks", "Headline", "Stuck", "Problem class", "Open", "Status", "Outcome", "Freshness",
		"Next step", "Started by", "Queued (UTC)", "Started (UTC)", "Ended (UTC)", "Seconds", "Items", "Processed", "Succeeded", "Failed", "Skipped", "Workflow id",
	}
}

// ExportRow tells a run in the words of its row in the list.
func (f Frame) ExportRow(r models.Run, now time.Time) []string {
	row, t := f.row(r, now, links.List{}), f.truth(r, now)
	facts := t.Facts()
	var marks []string
	for _, b := range t.Marks() {
		marks = append(marks, b.Label)
	}
	cells := []string{
		r.ID, row.Workspace, row.Tenant, row.Title, facts.Type, row.Target, t.Badge().Label, strings.Join(marks, ", "), row.Headline, row.Lineage,
		t.ProblemClass.Label(), yesNo(t.Open), facts.Status.Badge().Label, facts.Outcome.Badge().Label, t.Freshness.Badge().Label,
		t.NextStep().Text, row.Initiator, stamp(facts.QueuedAt), stamp(facts.StartedAt), stamp(facts.CompletedAt), seconds(facts.StartedAt, facts.CompletedAt),
	}
	for _, n := range []int64{facts.Counts.Total, facts.Counts.Processed, facts.Counts.Succeeded, facts.Counts.Failed, facts.Counts.Skipped} {
		cells = append(cells, strconv.FormatInt(n, 10))
	}
	cells = append(cells, contract.WorkflowID(r.ID))
	for i := range cells {
		cells[i] = table.Inert(cells[i])
	}
	return cells
}

func yesNo(b bool) string { return pick(&b, "yes", "no") }

// stamp is a moment as spreadsheets read it.
func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04:05")
}

func seconds(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return ""
	}
	return strconv.FormatFloat(to.Sub(from).Seconds(), 'f', 1, 64)
}
