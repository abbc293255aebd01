package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/config"
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
