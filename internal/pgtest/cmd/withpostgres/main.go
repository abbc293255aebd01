// Command withpostgres runs a command beside a throw-away PostgreSQL server, so that all test
// processes of one "go test" share it: withpostgres go test ./...
//
// It leaves the environment alone when OPSTRUTH_TEST_DATABASE_URL is already set.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"

	"github.com/opstruth/opstruth/internal/pgtest"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (code int) {
	if len(args) == 0 {
		fmt.Fprintln(stderr, "usage: withpostgres command [argument ...]")
		return 2
	}
	environment := os.Environ()
	if os.Getenv(pgtest.URLVariable) == "" {
		server, err := pgtest.Start()
		if err != nil {
			fmt.Fprintln(stderr, "withpostgres:", err)
			return 1
		}
		defer func() {
			if err := server.Stop(); err != nil {
				fmt.Fprintln(stderr, "withpostgres:", err)
				code = max(code, 1)
			}
		}()
		environment = append(environment, pgtest.URLVariable+"="+server.URL)
	}
	// The terminal sends an interrupt to the command as well; wait for it rather than die first.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)

	command := exec.Command(args[0], args[1:]...) //nolint:noctx // it ends when it is done; an interrupt reaches it by itself
	command.Stdin, command.Stdout, command.Stderr, command.Env = os.Stdin, stdout, stderr, environment
	err := command.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return max(exit.ExitCode(), 1)
	default:
		fmt.Fprintln(stderr, "withpostgres:", err)
		return 1
	}
}
