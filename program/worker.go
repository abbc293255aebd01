package program

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/app"
	"github.com/opstruth/opstruth/operation"
)

// Worker executes operations.
func Worker(types ...operation.Definition) *cobra.Command {
	return &cobra.Command{
		Use:   "worker",
		Short: "Execute operations",
		Long: `Execute operations until told to stop (SIGTERM): then what is at work is handed
over to other workers.

Settings come from the environment: OPSTRUTH_ for opstruth, TEMPORAL_ for Temporal.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, types, func(ctx context.Context, a *app.App) error { return a.Worker(ctx) })
		},
	}
}
