package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/models"
)

func tenant() *cobra.Command {
	parent := &cobra.Command{Use: "tenant", Short: "Manage the tenants of workspaces"}
	var workspace, slug, name string
	add := &cobra.Command{
		Use:     "add --workspace SLUG --slug SLUG",
		Short:   "Add a tenant to a workspace",
		Long:    "Add a tenant to a workspace. A workspace that does not exist yet is made.",
		Example: `  opstruth tenant add --workspace acme --slug contoso --name "Contoso Ltd"`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name == "" {
				name = slug
			}
			return withStore(cmd, func(ctx context.Context, s *models.Store) error {
				w, err := findOrMake(ctx, s, workspace)
				if err != nil {
					return err
				}
				if _, err := s.CreateTenant(ctx, models.Tenant{WorkspaceID: w.ID, Slug: slug, Name: name}); err != nil {
					return fmt.Errorf("add tenant %s to workspace %s: %w", slug, workspace, err)
				}
				cmd.Printf("Tenant added: %s in %s\n", slug, workspace)
				return nil
			})
		},
	}
	add.Flags().StringVar(&workspace, "workspace", "", "slug of the workspace")
	add.Flags().StringVar(&slug, "slug", "", "short name in addresses")
	add.Flags().StringVar(&name, "name", "", "name that people see; the slug if empty")
	must(add, "workspace", "slug")
	parent.AddCommand(add, listTenants())
	return parent
}

// must marks flags without which a command does nothing.
func must(cmd *cobra.Command, flags ...string) {
	for _, f := range flags {
		if err := cmd.MarkFlagRequired(f); err != nil {
			panic(err) // a flag that was not defined: a programming error
		}
	}
}

func findOrMake(ctx context.Context, s *models.Store, slug string) (models.Workspace, error) {
	w, err := s.Workspace(ctx, models.Platform(), slug)
	if errors.Is(err, models.ErrNotFound) {
		w, err = s.CreateWorkspace(ctx, models.Workspace{Slug: slug, Name: slug})
	}
	if err != nil {
		return w, fmt.Errorf("find or make workspace %s: %w", slug, err)
	}
	return w, nil
}

// findTenant finds a tenant by the slugs that people use.
func findTenant(ctx context.Context, s *models.Store, workspace, slug string) (models.Tenant, error) {
	w, err := s.Workspace(ctx, models.Platform(), workspace)
	if err != nil {
		return models.Tenant{}, fmt.Errorf("find workspace %s: %w", workspace, err)
	}
	t, err := s.Tenant(ctx, models.Platform(), w.ID, slug)
	if err != nil {
		return t, fmt.Errorf("find tenant %s in workspace %s: %w", slug, workspace, err)
	}
	return t, nil
}
