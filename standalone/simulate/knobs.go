package simulate

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/opstruth/opstruth/operation"
)

// Knobs is the input of sample.simulate.
type Knobs struct {
	Items         int  `json:"items"`
	ItemMS        int  `json:"item_ms"`
	FailEvery     int  `json:"fail_every"`
	StallAfter    int  `json:"stall_after"`
	WaitS         int  `json:"wait_s"`
	NoProgress    bool `json:"no_progress"`
	PanicWorkflow bool `json:"panic_workflow"`
	Block         bool `json:"block"`
}

const (
	maxItems = 10_000
	// maxItem is below progressTimeout: items may be slow without looking stuck.
	maxItem = 15 * time.Second
	maxWait = 24 * time.Hour
)

var fields = []operation.Field{
	{Name: "items", Label: "Items", Help: "How many items there are to do.", Kind: operation.Number, Required: true, Default: "20"},
	{Name: "item_ms", Label: "Milliseconds per item", Help: "How long each item takes.", Kind: operation.Number, Default: "500"},
	{Name: "fail_every", Label: "Fail every n-th item", Help: "0 fails none, 1 fails all.", Kind: operation.Number},
	{Name: "stall_after", Label: "Stall after n items", Help: "From then on every attempt of the step fails, as if the target were away. 0 never does.", Kind: operation.Number},
	{Name: "wait_s", Label: "Wait in the middle, in seconds", Help: "A declared wait that the workflow keeps. It needs no worker.", Kind: operation.Number},
	{Name: "no_progress", Label: "Stop advancing", Help: "The worker stays alive and heartbeats; the counts stand still.", Kind: operation.Bool},
	{Name: "panic_workflow", Label: "Break the workflow's code", Help: "Its workflow task panics at every attempt.", Kind: operation.Bool},
	{Name: "block", Label: "Refuse to start", Help: "A precondition stops it before any work.", Kind: operation.Bool},
}

func (k Knobs) validate() error {
	wrong := operation.FieldErrors{}
	within := func(name string, value, least, most int) {
		if value < least || value > most {
			wrong[name] = fmt.Sprintf("must be between %d and %d", least, most)
		}
	}
	within("items", k.Items, 1, maxItems)
	within("item_ms", k.ItemMS, 0, int(maxItem.Milliseconds()))
	within("fail_every", k.FailEvery, 0, maxItems)
	within("stall_after", k.StallAfter, 0, maxItems)
	within("wait_s", k.WaitS, 0, int(maxWait.Seconds()))
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

// describe is the run's target: what the list shows of it.
func (k Knobs) describe() string {
	parts := []string{fmt.Sprintf("%d items", k.Items)}
	add := func(set bool, format string, args ...any) {
		if set {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(k.FailEvery == 1, "all fail")
	add(k.FailEvery > 1, "one in %d fails", k.FailEvery)
	add(k.StallAfter > 0, "stalls after %d", k.StallAfter)
	add(k.WaitS > 0, "waits %d s", k.WaitS)
	add(k.NoProgress, "stops advancing")
	add(k.PanicWorkflow, "workflow panics")
	add(k.Block, "blocked")
	return strings.Join(parts, ", ")
}

func (k Knobs) item() time.Duration { return time.Duration(k.ItemMS) * time.Millisecond }

// chunk is how many items make about a second of work, so that counts move about once a second.
func (k Knobs) chunk() int {
	return min(100, max(1, int(time.Second/cmp.Or(k.item(), time.Millisecond))))
}
