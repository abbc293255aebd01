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
		return c.tell(run, body)
	})
	return cmd
}

func (c *caller) read(ctx context.Context, id string) (apiclient.Run, []byte, error) {
	if c.platform {
		return apiclient.Read[apiclient.Run](c.SystemGetRun(ctx, id))
	}
	return apiclient.Read[apiclient.Run](c.GetRun(ctx, id))
}
