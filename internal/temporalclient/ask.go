package temporalclient

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

const (
	askLimit = 2 * time.Second // all questions about one run
	askers   = 4               // people who may ask at once
)

// ErrBusy refuses a question while as many as may be are under way.
var ErrBusy = errors.New("too many people ask Temporal at this moment: try again")

// Questions is what Temporal is asked about a run and its queue.
type Questions interface {
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	DescribeTaskQueue(ctx context.Context, queue string, kind enumspb.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error)
}

// Asker asks Temporal about a run because a person wants to know now. It is bounded in time and in number, and what it
// learns is shown and never stored: only the reconciler's verdicts change a record.
type Asker struct {
	temporal Questions
	home     func(ctx context.Context) (namespaceID, clusterID string, err error)
	turns    chan struct{}
}

// NewAsker makes an Asker; home tells which namespace and cluster answers.
func NewAsker(q Questions, home func(ctx context.Context) (namespaceID, clusterID string, err error)) *Asker {
	return &Asker{temporal: q, home: home, turns: make(chan struct{}, askers)}
}

// Subject is the run that is asked about, as its record tells.
type Subject struct {
	WorkflowID  string
	FirstRunID  string // of its chain; empty while it was not handed over
	NamespaceID string // where it was started; both empty likewise
	ClusterID   string
	Queue       string
}

// SubjectOf is a run to ask about.
func SubjectOf(run models.Run) Subject {
	return Subject{
		WorkflowID: contract.WorkflowID(run.ID), FirstRunID: run.FirstRunID,
		NamespaceID: run.Namespace, ClusterID: run.ClusterID, Queue: run.Facts.Queue,
	}
}

// MayBeIn reports whether the run can be in this namespace of this cluster: one that was not handed over has no home yet.
func (s Subject) MayBeIn(namespaceID, clusterID string) bool {
	return (s.NamespaceID == "" || s.NamespaceID == namespaceID) && (s.ClusterID == "" || s.ClusterID == clusterID)
}

// Said is what Temporal said. Its times are Temporal's own and are not compared with the record's.
type Said struct {
	Answer     lifecycle.Answer
	Problem    string        // why there is no answer
	Took       time.Duration // of all questions
	Execution  lifecycle.Execution
	Paused     bool
	RunID      string
	StartedAt  time.Time
	ClosedAt   time.Time
	Events     int64 // length of its history
	Task       *PendingTask
	Activities []PendingActivity
	Pollers    []Poller
	NoPollers  string // why Pollers is not known
}

// PendingTask is a workflow task that waits or is worked on.
type PendingTask struct {
	Attempt     int
	Started     bool
	ScheduledAt time.Time
}

// PendingActivity is an activity that has not ended.
type PendingActivity struct {
	Name, Worker, Failure                        string
	State                                        lifecycle.ActivityState
	Attempt                                      int
	ScheduledAt, StartedAt, HeartbeatAt, NextTry time.Time
}

// Poller is a worker that asked the run's task queue for work lately.
type Poller struct {
	Identity string
	Kind     string // what it asked for: workflow or activity tasks
	At       time.Time
}

