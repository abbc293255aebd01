package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/opstruth/opstruth/internal/apiclient"
)

// raw prints what the API answered, unchanged but for a line's end.
func (c *caller) raw(body []byte, err error) error {
	if err != nil {
		return err
	}
	_, err = c.out.Write(append(bytes.TrimRight(body, "\n"), '\n'))
	return err
}

// tell prints a run as it was asked for.
func (c *caller) tell(run apiclient.Run, body []byte) error {
	if c.json {
		return c.raw(body, nil)
	}
	c.card(run)
	return nil
}

func newTable(out io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(out, 0, 0, 2, ' ', 0) }

// rows prints a table, whose first row names its columns as the API does.
func (c *caller) rows(rows [][]string) error {
	t := newTable(c.out)
	for _, row := range rows {
		for i := range row {
			row[i] = cell(row[i])
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// goesOn tells how a list that was printed goes on.
func (c *caller) goesOn(err error, cursor *string) error {
	if err == nil && cursor != nil {
		_, err = fmt.Fprintf(c.err, "There are more: go on with --cursor %s\n", *cursor)
	}
	return err
}

func (c *caller) table(runs []apiclient.Run) error {
	rows := [][]string{{
		"ID", "WORKSPACE", "TENANT", "TYPE", "TARGET", "BADGE", "PROBLEM_CLASS", "FRESHNESS", "PROGRESS", "QUEUED_AT", "MARKS", "HEADLINE",
	}}
	for _, r := range runs {
		rows = append(rows, []string{
			r.Id, r.Workspace, value(r.Tenant), r.Type, r.Target, r.Badge, string(r.ProblemClass), string(r.Freshness), counted(r.Progress), moment(&r.QueuedAt), marks(r), r.Headline,
		})
	}
	return c.rows(rows)
}

// card shows one run: first how it is, how that is known, whether it was reconciled and what to do next,
// then its facts, with the reasons for which its items failed.
func (c *caller) card(r apiclient.Run, reasons ...apiclient.Reason) {
	t := newTable(c.out)
	defer t.Flush()
	line := func(name, text string) {
		if text = clean(text); text != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, text)
		}
	}
	line("badge", r.Badge)
	line("problem_class", string(r.ProblemClass))
	if r.ProblemClass == apiclient.ProblemClassTerminalFollowUp {
		line("open", strconv.FormatBool(r.Open))
	}
	line("freshness", string(r.Freshness))
	line("stale_lineage", strconv.FormatBool(r.StaleLineage))
	line("headline", r.Headline)
	for _, e := range r.Evidence {
		line("evidence", e)
	}
	if x := r.Reconciliation; x != nil {
		line("reconciliation", x.Note)
	}
	line("next_step", r.NextStep.Text)
	line("marks", marks(r))
	if x := r.Failure; x != nil {
		line("failure", x.Code+": "+x.Message)
	}
	if x := r.LateResult; x != nil {
		line("late_result", moment(&x.At)+" "+x.Summary)
	}
	if x := r.CancelRequested; x != nil {
		line("cancel_requested", moment(&x.At)+" by "+x.By)
	}
	if x := r.Acknowledged; x != nil {
		line("acknowledged", moment(&x.At)+" by "+x.By+": "+x.Note)
	}
	if x := r.ClaimedBy; x != nil {
		line("claimed_by", *x+", "+moment(r.ClaimedAt))
	}
	line("progress", detailed(r.Progress))
	for _, x := range reasons {
		line("reason", fmt.Sprintf("%d failed, such as %s: %s", x.Items, x.Key, cmp.Or(x.Text, "no reason was recorded")))
	}
	facts(line, r)
}

func facts(line func(name, text string), r apiclient.Run) {
	line("id", r.Id)
	line("workspace", r.Workspace)
	line("tenant", value(r.Tenant))
	line("type", r.Type)
	line("target", r.Target)
	line("initiator", value(r.Initiator))
	line("initiator_id", value(r.InitiatorId))
	line("queued_at", moment(&r.QueuedAt))
	line("started_at", moment(r.StartedAt))
	line("last_heartbeat_at", moment(r.LastHeartbeatAt))
	line("last_progress_at", moment(r.LastProgressAt))
	line("stale_at", moment(r.StaleAt))
	line("completed_at", moment(r.CompletedAt))
	line("retry_of", value(r.RetryOf))
	line("retried_by", value(r.RetriedBy))
	line("superseded_by", value(r.SupersededBy))
	line("workflow_id", r.WorkflowId)
	line("as_of", moment(&r.AsOf))
}

// marks are the API's own words for what is to be known beside the badge.
func marks(r apiclient.Run) string { return strings.Join(r.Marks, ", ") }

// counted is what of a run is done, and of how many where that is known.
func counted(p apiclient.Progress) string {
	if p.Total == 0 {
		return strconv.FormatInt(p.Processed, 10)
	}
	return fmt.Sprintf("%d/%d", p.Processed, p.Total)
}

func detailed(p apiclient.Progress) string {
	return fmt.Sprintf("%s (succeeded %d, failed %d, skipped %d)", counted(p), p.Succeeded, p.Failed, p.Skipped)
}

func moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func value[T ~string](s *T) string {
	if s == nil {
		return ""
	}
	return string(*s)
}

// cell is a text as a table shows it.
func cell(s string) string { return cmp.Or(clean(s), "-") }

// clean makes one line of a text that may come from anywhere, so that it can neither break a table nor
// steer a terminal.
func clean(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
}
