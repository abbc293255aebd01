package inventory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/opstruth/opstruth/internal/outbound"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/operation/connection"
	"github.com/opstruth/opstruth/operation/odata"
)

// client makes a client of the run's connection. What is wrong with the
// connection blocks the run.
func (s *syncer) client(ctx context.Context, run *operation.Run[Input]) (*odata.Client, models.Connection, error) {
	opened, err := connection.Open(ctx, s.store, s.unseal, run.TenantID, run.Input.Connection)
	conn := opened.Connection
	if err != nil {
		return nil, conn, err
	}
	config := odata.Config{BaseURL: conn.BaseURL, HTTP: s.http}
	signIn(&config, conn, opened.Secret)
	client, err := odata.New(ctx, config)
	if err != nil {
		return nil, conn, operation.Blocked(fmt.Sprintf("connection %q: %v; correct it", conn.Name, err))
	}
	return client, conn, nil
}

func signIn(config *odata.Config, conn models.Connection, secret string) {
	switch conn.Auth {
	case models.AuthBearer:
		config.Token = secret
	case models.AuthClientCredentials:
		config.TokenURL, config.ClientID, config.ClientSecret = conn.TokenURL, conn.ClientID, secret
		config.Scopes = strings.Fields(conn.Scope)
	case models.AuthNone:
	}
}

// check asks the API for a first page, so that a wrong URL, credential or
// permission stops the run before any work. What may pass is left to the work.
func (s *syncer) check(ctx context.Context, run *operation.Run[Input]) error {
	client, conn, err := s.client(ctx, run)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		err = s.probe(ctx, client, run.Input.Collections)
		if ctx.Err() != nil {
			return err
		}
		var reach *odata.ReachError
		if !errors.As(err, &reach) || refused(err) || try+1 >= s.limits.reachTries {
			return blocking(err, conn, run.Input)
		}
		if err := run.Hold(ctx, s.limits.pause(try), fmt.Sprintf("%s does not answer", reach.Host)); err != nil {
			return err
		}
	}
}

// probe reads the first page of the first collection that is not forbidden, or
// the API's list of collections.
func (s *syncer) probe(ctx context.Context, client *odata.Client, collections []string) error {
	if len(collections) == 0 {
		collections = []string{""}
	}
	var err error
	for _, name := range collections {
		if _, err = client.Read(ctx, client.First(name)); !forbidden(err) {
			return err
		}
	}
	return err
}

// blocking says which failures of a probe stop a run, and what to do about them.
func blocking(err error, conn models.Connection, in Input) error {
	var (
		credential *odata.CredentialError
		reach      *odata.ReachError
		busy       *odata.BusyError
		status     *odata.StatusError
	)
	switch {
	case err == nil, errors.As(err, &busy), errors.As(err, &status) && status.Passing():
		return nil
	case errors.As(err, &credential):
		return operation.Blocked(fmt.Sprintf("connection %q: %v; enter the right one", conn.Name, err))
	case errors.As(err, &reach) && refused(err):
		return operation.Blocked(fmt.Sprintf("connection %q: %v", conn.Name, reach.Err))
	case errors.As(err, &reach):
		return operation.Blocked(fmt.Sprintf("connection %q: %v; check its URL and the network", conn.Name, err))
	case forbidden(err):
		return operation.Blocked(fmt.Sprintf("connection %q may read none of this: %v; grant it the permission", conn.Name, err))
	case len(in.Collections) == 0:
		return operation.Blocked(fmt.Sprintf("connection %q does not list its collections: %v; name those to read", conn.Name, err))
	}
	return nil // of one collection among several: its item tells
}

func forbidden(err error) bool {
	var status *odata.StatusError
	return errors.As(err, &status) && status.Status == http.StatusForbidden
}

func refused(err error) bool {
	var refused *outbound.RefusedError
	return errors.As(err, &refused)
}
