// Package program makes a program of opstruth with operation types of your own.
// The program has the commands that must know the types: web, which asks for their
// input, and worker, which executes them. Everything else is done by opstruth.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/app"
	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
)

// Run is all that a main of your own does:
//
//	func main() { os.Exit(program.Run(os.Args[1:], os.Stdout, os.Stderr, greet())) }
//
// It executes the command that args name until it ends or the process is told to
// stop, and returns the exit code. Settings come from the environment.
func Run(args []string, stdout, stderr io.Writer, types ...operation.Definition) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{
		Use: filepath.Base(os.Args[0]), Short: "The console and the workers of an opstruth with operation types of its own",
		SilenceErrors: true, SilenceUsage: true,
	}
	root.AddCommand(Web(types...), Worker(types...))
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		root.PrintErrln("opstruth:", err)
		return 1
	}
	return 0
}

// withApp runs f with a wired process.
func withApp(cmd *cobra.Command, types []operation.Definition, f func(context.Context, *app.App) error) (err error) {
	c, err := config.Load(os.Environ(), config.DatabaseURL, config.SecretKey)
	if err != nil {
		return err
	}
	settings, err := temporalclient.Settings(nil)
	if err != nil {
		return err
	}
	logger := app.Logger(c, cmd.ErrOrStderr())
	for _, unknown := range config.Unknown(os.Environ()) {
		logger.WarnContext(cmd.Context(), unknown)
	}
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
	if err := store.CheckSchema(cmd.Context()); err != nil {
		return err
	}

	a, err := app.New(app.Parts{
		Config: c, Store: store, Temporal: temporal, Namespace: settings.Namespace, Extra: types, Logger: logger, Metrics: registry,
	})
	if err != nil {
		return err
	}
	return f(cmd.Context(), a)
}
