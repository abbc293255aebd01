package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/apiclient"
)

func (c *caller) items() *cobra.Command {
	var state, cursor string
	var limit int
	cmd := &cobra.Command{
		Use:     "items RUN",
		Short:   "List what a run worked on, and how each item ended",
		Example: `  opstruth runs items 0198c7be-3f0e-7d52-9a51-5b8f0a1c2d3e --state failed`,
		Args:    cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&state, "state", "", "only items that ended so: succeeded, failed or skipped")
	f.StringVar(&cursor, "cursor", "", "go on where the page before ended")
	f.IntVar(&limit, "limit", 0, "how many to list at most")
	c.onSystem(cmd)
	cmd.RunE = c.calls(func(ctx context.Context, _ *cobra.Command, args []string) error {
		params := apiclient.ListItemsParams{State: given(apiclient.ItemState(state)), Cursor: given(cursor), Limit: given(limit)}
		page, body, err := c.itemPage(ctx, args[0], params)
		if err != nil || c.json {
			return c.raw(body, err)
		}
		rows := [][]string{{"KEY", "STATE", "AT", "CODE", "MESSAGE"}}
		for _, i := range page.Items {
			rows = append(rows, []string{i.Key, string(i.State), moment(&i.At), i.Code, i.Message})
		}
		return c.goesOn(c.rows(rows), page.NextCursor)
	})
	return cmd
}

func (c *caller) itemPage(ctx context.Context, run string, p apiclient.ListItemsParams) (apiclient.ItemList, []byte, error) {
	if c.platform {
		return apiclient.Read[apiclient.ItemList](c.SystemListItems(ctx, run, (*apiclient.SystemListItemsParams)(&p)))
	}
	return apiclient.Read[apiclient.ItemList](c.ListItems(ctx, run, &p))
}
