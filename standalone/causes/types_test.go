package causes

import (
	"context"
	"errors"
	"strconv"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

// input says what a run of a probe does.
type input struct {
	Items  int    `json:"items"`
	ItemMS int    `json:"item_ms"`
	Mode   string `json:"mode"`
	WaitMS int    `json:"wait_ms"` // with mode wait: a durable wait in the middle
}

const (
	steady  = ""        // works through its items
	failing = "failing" // every attempt of its step fails
	stuck   = "stuck"   // beats and does not advance
	long    = "long"    // the same from its second item on
	broken  = "broken"  // its workflow's code panics
	idle    = "idle"    // its workflow sleeps without saying so
	waiting = "wait"    // declares a durable wait
	deaf    = "deaf"    // does not end when it is told to, and reports its item late
)

// scenarios are operation types of one test each, on task queues of their own.
var scenarios = map[string]func(*lifecycle.Policy){
	"kill":      nil,
	"lost":      nil,
	"nobody":    nil,
	"stop":      nil,
	"retry":     nil,
	"panic":     nil,
	"backlog":   nil,
	"progress":  func(p *lifecycle.Policy) { p.ProgressTimeout = slow * 4 * time.Second },
	"idle":      nil,
	"terminate": nil,
	"cancelled": nil,
	"reset":     nil,
	"pause":     nil,
	"pauseall":  nil,
	"missing":   nil,
	"foreign":   nil,
	"outage":    func(p *lifecycle.Policy) { p.CloseNoWorkers, p.CloseWorkerLost = slow*time.Second, slow*time.Second },
	"close": func(p *lifecycle.Policy) {
		p.CloseNoWorkers, p.CloseWorkerLost = slow*3*time.Second, slow*3*time.Second
	},
	"cancel": nil,
	"cancellong": func(p *lifecycle.Policy) { // the SDK holds heartbeats back for longer than a cancel may take
		p.StaleAfter, p.CancelGrace = slow*time.Minute, slow*10*time.Second
	},
	"undelivered": nil,
	"wait":        nil,
	"fleet":       func(p *lifecycle.Policy) { p.QueuedStaleAfter = slow * time.Minute }, // as by default: all are started at once
	"crash":       nil,
	"items":       nil,
}

func queueOf(scenario string) string { return "probe-" + scenario }
func typeOf(scenario string) string  { return "probe." + scenario }

var timing = lifecycle.NewTiming(slow*500*time.Millisecond, slow*time.Second)

func policy() lifecycle.Policy {
	p := lifecycle.DefaultPolicy()
	p.StaleAfter, p.QueuedStaleAfter = slow*3*time.Second, slow*3*time.Second
	p.WaitSlack, p.CancelGrace = slow*time.Second, slow*3*time.Second
	p.RetryAttempts = 3
	return p
}

func registry() (*operation.Registry, error) {
	var defs []operation.Definition
	for scenario, tune := range scenarios {
		defs = append(defs, operation.Define(operation.Type[input]{
			Name: typeOf(scenario), Title: scenario, Queue: queueOf(scenario), Policy: tune,
			Plan: func(_ context.Context, run *operation.Run[input]) (operation.Plan, error) {
				return operation.Plan{Total: int64(run.Input.Items), Cursor: run.Input.Mode + "0"}, nil
			},
			Do: do,
		}))
	}
	return operation.NewRegistry(policy(), timing, append(defs, wrappedTypes()...)...)
}

// do does one item a chunk. The cursor is the mode and the item's number.
func do(ctx context.Context, run *operation.Run[input], cursor string) (operation.Next, error) {
	item, err := strconv.Atoi(cursor[len(run.Input.Mode):])
	if err != nil {
		return operation.Next{}, operation.Permanent(err)
	}
	if item >= run.Input.Items {
		return operation.Done(), nil
	}
	next := run.Input.Mode + strconv.Itoa(item+1)
	pause := time.Duration(run.Input.ItemMS) * time.Millisecond
	switch {
	case run.Input.Mode == failing:
		return operation.Next{}, errors.New("the target answers 503")
	case run.Input.Mode == stuck, run.Input.Mode == long && item > 0:
		<-ctx.Done()
		return operation.Next{}, context.Cause(ctx)
	case run.Input.Mode == deaf:
		time.Sleep(pause) //nolint:forbidigo // work that hears of no cancel, in the worker process
		run.Succeeded(strconv.Itoa(item))
		return operation.More(next), nil
	}
	select {
	case <-ctx.Done():
		return operation.Next{}, context.Cause(ctx)
	case <-time.After(pause):
	}
	run.Succeeded(strconv.Itoa(item))
	if run.Input.Mode == waiting && item+1 == run.Input.Items/2 {
		return operation.WaitFor(next, time.Duration(run.Input.WaitMS)*time.Millisecond, "until the window opens"), nil
	}
	return operation.More(next), nil
}

// troubles makes the workflows of broken and idle runs behave so, at the moment they would begin to work.
type troubles struct {
	interceptor.WorkerInterceptorBase
}

func (*troubles) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	i := &inbound{}
	i.Next = next
	return i
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	o := &outbound{}
	o.Next = next
	return i.Next.Init(o)
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
}

func (o *outbound) ExecuteActivity(ctx workflow.Context, activity string, args ...any) workflow.Future {
	if activity == contract.ActivityExecute {
		in := args[0].(contract.ExecuteInput)
		switch in.Cursor {
		case broken + "0":
			panic("the workflow's code is wrong")
		case idle + "0":
			_ = workflow.Sleep(ctx, time.Hour)
		}
	}
	return o.Next.ExecuteActivity(ctx, activity, args...)
}
