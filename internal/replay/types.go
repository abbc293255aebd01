// Package replay has the operation types whose runs are kept as workflow histories of each released version. What they do
// must stay as it is: the histories are replayed against it.
package replay

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/operation"
)

// Names of the types.
const (
	Plain   = "replay.plain"
	Wrapped = "replay.wrapped"
)

// Queue of both.
const Queue = "replay"

// Order is the input of both types: what their runs do, word after word.
type Order struct {
	Do string `json:"do"`
}

// Types are the two, in every version.
func Types() []operation.Definition {
	return []operation.Definition{
		operation.Define(operation.Type[Order]{
			Name: Plain, Title: "Plain", Queue: Queue,
			Check: func(_ context.Context, run *operation.Run[Order]) error {
				if run.Input.Do == "blocked" {
					return operation.Blocked("Ask for consent.")
				}
				return nil
			},
			Plan: func(_ context.Context, run *operation.Run[Order]) (operation.Plan, error) {
				return operation.Plan{Cursor: run.Input.Do}, nil
			},
			Do: do,
		}),
		operation.Wrap(operation.Type[Order]{Name: Wrapped, Title: "Wrapped", Queue: Queue}, Workflow, operation.Wrapping{
			Register: func(r worker.Registry) {
				r.RegisterWorkflow(Child)
				r.RegisterActivity(Work)
			},
		}),
	}
}

// do does the first word of the cursor.
func do(ctx context.Context, run *operation.Run[Order], cursor string) (operation.Next, error) {
	word, rest, _ := strings.Cut(cursor, " ")
	switch word {
	case "":
		return operation.Done(), nil
	case "wait":
		return operation.WaitFor(rest, time.Millisecond, "a moment"), nil
	case "sleep":
		return operation.WaitFor(rest, time.Hour, "the window"), nil
	case "await":
		return operation.AwaitSignal(rest, time.Hour, "an approval"), nil
	case "hang":
		<-ctx.Done()
		return operation.Next{}, context.Cause(ctx)
	case "fail":
		return operation.Next{}, operation.Permanent(errors.New("disk is gone"))
	}
	run.Succeeded(word)
	return operation.More(rest), nil
}

// Workflow is a workflow of somebody's own.
func Workflow(ctx workflow.Context, o Order) (string, error) {
	word, rest, _ := strings.Cut(o.Do, " ")
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Hour})
	switch word {
	case "sleep":
		if err := workflow.Sleep(ctx, time.Hour); err != nil {
			return "", err
		}
	case "await":
		done := operation.Waiting(ctx, "an approval", time.Hour)
		workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
		done()
	case "again":
		return "", workflow.NewContinueAsNewError(ctx, Workflow, Order{rest})
	case "fail":
		return "", errors.New("disk is gone")
	case "child":
		if err := workflow.ExecuteChildWorkflow(ctx, Child).Get(ctx, nil); err != nil {
			return "", err
		}
	}
	first, second := workflow.ExecuteActivity(ctx, Work, "a"), workflow.ExecuteActivity(ctx, Work, "b")
	return "done", errors.Join(first.Get(ctx, nil), second.Get(ctx, nil))
}

// Child is its child.
func Child(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Hour})
	return workflow.ExecuteActivity(ctx, Work, "of the child").Get(ctx, nil)
}

// Work is an activity of both.
func Work(ctx context.Context, item string) error {
	return operation.Report(ctx, operation.Item{Key: item, State: operation.ItemSucceeded})
}
