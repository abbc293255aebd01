package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/app"
)

func web() *cobra.Command {
	return &cobra.Command{
		Use:   "web",
		Short: "Serve the console and its API",
		Long: `Serve the console and its API until told to stop (SIGTERM). It needs the database only:
pages stay up, and say so, while Temporal and every worker are away.

Settings come from the environment: OPSTRUTH_ for opstruth, TEMPORAL_ for Temporal.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, func(ctx context.Context, a *app.App) error { return a.Web(ctx) })
		},
	}
}
