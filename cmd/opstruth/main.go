// Command opstruth is the operations console that never tells two stories: its
// web process, its worker process, and what an administrator needs around them.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/program"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run executes one command and returns the process's exit code.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return execute(ctx, args, stdout, stderr)
}

func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := command() //nolint:contextcheck // its commands get ctx when they are executed
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if said := err.Error(); said != "" {
		root.PrintErrln("opstruth:", said)
	}
	return exitCode(err)
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "opstruth",
		Short:         "An operations console for Temporal workflows that never tells two stories",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(program.Web(), program.Worker(), migrate(), user(), tenant(), connection(), runs(), version())
	return root
}
