package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/apiclient"
)

func (c *caller) cancel() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel RUN",
		Short: "Ask a run to end",
		Long:  "Ask a run to end. It is forced after the grace period of its operation type. Asking again changes nothing.",
		Args:  usageArgs(cobra.ExactArgs(1)),
		RunE: c.calls(func(ctx context.Context, _ *cobra.Command, args []string) error {
			run, body, err := apiclient.Read[apiclient.Run](c.CancelRun(ctx, args[0]))
			if err != nil {
				return err
			}
			return c.tell(run, body)
		}),
	}
}

func (c *caller) retry() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "retry RUN",
		Short: "Start a new run with the input of one that has ended",
		Args:  usageArgs(cobra.ExactArgs(1)),
	}
	key := cmd.Flags().String("idempotency-key", "", "text of your choice that is unique per wish to start a run")
	w := c.watching(cmd)
	follow := cmd.Flags().Bool("watch", false, "watch the new run until it ends")
	cmd.RunE = c.calls(func(ctx context.Context, _ *cobra.Command, args []string) error {
		run, body, err := apiclient.Read[apiclient.Run](c.RetryRun(ctx, args[0], &apiclient.RetryRunParams{IdempotencyKey: given(*key)}))
		return c.started(ctx, w, *follow, *key, run, body, err)
	})
	return cmd
}

func (c *caller) acknowledge() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ack RUN --note TEXT",
		Short:   "Take note of a run that ended and needs follow-up",
		Example: `  opstruth runs ack 0198c7be-3f0e-7d52-9a51-5b8f0a1c2d3e --note "Token renewed, retried by hand"`,
		Args:    usageArgs(cobra.ExactArgs(1)),
	}
	note := cmd.Flags().String("note", "", "what was found or done (required)")
	cmd.RunE = c.calls(func(ctx context.Context, _ *cobra.Command, args []string) error {
		if *note == "" {
			return usage(errors.New("say what was found or done: --note"))
		}
		run, body, err := apiclient.Read[apiclient.Run](c.AcknowledgeRun(ctx, args[0], apiclient.AcknowledgeRunJSONRequestBody{Note: *note}))
		if err != nil {
			return err
		}
		return c.tell(run, body)
	})
	return cmd
}
