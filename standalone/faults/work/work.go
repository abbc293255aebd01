// Package work is what the runs of the fault harness do: operation types whose every attempt is written down outside the
// record, so that what the record says of a run can be compared with what really happened to it.
package work

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
)

// Queues of the harness's workers.
const (
	Steady  = "faults-steady"  // always served again after a fault
	Fragile = "faults-fragile" // may lose all its workers at once
	Doomed  = "faults-doomed"  // loses its only worker for good
)

// Operation types.
const (
	TypeSteady  = "faults.steady"  // a backoff of any length is a legitimate wait
	TypePicky   = "faults.picky"   // flagged while a step keeps failing
	TypeFragile = "faults.fragile" //
	TypeDoomed  = "faults.doomed"  // closed soon after it has no workers
)

// QueueOf is the task queue of a type.
func QueueOf(operationType string) string {
	switch operationType {
	case TypeFragile:
		return Fragile
	case TypeDoomed:
		return Doomed
	}
	return Steady
}

// PickyAttempts is the attempt from which on a failing step of TypePicky is flagged.
const PickyAttempts = 3

// Input says what a run does: Items items one after the other, one per chunk.
type Input struct {
	Items  int `json:"items"`
	HoldMS int `json:"hold_ms"` // how long one item takes, beating
	Bad    int `json:"bad"`     // so many of the last items fail for good

	// Flaky attempts of the chunk of item FlakyAt fail, after which Temporal waits 1, 2, 4, 8 … seconds.
	FlakyAt int `json:"flaky_at"`
	Flaky   int `json:"flaky"`

	// After item WaitAt the workflow waits for WaitMS, declared. Zero: it does not.
	WaitAt int `json:"wait_at"`
	WaitMS int `json:"wait_ms"`

	// Burst items are recorded at once in every chunk, in addition: short item work.
	Burst int `json:"burst"`
}

// Total is how many items a run of this input records, and how many of them fail.
func (in Input) Total() (all, failed int64) {
	return int64(in.Items * (1 + in.Burst)), int64(in.Bad)
}

// Outcome is how a run of this input ends when nothing but faults happens to it.
func (in Input) Outcome() lifecycle.Outcome {
	all, failed := in.Total()
	outcome, _ := lifecycle.Counts{Total: all, Processed: all, Succeeded: all - failed, Failed: failed}.End()
	return outcome
}

// Definitions are the harness's operation types, which write their attempts to the log. CloseDoomed is how soon a doomed
// run is closed.
func Definitions(log *Log, closeDoomed time.Duration) []operation.Definition {
	define := func(name string, tune func(*lifecycle.Policy)) operation.Definition {
		return operation.Define(operation.Type[Input]{
			Name: name, Title: name, Queue: QueueOf(name), Policy: tune, Target: func(Input) string { return "a target of the harness" },
			Plan: func(_ context.Context, run *operation.Run[Input]) (operation.Plan, error) {
				all, _ := run.Input.Total()
				return operation.Plan{Total: all, Cursor: "0"}, nil
			},
			Do: func(ctx context.Context, run *operation.Run[Input], cursor string) (operation.Next, error) {
				return do(ctx, run, cursor, log)
			},
		})
	}
	patient := func(p *lifecycle.Policy) { p.RetryAttempts, p.RetryFor = 0, 0 }
	return []operation.Definition{
		define(TypeSteady, patient),
		define(TypePicky, func(p *lifecycle.Policy) { p.RetryAttempts, p.RetryFor = PickyAttempts, 0 }),
		define(TypeFragile, patient),
		define(TypeDoomed, func(p *lifecycle.Policy) { p.CloseNoWorkers, p.CloseWorkerLost = closeDoomed, closeDoomed }),
	}
}

func do(ctx context.Context, run *operation.Run[Input], cursor string, log *Log) (next operation.Next, err error) {
	in := run.Input
	var item int
	if _, err := fmt.Sscanf(cursor, "%d", &item); err != nil {
		return operation.Next{}, operation.Permanent(fmt.Errorf("read the cursor %q: %w", cursor, err))
	}
	if item >= in.Items {
		return operation.Done(), nil
	}
	a := Attempt{Run: run.ID, Item: item, Number: int(activity.GetInfo(ctx).Attempt)}
	log.Begin(a)
	how, lasts := Ended, time.Duration(0)
	defer func() { log.End(a, how, lasts) }()

	if a.Number <= in.Flaky && item == in.FlakyAt {
		how, lasts = FailedAttempt, Backoff(a.Number)
		return operation.Next{}, errors.New("the target answers 503")
	}
	hold := time.NewTimer(time.Duration(in.HoldMS) * time.Millisecond)
	defer hold.Stop()
	select {
	case <-hold.C:
	case <-ctx.Done():
		err := context.Cause(ctx)
		how = CutOff
		if errors.Is(err, operation.ErrHandover) {
			how = HandedOver
		}
		return operation.Next{}, err
	}
	report(run, item)
	following := fmt.Sprint(item + 1)
	if in.WaitMS > 0 && item+1 == in.WaitAt {
		how, lasts = Waits, time.Duration(in.WaitMS)*time.Millisecond
		return operation.WaitFor(following, lasts, "a wait of the harness"), nil
	}
	return operation.More(following), nil
}

// report records the items of one chunk. The keys are the chunk's own, so that a chunk that is repeated counts once.
func report(run *operation.Run[Input], item int) {
	key := fmt.Sprintf("%05d", item)
	if item >= run.Input.Items-run.Input.Bad {
		run.Failed(key, "harness", "this item always fails")
	} else {
		run.Succeeded(key)
	}
	for i := range run.Input.Burst {
		run.Succeeded(fmt.Sprintf("%s-%04d", key, i))
	}
}

// Backoff is how long Temporal waits after a failed attempt of a step, by the product's retry policy.
func Backoff(attempt int) time.Duration {
	return min(time.Minute, time.Second<<min(attempt-1, 6))
}
