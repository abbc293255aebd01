package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/apiclient"
)

// groupFilters are those of the list that narrow a view of one class too.
var groupFilters = []string{"workspace", "tenant", "type", "cause", "queue", "stale_lineage", "initiator", "from", "to", "within", "q", "as_of"}

// groups is a command that shows runs of every workspace by what they have in common.
func (c *caller) groups(use, short, long string, more []string, tell func(ctx context.Context, filter apiclient.RequestEditorFn) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		Long: long + " Needs a token of the system plane. Filters have the names of the API's query parameters.",
	}
	taken := slices.Concat(groupFilters, more)
	offer(cmd.Flags(), func(name string) bool { return slices.Contains(taken, name) })
	cmd.RunE = c.calls(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
		return tell(ctx, narrowed(asked(cmd.Flags())))
	})
	return cmd
}

func (c *caller) stuck() *cobra.Command {
	return c.groups("stuck", "Show what is likely stuck in all workspaces, by what holds it up",
		"Show what is likely stuck in all workspaces, by cause and task queue, the worst first.", nil,
		func(ctx context.Context, filter apiclient.RequestEditorFn) error {
			found, body, err := apiclient.Read[apiclient.StuckGroups](c.SystemListStuck(ctx, nil, filter))
			if err != nil || c.json {
				return c.raw(body, err)
			}
			rows := [][]string{{"CAUSE", "QUEUE", "RUNS", "WORKSPACES", "CLAIMED", "SINCE", "BADGE", "HEADLINE", "NEXT_STEP"}}
			for _, g := range found.Groups {
				rows = append(rows, []string{
					value(g.Cause), g.Queue, whole(g.Runs), whole(g.Workspaces), whole(g.Claimed), moment(&g.Since), g.Badge, g.Headline, g.NextStep.Text,
				})
			}
			if err := c.rows(rows); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.err, "%d runs in all\n", found.Runs)
			return err
		})
}

func (c *caller) failures() *cobra.Command {
	return c.groups("failures", "Show what ended in all workspaces and needs follow-up, by how it ended",
		"Show what ended in all workspaces and needs follow-up, by how it ended, the most runs first.",
		[]string{"outcome", "failure", "ended_from", "ended_to", "ended_within"},
		func(ctx context.Context, filter apiclient.RequestEditorFn) error {
			found, body, err := apiclient.Read[apiclient.FailureGroups](c.SystemListFailures(ctx, nil, filter))
			if err != nil || c.json {
				return c.raw(body, err)
			}
			rows := [][]string{{"TYPE", "OUTCOME", "BADGE", "CAUSE", "RUNS", "WORKSPACES", "STALE_LINEAGE", "FAILURE", "EXAMPLE"}}
			shown := int64(0)
			for _, g := range found.Groups {
				shown += g.Runs
				rows = append(rows, []string{
					g.Type, string(g.Outcome), g.Badge, value(g.Cause), whole(g.Runs), whole(g.Workspaces), whole(g.StaleLineage), g.Failure, g.Example.Run,
				})
			}
			if err := c.rows(rows); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.err, "%d runs in all, %d of them in these groups\n", found.Runs, shown)
			return err
		})
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }
