package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/models"
)

func workspace() *cobra.Command {
	parent := &cobra.Command{Use: "workspace", Short: "Manage workspaces: the organisations that sign in"}
	var slug, name string
	add := &cobra.Command{
		Use:     "add --slug SLUG",
		Short:   "Add a workspace",
		Example: `  opstruth workspace add --slug acme --name "Acme Corporation"`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name == "" {
				name = slug
			}
			return withStore(cmd, func(ctx context.Context, s *models.Store) error {
				if _, err := s.CreateWorkspace(ctx, models.Workspace{Slug: slug, Name: name}); err != nil {
					return fmt.Errorf("add workspace %s: %w", slug, err)
				}
				cmd.Printf("Workspace added: %s, %s\n", slug, name)
				return nil
			})
		},
	}
	add.Flags().StringVar(&slug, "slug", "", "short name in addresses")
	add.Flags().StringVar(&name, "name", "", "name that people see; the slug if empty")
	must(add, "slug")
	rename := &cobra.Command{
		Use:     "rename --slug SLUG --name NAME",
		Short:   "Change the name that people see; the slug, which is in addresses, stays",
		Example: `  opstruth workspace rename --slug acme --name "Acme Corporation"`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd, func(ctx context.Context, s *models.Store) error {
				if err := s.RenameWorkspace(ctx, slug, name); err != nil {
					return fmt.Errorf("rename workspace %s: %w", slug, err)
				}
				cmd.Printf("Workspace renamed: %s, %s\n", slug, name)
				return nil
			})
		},
	}
	rename.Flags().StringVar(&slug, "slug", "", "short name in addresses")
	rename.Flags().StringVar(&name, "name", "", "name that people are to see")
	must(rename, "slug", "name")
	parent.AddCommand(add, rename)
	return parent
}
