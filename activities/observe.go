package activities

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/lifecycle"
)

// askTimeout bounds one question to Temporal. A question without an answer is evidence too: that there is none.
const askTimeout = 3 * time.Second

// observeTimeout bounds all questions about one run: a pass's step beats before each run, and has to beat every 5 s.
const observeTimeout = 4 * time.Second

// questions is what the reconciler asks of Temporal about a run.
type questions interface {
	temporalclient.Questions
	GetWorkflowHistory(ctx context.Context, workflowID, runID string, isLongPoll bool, filter enumspb.HistoryEventFilterType) client.HistoryEventIterator
}

// clock is Temporal's clock, carried on by this process's monotonic one from a moment that Temporal told.
type clock struct {
	told time.Time // Temporal's
	at   time.Time // this process's, when it was told; its monotonic reading counts
}

// clockAt is Temporal's clock as it stood at the start of an activity.
func clockAt(told time.Time) clock { return clock{told: told, at: time.Now()} }

func (c clock) now() time.Time { return c.told.Add(time.Since(c.at)) }

// age is how long ago Temporal's t was; negative where it never was. A moment that lies ahead by skew is now.
func (c clock) age(t time.Time) time.Duration {
	if t.IsZero() || t.Unix() == 0 {
		return -1
	}
	return max(0, c.now().Sub(t))
}

// observer gathers evidence about runs for the length of one pass. It remembers what it learned about task queues.
type observer struct {
	temporal questions
	home     Home
	clock    clock
	queues   *queues
}

// newObserver makes an observer of the workflows at home, on Temporal's clock; workers are the record's rows.
func newObserver(q questions, home Home, clock clock, workers liveWorkers) *observer {
	return &observer{temporal: q, home: home, clock: clock, queues: newQueues(q, clock, workers)}
}

// observe asks Temporal about one run, without naming the Temporal run, so that a reset or continued chain answers as
// one execution. heardAge is the age of its newest sign of life. It never fails: what could not be learned is part of the
// evidence.
func (o *observer) observe(ctx context.Context, s temporalclient.Subject, heardAge time.Duration) lifecycle.Evidence {
	if !s.MayBeIn(o.home.NamespaceID, o.home.ClusterID) {
		return lifecycle.NoEvidence(lifecycle.WrongHome)
	}
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	asking, done := context.WithTimeout(ctx, askTimeout)
	defer done()
	d, err := o.temporal.DescribeWorkflowExecution(asking, s.WorkflowID, "")
	if err != nil {
		e := lifecycle.NoEvidence(temporalclient.AnswerOf(err))
		e.Retained = heardAge < o.home.Retention-retentionMargin
		return e
	}
	info := d.GetWorkflowExecutionInfo()
	if s.FirstRunID != "" && info.GetFirstRunId() != s.FirstRunID {
		return lifecycle.NoEvidence(lifecycle.WrongHome)
	}
	e := o.described(d)
	if e.Answer != lifecycle.Answered {
		return e
	}
	if e.Execution == lifecycle.ExecRunning {
		queue := lifecycle.NoEvidence(lifecycle.Answered)
		if err := o.queues.fill(ctx, s.Queue, &queue); err != nil {
			return lifecycle.NoEvidence(lifecycle.Unreachable)
		}
		e = o.described(d) // again: its ages are those of now, however long the queue took to answer
		e.PollerAge, e.Workers, e.WorkersSeen = queue.PollerAge, queue.Workers, queue.WorkersSeen
		return e
	}
	if err := o.closed(ctx, s.WorkflowID, &e); err != nil {
		return lifecycle.NoEvidence(lifecycle.Unreachable)
	}
	return e
}

// closed adds how the execution ended, from the last event of its history.
func (o *observer) closed(ctx context.Context, workflowID string, e *lifecycle.Evidence) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	events := o.temporal.GetWorkflowHistory(ctx, workflowID, e.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT)
	var last *historypb.HistoryEvent
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return fmt.Errorf("read the close event of %s: %w", workflowID, err)
		}
		last = event
	}
	closeEvent(last, e)
	return nil
}
