package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/apiclient"
)

func (c *caller) show() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show RUN",
		Short: "Show one run: how it is, how that is known, and what to do next",
		Args:  cobra.ExactArgs(1),
	}
	c.onSystem(cmd)
	cmd.RunE = c.calls(func(ctx context.Context, _ *cobra.Command, args []string) error {
		run, body, err := c.read(ctx, args[0])
		if err != nil {
			return err
		}
		if c.json || run.Progress.Failed == 0 {
			return c.tell(run, body)
		}
		digest, err := c.digest(ctx, run.Id)
		if err != nil {
			return err
		}
		c.card(run, digest.Reasons...)
		return nil
	})
	return cmd
}

const shownReasons = 12 // as many as the run's page

// digest is why items of the run failed.
func (c *caller) digest(ctx context.Context, id string) (list apiclient.ReasonList, err error) {
	limit := shownReasons
	if c.platform {
		list, _, err = apiclient.Read[apiclient.ReasonList](c.SystemListReasons(ctx, id, &apiclient.SystemListReasonsParams{Limit: &limit}))
	} else {
		list, _, err = apiclient.Read[apiclient.ReasonList](c.ListReasons(ctx, id, &apiclient.ListReasonsParams{Limit: &limit}))
	}
	return list, err
}

func (c *caller) read(ctx context.Context, id string) (apiclient.Run, []byte, error) {
	if c.platform {
		return apiclient.Read[apiclient.Run](c.SystemGetRun(ctx, id))
	}
	return apiclient.Read[apiclient.Run](c.GetRun(ctx, id))
}
