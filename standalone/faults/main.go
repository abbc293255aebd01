// Command faults runs the fault harness: real processes under a script of faults, and a table of what came of it.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/opstruth/opstruth/standalone/faults/harness"
	"github.com/opstruth/opstruth/standalone/internal/clocked"
)

func main() {
	harness.Child()
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	only := flags.String("scenario", "", "run this scenario alone; without it all but the long ones run")
	long := flags.Bool("long", false, "run the long ones alone")
	seed := flags.Uint64("seed", 0, "of everything that is left to chance; 0 draws one, and prints it")
	keep := flags.Bool("keep", false, "keep the logs also when all is well")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "faults runs real processes under a script of faults and checks what the record says of them.\n\nScenarios:")
		for _, s := range harness.Scenarios() {
			fmt.Fprintf(flags.Output(), "  %-6s %s\n", s.Name, s.About)
		}
		fmt.Fprintln(flags.Output())
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *seed == 0 {
		*seed = rand.Uint64N(1_000_000) + 1
	}
	picked := slices.DeleteFunc(harness.Scenarios(), func(s harness.Scenario) bool {
		return *only != "" && s.Name != *only || *only == "" && (s.Long != *long || s.Open)
	})
	if len(picked) == 0 {
		fmt.Fprintf(os.Stderr, "faults: no scenario named %q\n", *only)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	done, err := clocked.Alone(time.Hour)
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		return 1
	}
	defer done() //nolint:errcheck // the lock goes with the process
	code := 0
	for _, s := range picked {
		result, err := harness.Run(ctx, s, harness.Options{Seed: *seed, Keep: *keep, Log: os.Stderr})
		if err != nil {
			fmt.Fprintf(os.Stderr, "faults: %s: %v\nlogs in %s\n", s.Name, err, result.Dir)
			return 1
		}
		result.Print(os.Stdout)
		if !result.Report.Holds() {
			code = 1
		}
	}
	return code
}
