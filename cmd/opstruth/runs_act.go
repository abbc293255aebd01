package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/apiclient"
)

// asks is one call of the API about a run.
type asks func(ctx context.Context, id string, edit ...apiclient.RequestEditorFn) (*http.Response, error)

// action is a command that does something to a run which needs no more words. It has a call for each plane,
// which are made of a client that is there only when the command runs.
func (c *caller) action(use, short, long string, calls func() (member, platform asks)) *cobra.Command {
	cmd := &cobra.Command{Use: use + " RUN", Short: short, Long: long, Args: cobra.ExactArgs(1)}
	c.onSystem(cmd)
	cmd.RunE = c.calls(func(ctx context.Context, _ *cobra.Command, args []string) error {
		do, platform := calls()
		if c.platform {
			do = platform
		}
		run, body, err := apiclient.Read[apiclient.Run](do(ctx, args[0]))
		if err != nil {
			return err
		}
		return c.tell(run, body)
	})
	return cmd
}

func (c *caller) cancel() *cobra.Command {
	return c.action("cancel", "Ask a run to end",
		"Ask a run to end. It is forced after the grace period of its operation type. Asking again changes nothing.",
		func() (asks, asks) { return c.CancelRun, c.SystemCancelRun })
}

func (c *caller) reopen() *cobra.Command {
	return c.action("reopen", "Take the note on a follow-up back, so that it is open again", "",
		func() (asks, asks) { return c.ReopenRun, c.SystemReopenRun })
}

func (c *caller) claim() *cobra.Command {
	return c.action("claim", "Say that you look after a run that is likely stuck, or needs follow-up",
		"Say that you look after a run that is likely stuck, or needs follow-up. Others see your name; the run still counts.",
		func() (asks, asks) { return c.ClaimRun, c.SystemClaimRun })
}

func (c *caller) release() *cobra.Command {
	return c.action("release", "Say that nobody looks after a run any more", "",
		func() (asks, asks) { return c.ReleaseRun, c.SystemReleaseRun })
}

func (c *caller) retry() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "retry RUN",
		Short: "Start a new run with the input of one that has ended",
		Args:  cobra.ExactArgs(1),
	}
	key := cmd.Flags().String("idempotency-key", "", "text of your choice that is unique per wish to start a run")
	c.onSystem(cmd)
	w := c.watching(cmd)
	follow := cmd.Flags().Bool("watch", false, "watch the new run until it ends")
	cmd.RunE = c.calls(func(ctx context.Context, _ *cobra.Command, args []string) error {
		answer, err := c.again(ctx, args[0], given(*key)) //nolint:bodyclose // Read closes it
		run, body, err := apiclient.Read[apiclient.Run](answer, err)
		return c.started(ctx, w, *follow, *key, run, body, err)
	})
	return cmd
}

func (c *caller) acknowledge() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ack RUN --note TEXT",
		Short:   "Take note of a run that ended and needs follow-up",
		Example: `  opstruth runs ack 0198c7be-3f0e-7d52-9a51-5b8f0a1c2d3e --note "Token renewed, retried by hand"`,
		Args:    cobra.ExactArgs(1),
	}
	c.onSystem(cmd)
	note := cmd.Flags().String("note", "", "what was found or done (required)")
	cmd.RunE = c.calls(func(ctx context.Context, _ *cobra.Command, args []string) error {
		if *note == "" {
			return usage(errors.New("say what was found or done: --note"))
		}
		run, body, err := apiclient.Read[apiclient.Run](c.noted(ctx, args[0], *note))
		if err != nil {
			return err
		}
		return c.tell(run, body)
	})
	return cmd
}

func (c *caller) again(ctx context.Context, id string, key *string) (*http.Response, error) {
	if c.platform {
		return c.SystemRetryRun(ctx, id, &apiclient.SystemRetryRunParams{IdempotencyKey: key})
	}
	return c.RetryRun(ctx, id, &apiclient.RetryRunParams{IdempotencyKey: key})
}

func (c *caller) noted(ctx context.Context, id, note string) (*http.Response, error) {
	if c.platform {
		return c.SystemAcknowledgeRun(ctx, id, apiclient.SystemAcknowledgeRunJSONRequestBody{Note: note})
	}
	return c.AcknowledgeRun(ctx, id, apiclient.AcknowledgeRunJSONRequestBody{Note: note})
}
