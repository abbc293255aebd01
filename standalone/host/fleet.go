package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/opstruth/opstruth/standalone/simulate"
	"github.com/opstruth/opstruth/standalone/supervise"
	"github.com/opstruth/opstruth/workflows/contract"
)

// stopLimit is how long a worker may take to hand over.
const stopLimit = 15 * time.Second

// SampleWorker is a child process that serves one task queue.
type SampleWorker struct {
	*supervise.Process
	Name  string // in a URL, and for people
	Queue string
	Title string
}

// sampleWorkers describes the workers. They are told apart by queue, so that killing one leaves the others' runs alone.
func sampleWorkers(o Options, data, temporalAddress, keyFile string, log func(name string) string) []*SampleWorker {
	all := []*SampleWorker{{Name: "inventory", Queue: contract.DefaultQueue, Title: "Inventory worker"}}
	if o.Sample {
		all = append(all, &SampleWorker{Name: "simulate", Queue: simulate.Queue, Title: "Simulation worker"})
	}
	for _, d := range o.Types {
		if !slices.ContainsFunc(all, func(w *SampleWorker) bool { return w.Queue == d.Queue }) {
			all = append(all, &SampleWorker{Name: fmt.Sprintf("own-%d", len(all)), Queue: d.Queue, Title: "Worker of " + d.Queue})
		}
	}
	for _, w := range all {
		c := o.Program
		c.Args = append(append([]string{}, o.Program.Args...), WorkerOptions{Data: data, Temporal: temporalAddress, Queue: w.Queue}.args()...)
		c.Env = append(append([]string{}, o.Program.Env...), childEnviron(o.Environ, keyFile)...)
		c.LogFile = log("worker-" + w.Name)
		w.Process = supervise.New(c)
	}
	return all
}

// stopWorkers stops those that run, at once.
func stopWorkers(all []*SampleWorker) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	stopped := make(chan error, len(all))
	for _, w := range all {
		go func() {
			err := w.Stop(ctx)
			if errors.Is(err, supervise.ErrNotRunning) {
				err = nil
			}
			if err != nil {
				err = fmt.Errorf("stop the %s worker: %w", w.Name, err)
			}
			stopped <- err
		}()
	}
	var errs []error
	for range all {
		errs = append(errs, <-stopped)
	}
	return errors.Join(errs...)
}
