// Command opstruth is the operations console that never tells two stories: its
// web process, its worker process, and what an administrator needs around them.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/config"
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
	processes := []*cobra.Command{program.Web(), program.Worker()}
	root.AddCommand(processes...)
	root.AddCommand(migrate(), workspace(), tenant(), user(), connection(), runs(), types(), notifications(), version())
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := cmd.ValidateRequiredFlags(); err != nil {
			return usage(fmt.Errorf("%w; see %s --help", err, cmd.CommandPath()))
		}
		if !slices.Contains(processes, cmd) { // which log it
			for _, unknown := range config.Unknown(os.Environ()) {
				root.PrintErrln("opstruth:", unknown)
			}
		}
		return nil
	}
	strict(root)
	return root
}

// strict makes wrong arguments of any command a case of wrong usage, and of a command that only has others
// below it one that tells of them.
func strict(cmd *cobra.Command) {
	if !cmd.Runnable() {
		cmd.Args, cmd.RunE = cobra.NoArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	cmd.Args = usageArgs(cmd.Args)
	for _, below := range cmd.Commands() {
		strict(below)
	}
}
