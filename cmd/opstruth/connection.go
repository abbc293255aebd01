package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/secrets"
	"github.com/opstruth/opstruth/models"
)

// secretVariable keeps a connection's secret out of the process list.
const secretVariable = config.ConnectionSecret

// link is a connection to be.
type link struct {
	workspace, tenant, auth string
	models.Connection
}

func connection() *cobra.Command {
	parent := &cobra.Command{Use: "connection", Short: "Manage how the APIs of tenants are reached"}
	var l link
	set := &cobra.Command{
		Use:   "set --workspace SLUG --tenant SLUG --name NAME --base-url URL",
		Short: "Add a connection, or change the one of that name",
		Long: `Add a connection, or change the one of that name. Its secret, a bearer token or a
client's secret, comes from ` + secretVariable + ` and is stored encrypted;
without it an existing secret stays.`,
		Example: `  opstruth connection set --workspace acme --tenant contoso --name graph \
    --base-url https://graph.example.com/v1.0 --auth client_credentials \
    --client-id 4f1c --token-url https://login.example.com/token --scope .default`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := l.check(); err != nil {
				return usage(err)
			}
			c, err := config.Load(os.Environ(), config.DatabaseURL, config.SecretKey)
			if err != nil {
				return err
			}
			box, err := secrets.NewBox(c.SecretKey.Bytes())
			if err != nil {
				return fmt.Errorf("use %s: %w", config.SecretKey, err)
			}
			return withStore(cmd, func(ctx context.Context, s *models.Store) error {
				return l.save(cmd, ctx, s, box)
			})
		},
	}
	f := set.Flags()
	f.StringVar(&l.workspace, "workspace", "", "slug of the workspace")
	f.StringVar(&l.tenant, "tenant", "", "slug of the tenant")
	f.StringVar(&l.Name, "name", "", "name that people choose it by")
	f.StringVar(&l.BaseURL, "base-url", "", "address below which the API's collections are")
	f.StringVar(&l.auth, "auth", string(models.AuthNone), "none, bearer or client_credentials")
	f.StringVar(&l.ClientID, "client-id", "", "OAuth2 client, for client_credentials")
	f.StringVar(&l.TokenURL, "token-url", "", "where the client gets its tokens, for client_credentials")
	f.StringVar(&l.Scope, "scope", "", "scopes to ask for, separated by spaces")
	must(set, "workspace", "tenant", "name", "base-url")
	parent.AddCommand(set, listConnections())
	return parent
}

func (l *link) check() error {
	l.Auth = models.ConnectionAuth(l.auth)
	var errs []error
	if !slices.Contains([]models.ConnectionAuth{models.AuthNone, models.AuthBearer, models.AuthClientCredentials}, l.Auth) {
		errs = append(errs, fmt.Errorf("--auth must be none, bearer or client_credentials, not %q", l.auth))
	}
	if !isWeb(l.BaseURL) {
		errs = append(errs, fmt.Errorf("--base-url must be an http or https address, not %q", l.BaseURL))
	}
	if l.Auth == models.AuthClientCredentials && (l.ClientID == "" || !isWeb(l.TokenURL)) {
		errs = append(errs, errors.New("client_credentials needs --client-id and --token-url"))
	}
	return errors.Join(errs...)
}

func isWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// save stores the connection first, because its secret is sealed for its id.
func (l *link) save(cmd *cobra.Command, ctx context.Context, s *models.Store, box *secrets.Box) error {
	t, err := findTenant(ctx, s, l.workspace, l.tenant)
	if err != nil {
		return err
	}
	l.TenantID = t.ID
	saved, err := s.SaveConnection(ctx, l.Connection)
	if err != nil {
		return err
	}
	if secret := os.Getenv(secretVariable); secret != "" {
		if saved.SecretSealed, err = box.Seal(saved.ID, []byte(secret)); err != nil {
			return fmt.Errorf("seal the connection's secret: %w", err)
		}
		if saved, err = s.SaveConnection(ctx, saved); err != nil {
			return err
		}
	}
	cmd.Printf("Connection %s of tenant %s: %s\n", saved.Name, l.tenant, saved.ID)
	if saved.Auth != models.AuthNone && len(saved.SecretSealed) == 0 {
		cmd.Printf("It has no secret yet: set it again with %s\n", secretVariable)
	}
	return nil
}
