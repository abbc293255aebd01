package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/apiclient"
)

// The exit codes of the commands below runs; exitCodes tells people of them.
const (
	exitError       = 1
	exitUsage       = 2
	exitPartly      = 3
	exitFailed      = 4
	exitBlocked     = 5
	exitCancelled   = 6
	exitStuck       = 7
	exitInterrupted = 130
)

const exitCodes = `Exit codes: 0 done, and for a run that was watched: it succeeded; 1 the API refused or
could not be reached; 2 wrong usage. A run that was watched ended: 3 partially_succeeded,
4 failed, 5 blocked, 6 cancelled; 7 it is likely stuck (with --fail-if-stuck).
130 the watching was interrupted; the run goes on.`

// exit ends the process with a code of its own. Without an error there is nothing more to say.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func usage(err error) error { return &exit{exitUsage, err} }

// usageArgs makes wrong arguments a case of wrong usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usage(fmt.Errorf("%w: want %s", err, cmd.UseLine()))
		}
		return nil
	}
}

// exitCode is the process's exit code for a command's error.
func exitCode(err error) int {
	var e *exit
	if errors.As(err, &e) {
		return e.code
	}
	return exitError
}

// ended is how the outcome of a run that has ended is told by an exit code.
func ended(o apiclient.Outcome) error {
	switch o {
	case apiclient.OutcomeSucceeded:
		return nil
	case apiclient.OutcomePartiallySucceeded:
		return &exit{code: exitPartly}
	case apiclient.OutcomeFailed:
		return &exit{code: exitFailed}
	case apiclient.OutcomeBlocked:
		return &exit{code: exitBlocked}
	case apiclient.OutcomeCancelled:
		return &exit{code: exitCancelled}
	case apiclient.OutcomePending:
	}
	return fmt.Errorf("tell the outcome %q by an exit code: this opstruth does not know it; use the console's own version", o)
}
