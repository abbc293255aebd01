package main

import (
	"context"
	"fmt"
	"slices"
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
	add("up", "Apply every migration that is missing", migrateUp)
	add("down", "Take the last migration back, and with it the data that only it can hold", migrateDown)
	add("status", "List the migrations and when each was applied", migrationStatus)
	return parent
}

func migrateUp(cmd *cobra.Command, ctx context.Context, s *models.Store) error {
	before, err := applied(ctx, s)
	if err != nil {
		return err
	}
	if err := s.MigrateUp(ctx); err != nil {
		return err
	}
	after, err := applied(ctx, s)
	if err != nil {
		return err
	}
	for _, m := range after[min(len(before), len(after)):] {
		cmd.Println("Applied:", m.Name)
	}
	cmd.Println("The schema is up to date:", last(after))
	return nil
}

func migrateDown(cmd *cobra.Command, ctx context.Context, s *models.Store) error {
	before, err := applied(ctx, s)
	if err != nil {
		return err
	}
	if len(before) == 0 {
		cmd.Println("There is nothing to take back.")
		return nil
	}
	if err := s.MigrateDown(ctx); err != nil {
		return err
	}
	cmd.Println("Taken back:", last(before))
	cmd.Println("The schema is now:", last(before[:len(before)-1]))
	return nil
}

// applied are the migrations that were applied, the oldest first.
func applied(ctx context.Context, s *models.Store) ([]models.Migration, error) {
	all, err := s.MigrationStatus(ctx)
	return slices.DeleteFunc(all, func(m models.Migration) bool { return m.AppliedAt.IsZero() }), err
}

func last(applied []models.Migration) string {
	if len(applied) == 0 {
		return "empty"
	}
	return applied[len(applied)-1].Name
}

func migrationStatus(cmd *cobra.Command, ctx context.Context, s *models.Store) error {
	all, err := s.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	table := newTable(cmd.OutOrStdout())
	fmt.Fprintln(table, "VERSION\tNAME\tAPPLIED")
	for _, m := range all {
		applied := "not applied"
		if !m.AppliedAt.IsZero() {
			applied = m.AppliedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\n", m.Version, m.Name, applied)
	}
	return table.Flush()
}
