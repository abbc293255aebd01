package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"

	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

const (
	// batchSize is how many runs one activity verifies, probes how many of them at a time.
	batchSize = 200
	probes    = 16
	// startGrace is left to whoever inserted a run to start its workflow too.
	startGrace = 2 * time.Second
	// overlap is how far behind Temporal's visibility may lag without a close being missed here.
	overlap = 30 * time.Second
	// breakerMax is how long a telemetry gap holds back closes that Temporal itself confirms.
	breakerMax = 15 * time.Minute
	// stepFor is how long a pass spends on one of its lists. What is left over comes first in the next one.
	stepFor = 4 * time.Second
	// forgetAfter is for how long a worker that went silent is remembered, so that people read when one was last seen.
	forgetAfter = 7 * 24 * time.Hour

	actor = "opstruth"
)

// Cluster is what the reconciler asks and tells Temporal.
type Cluster interface {
	questions
	CancelWorkflow(ctx context.Context, workflowID, runID string) error
	TerminateWorkflow(ctx context.Context, workflowID, runID, reason string, details ...any) error
	ListWorkflow(ctx context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error)
	QueryWorkflowWithOptions(ctx context.Context, r *client.QueryWorkflowWithOptionsRequest) (*client.QueryWorkflowWithOptionsResponse, error)
	WorkflowService() workflowservice.WorkflowServiceClient
}

// Record is what the reconciler reads and writes of the record.
type Record interface {
	Workers(ctx context.Context) ([]models.WorkerRow, time.Time, error)
	Undispatched(ctx context.Context, olderThan time.Duration, after string, limit int) (runs []models.Run, now time.Time, next string, err error)
	CancelsWaiting(ctx context.Context, after string, limit int) (runs []models.Run, now time.Time, next string, err error)
	DueForCheck(ctx context.Context, before time.Duration, after string, limit int) (runs []models.Run, now time.Time, next string, err error)
	ActiveByQueue(ctx context.Context) (map[string]int, error)
	ActiveByID(ctx context.Context, ids []string) ([]models.Run, time.Time, error)
	Transition(ctx context.Context, runID string, c lifecycle.Change) (models.Run, error)
	RecordVerdict(ctx context.Context, run models.Run, v lifecycle.Verdict) error
	ActiveSample(ctx context.Context, after string, limit int) (runs []models.Run, now time.Time, next string, err error)
	Run(ctx context.Context, s models.Scope, id string) (models.Run, time.Time, error)
	ReconcilerState(ctx context.Context) (models.ReconcilerState, time.Time, error)
	FinishPass(ctx context.Context, r models.PassReport) error
	ForgetWorkers(ctx context.Context, silentFor time.Duration) error
}

// Measure is what the reconciler counts. See internal/metrics.
type Measure interface {
	Verdict(v lifecycle.Verdict)
	Detected(latency time.Duration)
	FalseFlag()
	PassTrouble()
	Pass(took time.Duration)
	RunEnded(operation string, outcome lifecycle.Outcome, took time.Duration)
}

// Reconciler has the activities of a pass.
type Reconciler struct {
	Cluster   Cluster
	Namespace string // of Temporal, by its name
	Record    Record
	// Dispatch starts the workflow of a stored run and stamps the run; a workflow that exists is a success.
	Dispatch func(ctx context.Context, run models.Run) error
	Timing   lifecycle.Timing
	Measure  Measure
	Logger   *slog.Logger
}

// Registry is what takes activities under explicit names: a worker or a test environment.
type Registry interface {
	RegisterActivityWithOptions(a any, o activity.RegisterOptions)
}

// Register registers the activities of a pass.
func (r *Reconciler) Register(to Registry) {
	to.RegisterActivityWithOptions(r.Deliver, activity.RegisterOptions{Name: contract.ActivityDeliver})
	to.RegisterActivityWithOptions(r.Verify, activity.RegisterOptions{Name: contract.ActivityVerify})
	to.RegisterActivityWithOptions(r.Settle, activity.RegisterOptions{Name: contract.ActivitySettle})
}

