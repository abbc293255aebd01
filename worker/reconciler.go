package worker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/opstruth/opstruth/activities"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows"
	"github.com/opstruth/opstruth/workflows/contract"
)

const (
	// retryStart is how long to wait before Temporal is tried again, and reensure how often the schedule is looked after:
	// one that somebody deletes must not end the verification of runs for good.
	retryStart = 2 * time.Second
	reensure   = 30 * time.Second
	// stickyLimit is how long a pass waits for a worker that went away before another may lead it on.
	stickyLimit = time.Second
	stopLimit   = 5 * time.Second
)

// ReconcilerOptions are what a reconciler needs. All are required.
type ReconcilerOptions struct {
	Client    client.Client
	Namespace string // of the client
	Store     *models.Store
	Dispatch  func(ctx context.Context, run models.Run) error
	Timing    lifecycle.Timing
	Measure   activities.Measure
	Logger    *slog.Logger
}

// Reconciler runs the passes that a schedule starts. Several may run; Temporal gives each step to one of them.
type Reconciler struct{ o ReconcilerOptions }

// NewReconciler makes a reconciler. It does nothing until Run.
func NewReconciler(o ReconcilerOptions) *Reconciler { return &Reconciler{o: o} }

// Run makes sure of the schedule and serves its passes until ctx ends, which is no error. While Temporal is away it waits.
func (r *Reconciler) Run(ctx context.Context) error {
	for {
		err := r.serve(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // to be told to stop is no error, whatever was cut short
		}
		r.o.Logger.WarnContext(ctx, "the reconciler does not run; trying again", "error", err, "in", retryStart)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retryStart):
		}
	}
}

func (r *Reconciler) serve(ctx context.Context) error {
	if err := EnsureSchedule(ctx, r.o.Client, r.o.Timing, r.o.Logger); err != nil {
		return err
	}
	broken := make(chan error, 1)
	w := sdkworker.New(r.o.Client, contract.ReconcileQueue, sdkworker.Options{
		WorkerStopTimeout:            stopLimit,
		StickyScheduleToStartTimeout: stickyLimit,
		DisableRegistrationAliasing:  true,
		OnFatalError: func(err error) {
			select {
			case broken <- err:
			default:
			}
		},
	})
	workflows.RegisterReconcile(w)
	steps := &activities.Reconciler{
		Cluster: r.o.Client, Namespace: r.o.Namespace, Record: r.o.Store, Dispatch: r.o.Dispatch,
		Timing: r.o.Timing, Measure: r.o.Measure, Logger: r.o.Logger,
	}
	steps.Register(w)
	if err := w.Start(); err != nil {
		return fmt.Errorf("start the reconciler's worker: %w", err)
	}
	defer w.Stop()
	tick := time.NewTicker(reensure)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-broken:
			return fmt.Errorf("serve the reconciler's passes: %w", err)
		case <-tick.C:
			if err := r.present(ctx); err != nil {
				r.o.Logger.WarnContext(ctx, "cannot look after the reconciler's schedule; trying again", "error", err)
			}
		}
	}
}

// present makes the schedule again where it is gone, and tells the record where a person paused it.
func (r *Reconciler) present(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, scheduleTimeout)
	defer cancel()
	d, err := r.o.Client.ScheduleClient().GetHandle(asking, contract.ReconcileSchedule).Describe(asking)
	switch {
	case err == nil:
		return r.o.Store.NoteSchedule(asking, d.Schedule.State != nil && d.Schedule.State.Paused)
	case !missing(err):
		return err
	}
	return EnsureSchedule(ctx, r.o.Client, r.o.Timing, r.o.Logger)
}
