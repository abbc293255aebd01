package activities

import (
	"context"
	"fmt"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/opstruth/opstruth/lifecycle"
)

// liveWorkers is what the workers' rows say, as ages on the record's clock.
type liveWorkers struct {
	Alive time.Duration // a row this young or younger is a live worker
	Rows  []workerAge
}

// workerAge is one worker's row.
type workerAge struct {
	ID     string
	Queues []string
	Age    time.Duration
}

// serving counts the live rows that serve a queue and tells the age of the newest; negative: none is known.
func (w liveWorkers) serving(queue string) (live int, newest time.Duration) {
	newest = -1
	for _, row := range w.Rows {
		for _, q := range row.Queues {
			if q != queue {
				continue
			}
			if row.Age <= w.Alive {
				live++
			}
			if newest < 0 || row.Age < newest {
				newest = row.Age
			}
		}
	}
	return live, newest
}

// living reports whether the worker of this identity still writes its row.
func (w liveWorkers) living(id string) bool {
	for _, row := range w.Rows {
		if row.ID == id && row.Age <= w.Alive {
			return true
		}
	}
	return false
}

// queues remembers for one pass who polls each task queue.
type queues struct {
	temporal questions
	clock    clock
	workers  liveWorkers

	mu    sync.Mutex
	known map[string]*poller
}

// poller is one queue's answer: asked for once, by the first who needs it.
type poller struct {
	once sync.Once
	age  time.Duration
	err  error
}

func newQueues(q questions, clock clock, workers liveWorkers) *queues {
	return &queues{temporal: q, clock: clock, workers: workers, known: map[string]*poller{}}
}

// fill adds to the evidence who serves the queue. It fails when Temporal does not answer.
func (q *queues) fill(ctx context.Context, queue string, e *lifecycle.Evidence) error {
	q.mu.Lock()
	p, ok := q.known[queue]
	if !ok {
		p = &poller{}
		q.known[queue] = p
	}
	q.mu.Unlock()
	p.once.Do(func() { p.age, p.err = q.youngest(ctx, queue) })
	if p.err != nil {
		return p.err
	}
	e.PollerAge = p.age
	e.Workers, e.WorkersSeen = q.workers.serving(queue)
	return nil
}

// youngest is the age of the queue's youngest poller, of workflow or activity tasks; negative: it has none.
func (q *queues) youngest(ctx context.Context, queue string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	youngest := time.Duration(-1)
	for _, kind := range []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY} {
		d, err := q.temporal.DescribeTaskQueue(ctx, queue, kind)
		if err != nil {
			return 0, fmt.Errorf("describe task queue %q: %w", queue, err)
		}
		for _, p := range d.GetPollers() {
			if p.GetLastAccessTime() == nil {
				continue
			}
			age := q.clock.age(p.GetLastAccessTime().AsTime())
			if youngest < 0 || age < youngest {
				youngest = age
			}
		}
	}
	return youngest, nil
}
