// Package e2e holds the tests of a whole installation: a real Temporal server, real worker processes and a real browser.
package e2e

import (
	"os"
	"testing"

	"github.com/opstruth/opstruth/standalone/command"
)

// roleEnv makes this binary be the standalone program, and so its sample workers.
const roleEnv = "OPSTRUTH_TEST_STANDALONE"

func TestMain(m *testing.M) {
	if os.Getenv(roleEnv) != "" {
		os.Exit(command.Run(os.Args[1:], os.Stdout, os.Stderr))
	}
	code := m.Run()
	closeBrowser()
	os.Exit(code)
}
