package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/models"
)

func migrate() *cobra.Command {
	parent := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up to date, or back",
		Long:  "Bring the database's schema up to date, or back. The database is that of OPSTRUTH_DATABASE_URL.",
	}
	add := func(use, short string, f func(*cobra.Command, context.Context, *models.Store) error) {
		parent.AddCommand(&cobra.Command{
			Use: use, Short: short, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return withStore(cmd, func(ctx context.Context, s *models.Store) error { return f(cmd, ctx, s) })
			},
		})
	}
	add("up", "Apply every migration that is missing", func(_ *cobra.Command, ctx context.Context, s *models.Store) error {
		return s.MigrateUp(ctx)
	})
	add("down", "Take the last migration back, and with it the data that only it can hold",
		func(_ *cobra.Command, ctx context.Context, s *models.Store) error { return s.MigrateDown(ctx) })
	add("status", "List the migrations and when each was applied", migrationStatus)
	return parent
}

func migrationStatus(cmd *cobra.Command, ctx context.Context, s *models.Store) error {
	all, err := s.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "VERSION\tNAME\tAPPLIED")
	for _, m := range all {
		applied := "not applied"
		if !m.AppliedAt.IsZero() {
			applied = m.AppliedAt.UTC().Format(time.RFC3339)
		}
		_, _ = fmt.Fprintf(table, "%d\t%s\t%s\n", m.Version, m.Name, applied)
	}
	return table.Flush()
}
