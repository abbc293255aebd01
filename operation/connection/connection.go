// Package connection opens a tenant's stored connections for operations: what is wrong with one blocks the run, in words
// that say what to do.
package connection

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
)

// Store is where connections are.
type Store interface {
	Connection(ctx context.Context, id string) (models.Connection, error)
}

// ErrNotOwn refuses a connection that a tenant does not have, whoever has it. It reads as what is wrong with a field.
var ErrNotOwn = errors.New("is not a connection of this tenant")

// Of reads a tenant's own connection, without its secret.
func Of(ctx context.Context, s Store, tenantID, id string) (models.Connection, error) {
	c, err := s.Connection(ctx, id)
	if errors.Is(err, models.ErrNotFound) || (err == nil && c.TenantID != tenantID) {
		return models.Connection{}, ErrNotOwn
	}
	if err != nil {
		return models.Connection{}, fmt.Errorf("read the connection: %w", err)
	}
	return c, nil
}

// Opened is a connection with its secret.
type Opened struct {
	models.Connection
	Secret string
}

// Open reads a run's connection and opens its secret. It fails with an *operation.BlockedError where people have to put
// something right.
func Open(ctx context.Context, s Store, unseal func(owner string, sealed []byte) ([]byte, error), tenantID, id string) (Opened, error) {
	c, err := Of(ctx, s, tenantID, id)
	if errors.Is(err, ErrNotOwn) {
		return Opened{}, operation.Blocked("its connection is not one of this tenant's any more; start it with another one")
	}
	if err != nil {
		return Opened{}, err
	}
	o := Opened{Connection: c}
	if c.Auth == models.AuthNone {
		return o, nil
	}
	if len(c.SecretSealed) == 0 {
		return o, operation.Blocked(fmt.Sprintf("connection %q has no secret; enter it", c.Name))
	}
	secret, err := unseal(c.ID, c.SecretSealed)
	if err != nil {
		return o, operation.Blocked(fmt.Sprintf("connection %q: %v", c.Name, err))
	}
	o.Secret = string(secret)
	return o, nil
}

// Tokens is where the connection's bearer tokens come from; nil where it needs none. Client calls the token endpoint.
func (o Opened) Tokens(ctx context.Context, client *http.Client) oauth2.TokenSource {
	switch o.Auth {
	case models.AuthBearer:
		return oauth2.StaticTokenSource(&oauth2.Token{AccessToken: o.Secret})
	case models.AuthClientCredentials:
		grant := clientcredentials.Config{
			ClientID: o.ClientID, ClientSecret: o.Secret, TokenURL: o.TokenURL, Scopes: strings.Fields(o.Scope),
		}
		return grant.TokenSource(context.WithValue(ctx, oauth2.HTTPClient, client))
	case models.AuthNone:
	}
	return nil
}
