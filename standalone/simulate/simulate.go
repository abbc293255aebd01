// Package simulate is an operation type that does nothing, at a chosen pace and with chosen troubles, so that every state
// of a run can be shown. It is part of the standalone demo and of no other program.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
)

const (
	// Name of the operation type.
	Name = "sample.simulate"
	// Queue of its workers.
	Queue = "sample-simulate"

	// UnattendedName is an operation type that no worker serves.
	UnattendedName = "sample.unattended"
	// UnattendedQueue is a task queue that nobody polls.
	UnattendedQueue = "sample-unattended"

	progressTimeout = 30 * time.Second
	// sampleGrace is short, so that a cancel that no workflow can take is seen to be forced.
	sampleGrace = 10 * time.Second
)

// Definition is sample.simulate for the registry.
func Definition() operation.Definition {
	return operation.Define(operation.Type[Knobs]{
		Name:        Name,
		Title:       "Simulate work",
		Description: "Pretends to work through items, with the troubles that you choose.",
		Queue:       Queue,
		Policy: func(p *lifecycle.Policy) {
			p.ProgressTimeout = progressTimeout
			p.CancelGrace = sampleGrace
		},
		Fields:   fields,
		Target:   Knobs.describe,
		Validate: Knobs.validate,
		Check:    check,
		Plan:     plan,
		Do:       do,
		Finish:   finish,
	})
}

// Unattended is sample.unattended for the registry: its runs queue up, become likely stuck because no worker serves their
// queue, and are closed soon, where other types wait for a day.
func Unattended() operation.Definition {
	return operation.Define(operation.Type[struct{}]{
		Name:        UnattendedName,
		Title:       "Simulate work without a worker",
		Description: "No worker serves its queue: it becomes likely stuck and is then closed.",
		Queue:       UnattendedQueue,
		Policy: func(p *lifecycle.Policy) {
			p.QueuedStaleAfter = p.StaleAfter
			p.CloseNoWorkers = 2 * p.StaleAfter
			p.CancelGrace = sampleGrace
		},
		Target: func(struct{}) string { return "a queue without workers" },
		Do: func(context.Context, *operation.Run[struct{}], string) (operation.Next, error) {
			return operation.Done(), nil
		},
	})
}

func check(_ context.Context, run *operation.Run[Knobs]) error {
	if run.Input.Block {
		return operation.Blocked("The simulated permission is missing: start a run without “Refuse to start”.")
	}
	return nil
}

func plan(_ context.Context, run *operation.Run[Knobs]) (operation.Plan, error) {
	p := operation.Plan{Total: int64(run.Input.Items), Cursor: position{}.String()}
	if run.Input.PanicWorkflow {
		p.Cursor = panicCursor
	}
	return p, nil
}

// do works through one chunk of items.
func do(ctx context.Context, run *operation.Run[Knobs], cursor string) (operation.Next, error) {
	at, err := parsePosition(cursor)
	if err != nil {
		return operation.Next{}, operation.Permanent(err)
	}
	in := run.Input
	for range in.chunk() {
		switch {
		case at.item >= in.Items:
			return operation.Done(), nil
		case in.StallAfter > 0 && at.item >= in.StallAfter:
			return operation.Next{}, fmt.Errorf("call the simulated target for item %d: it does not answer", at.item+1)
		case in.NoProgress && at.item >= in.Items/3:
			<-ctx.Done()
			return operation.Next{}, context.Cause(ctx)
		case in.WaitS > 0 && !at.waited && at.item >= in.Items/2:
			at.waited = true
			return operation.WaitFor(at.String(), time.Duration(in.WaitS)*time.Second, "the simulated maintenance window"), nil
		}
		if err := pause(ctx, in.item()); err != nil {
			return operation.Next{}, err
		}
		record(run, at.item)
		at.item++
	}
	return operation.More(at.String()), nil
}

func record(run *operation.Run[Knobs], item int) {
	key := fmt.Sprintf("item-%05d", item+1)
	if every := run.Input.FailEvery; every > 0 && (item+1)%every == 0 {
		run.Failed(key, "simulated_failure", "The simulated target refused this item.")
		return
	}
	run.Succeeded(key)
}

func finish(ctx context.Context, run *operation.Run[Knobs]) error {
	text := fmt.Sprintf("Simulated: %s.\n", run.Input.describe())
	return run.Artifact(ctx, "summary.txt", "text/plain; charset=utf-8", []byte(text))
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// position is where a run is: the next item from 0, and whether its wait is over.
type position struct {
	item   int
	waited bool
}

const waitedMark = "w"

func (p position) String() string {
	s := strconv.Itoa(p.item)
	if p.waited {
		s += waitedMark
	}
	return s
}

func parsePosition(cursor string) (p position, err error) {
	var digits string
	digits, p.waited = strings.CutSuffix(cursor, waitedMark)
	if p.item, err = strconv.Atoi(digits); err != nil || p.item < 0 {
		return p, errors.New("read the cursor of a simulated run: " + strconv.Quote(cursor) + " is none")
	}
	return p, nil
}
