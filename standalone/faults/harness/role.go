package harness

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/opstruth/opstruth/standalone/faults/work"
	"github.com/opstruth/opstruth/standalone/supervise"
	"github.com/opstruth/opstruth/standalone/temporal"
)

const (
	roleEnv         = "FAULTS_ROLE"
	roleTemporal    = "temporal"
	temporalDirEnv  = "FAULTS_TEMPORAL_DIR"
	temporalPortEnv = "FAULTS_TEMPORAL_PORT"
)

// Child serves as the Temporal process where this process was started for that; it then ends the process. Every program
// that calls Run must call it first.
func Child() {
	if os.Getenv(roleEnv) != roleTemporal {
		return
	}
	if err := serveTemporal(); err != nil {
		fmt.Fprintln(os.Stderr, "temporal:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func serveTemporal() error {
	supervise.ExitWithParent()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	port, err := strconv.Atoi(os.Getenv(temporalPortEnv))
	if err != nil {
		return fmt.Errorf("read %s: %w", temporalPortEnv, err)
	}
	starting, cancel := context.WithTimeout(ctx, serveLimit)
	defer cancel()
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	server, err := temporal.Start(starting, temporal.Options{
		DataDir: os.Getenv(temporalDirEnv), Port: port, NoUI: true, Namespace: work.Namespace, Logger: logger,
	})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return server.Stop()
}

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
