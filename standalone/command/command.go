// Package command is the command line of the standalone program.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/standalone/datadir"
	"github.com/opstruth/opstruth/standalone/host"
)

// startLimit bounds how long an installation may take to come up.
const startLimit = 2 * time.Minute

// Run executes the program and returns its exit code. A program of one's own gives
// it operation types, which the console then offers and the workers execute.
func Run(args []string, stdout, stderr io.Writer, types ...operation.Definition) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	saveMemory()
	root := root(types)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		_, _ = fmt.Fprintln(stderr, "opstruth:", err)
		return 1
	}
	return 0
}

// saveMemory collects garbage twice as often as usual where nobody chose otherwise: a Temporal server, a console and two
// workers share somebody's laptop, and none of them is short of time.
func saveMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}

func root(types []operation.Definition) *cobra.Command {
	o := host.Options{Fleet: true, Environ: os.Environ(), Types: types}
	var noSample bool
	var only string
	cmd := &cobra.Command{
		Use:   "standalone",
		Short: "Run the opstruth console with everything it needs in one process",
		Long: `Run the opstruth console with everything it needs in one process: a Temporal
server and its UI, the record database, the reconciler, and a sample fleet that
shows every state of a run. Everything lives in the data directory; stopped in
whatever way and started again, it goes on where it was.`,
		Args: cobra.NoArgs, SilenceErrors: true, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := place(&o); err != nil {
				return err
			}
			for _, unknown := range config.Unknown(o.Environ) {
				cmd.PrintErrln("opstruth:", unknown)
			}
			o.Sample = !noSample
			switch only {
			case "":
				return serve(cmd, o)
			case "temporal":
				return host.OnlyTemporal(cmd.Context(), o, cmd.OutOrStdout())
			}
			return fmt.Errorf("read --only %q: want temporal", only)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Data, "data", "", "data directory (default below the user's state directory)")
	f.StringVar(&o.Listen, "listen", "127.0.0.1:8080", "host:port of the console; port 0 takes a free one")
	f.StringVar(&o.TemporalUI, "temporal-ui", host.DefaultTemporalUI(), `host:port of Temporal UI, on 127.0.0.1; "off" leaves it out`)
	f.BoolVar(&noSample, "no-sample", false, "start without sample tenants, their API and the sample fleet")
	f.StringVar(&only, "only", "", `"temporal" runs just the embedded Temporal and its UI, on fixed ports`)
	cmd.AddCommand(worker(types))
	return cmd
}

// place fills in the default data directory.
func place(o *host.Options) (err error) {
	if o.Data == "" {
		o.Data, err = datadir.Default()
	}
	return err
}

// worker is how the program runs itself as one of its sample workers.
func worker(types []operation.Definition) *cobra.Command {
	o := host.WorkerOptions{Types: types}
	cmd := &cobra.Command{
		Use: host.WorkerCommand, Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return host.Worker(cmd.Context(), o, cmd.ErrOrStderr()) },
	}
	cmd.Flags().StringVar(&o.Data, "data", "", "data directory")
	cmd.Flags().StringVar(&o.Temporal, "temporal", "", "host:port of Temporal")
	cmd.Flags().StringVar(&o.Queue, "queue", "", "task queue to serve")
	return cmd
}

func serve(cmd *cobra.Command, o host.Options) error {
	out := cmd.OutOrStdout()
	_, _ = fmt.Fprintln(out, "Starting opstruth …")
	starting, cancel := context.WithTimeout(cmd.Context(), startLimit)
	defer cancel()
	h, err := host.Start(starting, o)
	if err != nil {
		return err
	}
	tell(out, h, o)
	select {
	case <-cmd.Context().Done():
		_, _ = fmt.Fprintln(out, "\nStopping; the workers hand over what they are at …")
	case err = <-h.Failed():
	}
	return errors.Join(err, h.Stop())
}

// tell prints where everything is and how to sign in.
func tell(out io.Writer, h *host.Host, o host.Options) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(label, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(w, "  %s\t%s\n", label, value)
		}
	}
	_, _ = fmt.Fprintln(w, "\nopstruth runs. Open this link to sign in; it works once:")
	_, _ = fmt.Fprintf(w, "\n  %s\n\n", h.SignIn)
	line("Console", h.Demo.AdminURL)
	line("Platform", h.Demo.SystemURL)
	line("API", h.Demo.APIURL)
	line("Temporal UI", h.Demo.TemporalUIURL)
	line("Data", h.Dir())
	_, _ = fmt.Fprintf(w, "\nSign-ins, also in %s with API tokens:\n\n", h.DemoFile())
	for _, u := range h.Demo.Users {
		place := u.Workspace
		if len(u.Tenants) > 0 {
			place += ", only " + strings.Join(u.Tenants, ", ")
		}
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", u.Name, u.Password, u.Role, place)
	}
	if o.Sample {
		_, _ = fmt.Fprintf(w, "\nTo see a run become likely stuck, and recover, kill a worker: %s\n", h.BreakURL())
	}
	_, _ = fmt.Fprintln(w, "\nCtrl-C stops it; started again, it goes on where it was.")
	_ = w.Flush()
}
