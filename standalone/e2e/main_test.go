// Package e2e holds the tests of a whole installation: a real Temporal server, real worker processes and a real browser.
package e2e

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/opstruth/opstruth/standalone/command"
	"github.com/opstruth/opstruth/standalone/internal/browser"
	"github.com/opstruth/opstruth/standalone/internal/clocked"
)

// roleEnv makes this binary be the standalone program, and so its sample workers.
const roleEnv = "OPSTRUTH_TEST_STANDALONE"

func TestMain(m *testing.M) {
	if os.Getenv(roleEnv) != "" {
		os.Exit(command.Run(os.Args[1:], os.Stdout, os.Stderr))
	}
	done, err := clocked.Alone(9 * time.Minute)
	if err != nil {
		slog.Error("begin", "error", err)
		os.Exit(1)
	}
	code := m.Run()
	browser.Close()
	_ = done()
	os.Exit(code)
}
