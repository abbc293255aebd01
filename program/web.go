package program

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/app"
	"github.com/opstruth/opstruth/operation"
)

// Web serves the console, its API and the reconciler.
func Web(types ...operation.Definition) *cobra.Command {
	return &cobra.Command{
		Use:   "web",
		Short: "Serve the console and its API, and verify silent runs",
		Long: `Serve the console and its API, and verify silent runs, until told to stop (SIGTERM).
Pages need the database only: they stay up, and say so, while Temporal and every worker are away.

Settings come from the environment: OPSTRUTH_ for opstruth, TEMPORAL_ for Temporal.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, types, func(ctx context.Context, a *app.App) error { return a.Web(ctx) })
		},
	}
}
