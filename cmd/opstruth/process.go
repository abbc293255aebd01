package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/app"
	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/models"
)

// withStore runs f with the configured database.
func withStore(cmd *cobra.Command, f func(context.Context, *models.Store) error) (err error) {
	c, err := config.Load(os.Environ(), config.DatabaseURL)
	if err != nil {
		return err
	}
	store, err := models.Open(cmd.Context(), c.DatabaseURL)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return f(cmd.Context(), store)
}

// withApp runs f with a wired process.
func withApp(cmd *cobra.Command, f func(context.Context, *app.App) error) (err error) {
	c, err := config.Load(os.Environ(), config.DatabaseURL, config.SecretKey)
	if err != nil {
		return err
	}
	settings, err := temporalclient.Settings(nil)
	if err != nil {
		return err
	}
	logger := app.Logger(c, cmd.ErrOrStderr())
	registry := metrics.NewRegistry()
	measured, err := temporalclient.Metrics(registry, logger)
	if err != nil {
		return err
	}
	temporal, err := temporalclient.New(settings, logger, measured)
	if err != nil {
		return err
	}
	defer temporal.Close()
	store, err := models.Open(cmd.Context(), c.DatabaseURL)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	a, err := app.New(app.Parts{
		Config: c, Store: store, Temporal: temporal, Namespace: settings.Namespace, Logger: logger, Metrics: registry,
	})
	if err != nil {
		return err
	}
	return f(cmd.Context(), a)
}