// look is what one activity sees with: the means to gather evidence and the record's clock.
type look struct {
	observer *observer
	workers  liveWorkers
	state    models.ReconcilerState
	read     time.Time // the record's clock
	at       time.Time // this process's, at the same moment
	slow     int       // closes in scopes whose breaker has been open for longer than breakerMax
}

func (l *look) now() time.Time { return l.read.Add(time.Since(l.at)) }

// look prepares an activity. ok is false when Temporal does not answer: then nothing may be judged.
func (r *Reconciler) look(ctx context.Context) (l *look, ok bool, err error) {
	clock := clockAt(activity.GetInfo(ctx).StartedTime) // before anything that takes time: signs would look newer
	home, err := AskHome(ctx, r.Cluster.WorkflowService(), r.Namespace)
	if err != nil {
		r.Logger.WarnContext(ctx, "temporal does not answer; no run is judged", "error", err)
		return nil, false, nil
	}
	rows, now, err := r.Record.Workers(ctx)
	at := time.Now()
	if err != nil {
		return nil, false, fmt.Errorf("read the workers: %w", err)
	}
	state, _, err := r.Record.ReconcilerState(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("read the reconciler's state: %w", err)
	}
	workers := liveWorkers{Alive: r.Timing.WorkerAlive()}
	for _, row := range rows {
		workers.Rows = append(workers.Rows, workerAge{ID: row.ID, Queues: row.Queues, Age: now.Sub(row.LastSeen)})
	}
	return &look{
		observer: newObserver(r.Cluster, home, clock, workers), workers: workers, state: state, read: now, at: at,
	}, true, nil
}

// judge gathers evidence about a run and weighs it.
func (r *Reconciler) judge(ctx context.Context, l *look, run models.Run) (lifecycle.Facts, lifecycle.Evidence, lifecycle.Verdict) {
	now := l.now()
	e := l.observer.observe(ctx, temporalclient.SubjectOf(run), now.Sub(run.Facts.LivenessAt))
	f := run.Facts
	now = l.now()
	f.Check.Gap = l.holding(f.Queue, now)
	return f, e, lifecycle.Judge(f, e, r.Timing.PassEvery, now)
}

// adopt records an end that Temporal told: our own close or cancel where its intent ended the workflow.
func (r *Reconciler) adopt(ctx context.Context, run models.Run, e lifecycle.Evidence, v lifecycle.Verdict) error {
	if v.Ours {
		return r.closed(ctx, run, run.Facts.Silence)
	}
	return r.change(ctx, run, lifecycle.Change{
		Kind: lifecycle.Adopted, Actor: actor, Closing: run.Facts.Closing, Token: "temporal:" + e.RunID, Outcome: v.Outcome, Failure: v.Failure,
	})
}

// change makes a transition. That somebody else was first, or that the run ended, is no failure of the pass: the next
// one sees what became of it.
func (r *Reconciler) change(ctx context.Context, run models.Run, c lifecycle.Change) error {
	changed, err := r.Record.Transition(ctx, run.ID, c)
	switch {
	case errors.Is(err, lifecycle.ErrEnded), errors.Is(err, lifecycle.ErrUnchanged), errors.Is(err, lifecycle.ErrOvertaken):
		return nil
	case err != nil:
		return fmt.Errorf("record %q of run %s: %w", c.Kind, run.ID, err)
	}
	if f := changed.Facts; run.Facts.Status.Active() && f.Status == lifecycle.Completed {
		r.Measure.RunEnded(f.Type, f.Outcome, f.CompletedAt.Sub(f.QueuedAt))
	}
	r.Logger.InfoContext(ctx, "run changed by the reconciler", "run", run.ID, "change", c.Kind)
	return nil
}
