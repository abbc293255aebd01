// Package worker makes this process serve Temporal task queues: the queues of
// operations, whose heartbeats it writes to the record, and the reconciler's.
package worker

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/opstruth/opstruth/activities"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows"
)

const (
	// deadlock is how long workflow code may run without yielding. The SDK's own
	// limit of a second flags a busy machine as a bug.
	deadlock = 10 * time.Second
	// pollers is how many tasks of a queue may be on their way to this process.
	pollers = 5
	// handoverWrite bounds the last writes of a worker that stops. With StopLimit it is
	// how long a stop may take.
	handoverWrite = 10 * time.Second
)

// Record is what a worker needs of the record store.
type Record interface {
	activities.RunRecord
	BeatRecord
}

// Measure is what a worker counts. See internal/metrics.
type Measure interface {
	activities.RunMeasure
	BeatMeasure
}

// Options are what a worker needs. All are required but where said.
type Options struct {
	Client  client.Client
	Record  Record
	Types   *operation.Registry
	Timing  lifecycle.Timing
	Measure Measure
	Logger  *slog.Logger

	// Worker names the process; its ID must be new at every start.
	Worker models.WorkerRow
	// StopLimit is how long a step may take to hand itself over; 5 s if zero.
	StopLimit time.Duration
	// Handover is how long runs may be silent after a stop in good order, until
	// another worker has them; 30 s if zero.
	Handover time.Duration
	// Concurrency is how many steps of one queue run at a time; the SDK's
	// default if zero.
	Concurrency int
	// Batch is how long quick chunks of a run share one activity; 30 s if zero.
	Batch time.Duration
	// Interceptors are put around all others. Optional.
	Interceptors []interceptor.WorkerInterceptor
}

// Worker serves the task queues of operations.
type Worker struct{ o Options }

// New makes a worker. It does nothing until Run. Without queues it serves all
// that its operation types use.
func New(o Options) *Worker {
	if len(o.Worker.Queues) == 0 {
		o.Worker.Queues = o.Types.Queues()
	}
	if o.StopLimit == 0 {
		o.StopLimit = 5 * time.Second
	}
	if o.Handover == 0 {
		o.Handover = 30 * time.Second
	}
	return &Worker{o: o}
}

// Run serves until ctx ends, then hands over what it is at. It waits while
// Temporal is away. An error means that this process cannot serve any more.
func (w *Worker) Run(ctx context.Context) error {
	batcher := NewBatcher(w.o.Record, w.o.Worker, w.o.Timing, w.o.Measure, w.o.Logger)
	broken := make(chan error, 1)
	serving := w.start(ctx, batcher, broken)
	if serving == nil {
		return nil // told to stop before Temporal came up
	}

	beating, stopBeating := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { batcher.Run(beating) })
	w.o.Logger.InfoContext(ctx, "worker serves", "worker", w.o.Worker.ID, "queues", w.o.Worker.Queues)
	var err error
	select {
	case <-ctx.Done():
	case err = <-broken:
	}
	stop(serving)
	runs := batcher.Leaving()
	stopBeating()
	wg.Wait()

	w.handOver(context.WithoutCancel(ctx), runs)
	return err
}

// handOver tells the record that this worker stops in good order: its runs get time for another one to take them over
// before their silence counts. Where the record does not take that in time, they are flagged as a lost
// worker's are, and go on all the same: the worker has stopped as well as it could.
func (w *Worker) handOver(ctx context.Context, runs []string) {
	ctx, cancel := context.WithTimeout(ctx, handoverWrite)
	defer cancel()
	slices.Sort(runs)
	runs = slices.Compact(runs)
	if err := w.o.Record.HandOver(ctx, w.o.Worker.ID, runs, w.o.Handover); err != nil {
		w.o.Logger.WarnContext(ctx, "worker stopped, and could not hand over all of its runs; they may be called likely stuck until another worker has them",
			"worker", w.o.Worker.ID, "runs", len(runs), "error", err)
		return
	}
	w.o.Logger.InfoContext(ctx, "worker stopped", "worker", w.o.Worker.ID, "handed_over", len(runs))
}

// start starts all queues, trying again until Temporal answers. It returns
// nothing when ctx ended before that.
func (w *Worker) start(ctx context.Context, b *Batcher, broken chan<- error) []sdkworker.Worker {
	for {
		serving := make([]sdkworker.Worker, 0, len(w.o.Worker.Queues))
		var err error
		for _, queue := range w.o.Worker.Queues {
			sdk := w.queue(queue, b, broken)
			if err = sdk.Start(); err != nil {
				break
			}
			serving = append(serving, sdk)
		}
		if err == nil {
			return serving
		}
		stop(serving)
		if ctx.Err() == nil {
			w.o.Logger.WarnContext(ctx, "cannot start the worker; trying again", "error", err, "in", retryStart)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retryStart):
		}
	}
}

// queue makes the SDK's worker of one task queue.
func (w *Worker) queue(queue string, b *Batcher, broken chan<- error) sdkworker.Worker {
	sdk := sdkworker.New(w.o.Client, queue, sdkworker.Options{
		Identity:                           w.o.Worker.ID,
		MaxConcurrentActivityExecutionSize: w.o.Concurrency,
		WorkerStopTimeout:                  w.o.StopLimit,
		// The heartbeat throttle stays the SDK's, 0.8 of the heartbeat timeout: it
		// is also how long one heartbeat may take before the SDK interrupts the
		// step, and a short one makes every hiccup of Temporal a lost attempt.
		// More than the SDK's two: what waits for a poll looks like a backlog.
		MaxConcurrentWorkflowTaskPollers: pollers,
		MaxConcurrentActivityTaskPollers: pollers,
		// A bug in workflow code must stay visible and repairable: the task fails
		// until the code is right, and the run does not.
		WorkflowPanicPolicy:         sdkworker.BlockWorkflow,
		DeadlockDetectionTimeout:    deadlock,
		DisableRegistrationAliasing: true,
		Interceptors:                append(slices.Clone(w.o.Interceptors), workflows.Interceptor(), Heartbeats(b, w.o.Record)),
		OnFatalError: func(err error) {
			select {
			case broken <- fmt.Errorf("serve task queue %s: %w", queue, err):
			default:
			}
		},
	})
	workflows.RegisterRun(sdk, w.o.Types)
	for _, d := range w.o.Types.All() {
		if d.Queue == queue {
			d.RegisterWrapped(shared{sdk})
		}
	}
	steps := &activities.Steps{
		Record: w.o.Record, Types: w.o.Types, Timing: w.o.Timing, Measure: w.o.Measure, Logger: w.o.Logger, Batch: w.o.Batch,
	}
	steps.Register(sdk)
	return sdk
}

// stop stops all queues at once: each waits for its own steps.
func stop(serving []sdkworker.Worker) {
	var wg sync.WaitGroup
	for _, sdk := range serving {
		wg.Go(sdk.Stop)
	}
	wg.Wait()
}