// Ask asks within two seconds. It fails with ErrBusy alone: that Temporal does not answer is an answer too.
func (a *Asker) Ask(ctx context.Context, s Subject) (Said, error) {
	select {
	case a.turns <- struct{}{}:
		defer func() { <-a.turns }()
	default:
		return Said{}, ErrBusy
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	began := time.Now()
	said := a.ask(ctx, s)
	said.Took = time.Since(began)
	return said, nil
}

// ask asks for the run and for its queue at once. Without naming the Temporal run, a reset or continued chain answers
// as one execution.
func (a *Asker) ask(ctx context.Context, s Subject) Said {
	namespace, cluster, err := a.home(ctx)
	if err != nil {
		return unanswered(err)
	}
	if !s.MayBeIn(namespace, cluster) {
		return Said{Answer: lifecycle.WrongHome, Problem: "this installation is connected to another cluster or namespace than the run was started in"}
	}
	var wg sync.WaitGroup
	var pollers []Poller
	var noPollers error
	wg.Go(func() { pollers, noPollers = a.pollers(ctx, s.Queue) })
	d, err := a.temporal.DescribeWorkflowExecution(ctx, s.WorkflowID, "")
	wg.Wait()
	var said Said
	switch {
	case err != nil:
		said = unanswered(err)
	case s.FirstRunID != "" && d.GetWorkflowExecutionInfo().GetFirstRunId() != s.FirstRunID:
		said = Said{Answer: lifecycle.WrongHome, Problem: "another execution has this workflow id"}
	default:
		said = described(d)
	}
	said.Pollers = pollers
	if noPollers != nil {
		said.NoPollers = noPollers.Error()
	}
	return said
}

func unanswered(err error) Said {
	said := Said{Answer: AnswerOf(err), Problem: err.Error()}
	if errors.Is(err, context.DeadlineExceeded) {
		said.Problem = fmt.Sprintf("no answer within %v", askLimit)
	}
	return said
}

func described(d *workflowservice.DescribeWorkflowExecutionResponse) Said {
	info := d.GetWorkflowExecutionInfo()
	said := Said{
		Answer: lifecycle.Answered, Execution: ExecutionOf(info.GetStatus()), RunID: info.GetExecution().GetRunId(),
		StartedAt: moment(info.GetStartTime()), ClosedAt: moment(info.GetCloseTime()), Events: info.GetHistoryLength(),
		Paused: info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED || d.GetWorkflowExtendedInfo().GetPauseInfo() != nil,
	}
	if said.Execution == "" {
		return Said{Answer: lifecycle.Unreachable, Problem: "its chain goes on as new at this moment: ask again"}
	}
	if t := d.GetPendingWorkflowTask(); t != nil {
		said.Task = &PendingTask{
			Attempt: int(t.GetAttempt()), ScheduledAt: moment(t.GetOriginalScheduledTime()),
			Started: t.GetState() == enumspb.PENDING_WORKFLOW_TASK_STATE_STARTED,
		}
	}
	for _, p := range d.GetPendingActivities() {
		said.Activities = append(said.Activities, pendingActivity(p))
	}
	return said
}

func pendingActivity(p *workflowpb.PendingActivityInfo) PendingActivity {
	return PendingActivity{
		Name: p.GetActivityType().GetName(), State: ActivityStateOf(p.GetState()), Attempt: int(p.GetAttempt()),
		Worker: p.GetLastWorkerIdentity(), Failure: p.GetLastFailure().GetMessage(),
		ScheduledAt: moment(p.GetScheduledTime()), StartedAt: moment(p.GetLastStartedTime()),
		HeartbeatAt: moment(p.GetLastHeartbeatTime()), NextTry: moment(p.GetNextAttemptScheduleTime()),
	}
}

func (a *Asker) pollers(ctx context.Context, queue string) ([]Poller, error) {
	var all []Poller
	for _, kind := range []struct {
		of   enumspb.TaskQueueType
		name string
	}{{enumspb.TASK_QUEUE_TYPE_WORKFLOW, "workflow tasks"}, {enumspb.TASK_QUEUE_TYPE_ACTIVITY, "activity tasks"}} {
		d, err := a.temporal.DescribeTaskQueue(ctx, queue, kind.of)
		if err != nil {
			return nil, fmt.Errorf("describe task queue %q: %w", queue, err)
		}
		for _, p := range d.GetPollers() {
			all = append(all, Poller{Identity: p.GetIdentity(), Kind: kind.name, At: moment(p.GetLastAccessTime())})
		}
	}
	return all, nil
}

func moment(t *timestamppb.Timestamp) time.Time {
	if t.GetSeconds() == 0 {
		return time.Time{}
	}
	return t.AsTime()
}
