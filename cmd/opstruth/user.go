package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/models"
)

// passwordVariable keeps a password out of the process list.
const passwordVariable = config.UserPassword

// account is a user to be, and what the user may see.
type account struct {
	email, name, workspace, role string
	tenants                      []string
	platform                     bool
	token                        bool
}

func user() *cobra.Command {
	parent := &cobra.Command{Use: "user", Short: "Manage accounts"}
	var a account
	add := &cobra.Command{
		Use:   "add --email ADDRESS (--workspace SLUG | --platform)",
		Short: "Add an account, or give one that exists more to see",
		Long: `Add an account, or give one that exists more to see.

A workspace that does not exist yet is made. The password comes from ` + passwordVariable + `;
without it one is made and printed once.`,
		Example: `  opstruth user add --email ada@example.com --name "Ada" --workspace acme --role owner
  opstruth user add --email root@example.com --platform`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.check(); err != nil {
				return usage(err)
			}
			return withStore(cmd, func(ctx context.Context, s *models.Store) error { return a.add(cmd, ctx, s) })
		},
	}
	f := add.Flags()
	f.StringVar(&a.email, "email", "", "address to sign in with (required)")
	f.StringVar(&a.name, "name", "", "name that others see; the address if empty")
	f.StringVar(&a.workspace, "workspace", "", "slug of the workspace to become a member of")
	f.StringVar(&a.role, "role", string(models.RoleOwner), "role in the workspace: owner, operator or viewer")
	f.StringSliceVar(&a.tenants, "tenants", nil, "slugs of the only tenants to see; all if empty")
	f.BoolVar(&a.platform, "platform", false, "sign in to the system plane, with every capability")
	f.BoolVar(&a.token, "token", false, "also make an API token, printed once")
	parent.AddCommand(add)
	return parent
}

func (a account) check() error {
	var errs []error
	if !strings.Contains(a.email, "@") {
		errs = append(errs, errors.New("--email must be an address"))
	}
	if a.workspace == "" && !a.platform {
		errs = append(errs, errors.New("say what the account is for: --workspace or --platform"))
	}
	if !slices.Contains([]models.Role{models.RoleOwner, models.RoleOperator, models.RoleViewer}, models.Role(a.role)) {
		errs = append(errs, fmt.Errorf("--role must be owner, operator or viewer, not %q", a.role))
	}
	return errors.Join(errs...)
}

func (a account) add(cmd *cobra.Command, ctx context.Context, s *models.Store) error {
	m, err := a.membership(ctx, s)
	if err != nil {
		return err
	}
	u, err := a.user(cmd, ctx, s)
	if err != nil {
		return err
	}
	if m.UserID = u.ID; m.WorkspaceID != "" {
		if err := s.SetMembership(ctx, m); err != nil {
			return fmt.Errorf("make the account a member of %s: %w", a.workspace, err)
		}
	}
	planes := map[models.Plane]bool{models.PlaneAdmin: a.workspace != "", models.PlaneSystem: a.platform}
	if a.platform {
		for _, c := range []models.Capability{models.CapView, models.CapTriage} {
			if err := s.GrantCapability(ctx, u.ID, c); err != nil {
				return fmt.Errorf("grant %s: %w", c, err)
			}
		}
	}
	for plane, wanted := range planes {
		if !a.token || !wanted {
			continue
		}
		token, hash := auth.NewToken()
		if _, err := s.CreateToken(ctx, models.APIToken{UserID: u.ID, Plane: plane, Hash: hash, Name: "made by user add"}); err != nil {
			return fmt.Errorf("make an API token: %w", err)
		}
		cmd.Printf("API token (%s plane): %s\n", plane, token)
	}
	return nil
}

// user makes the account, or finds it.
func (a account) user(cmd *cobra.Command, ctx context.Context, s *models.Store) (models.User, error) {
	email := strings.ToLower(a.email)
	u, err := s.UserByEmail(ctx, email)
	if err == nil {
		cmd.Println("Account exists:", email)
		return u, nil
	}
	if !errors.Is(err, models.ErrNotFound) {
		return u, fmt.Errorf("look for the account: %w", err)
	}
	password, made := os.Getenv(passwordVariable), false
	if password == "" {
		password, made = rand.Text(), true
	}
	hash, err := auth.HashPassword(password)
	if err != nil {
		return u, fmt.Errorf("set the password from %s: %w", passwordVariable, err)
	}
	name := a.name
	if name == "" {
		name = email
	}
	if u, err = s.CreateUser(ctx, models.User{Email: email, Name: name, PasswordHash: hash}); err != nil {
		return u, fmt.Errorf("add the account: %w", err)
	}
	cmd.Println("Account added:", email)
	if made {
		cmd.Println("Password:", password)
	}
	return u, nil
}

// membership finds or makes the workspace, and the tenants in it, before there
// is an account that could see too much or nothing.
func (a account) membership(ctx context.Context, s *models.Store) (models.Membership, error) {
	m := models.Membership{Role: models.Role(a.role), AllTenants: len(a.tenants) == 0}
	if a.workspace == "" {
		return m, nil
	}
	if len(a.tenants) == 0 {
		w, err := findOrMake(ctx, s, a.workspace)
		m.WorkspaceID = w.ID
		return m, err
	}
	for _, slug := range a.tenants {
		t, err := findTenant(ctx, s, a.workspace, slug)
		if err != nil {
			return m, err
		}
		m.WorkspaceID, m.TenantIDs = t.WorkspaceID, append(m.TenantIDs, t.ID)
	}
	return m, nil
}
