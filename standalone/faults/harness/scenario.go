package harness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/standalone/faults/check"
	"github.com/opstruth/opstruth/standalone/faults/work"
)

// Scenario is a set of runs and what is done to those who serve them.
type Scenario struct {
	Name   string
	About  string
	Long   bool // by hand only
	Open   bool // shows a violation that is known; by its name only
	Timing Timing
	Slack  time.Duration // how late a busy machine may be
	Limit  time.Duration // the whole scenario, without the build of the node program
	Spread time.Duration // over which the runs are started
	Nodes  []Node
	Jobs   func(*rand.Rand) []Job
	Script func(*rand.Rand) [][]step // tracks, side by side
}

// Node is a process to start with.
type Node struct {
	Name   string
	Role   string
	Queues []string
	Offset time.Duration // of its wall clock, in whole seconds
}

// Job is a run to start.
type Job struct {
	Type  string
	Input work.Input
	Want  check.Want
}

// console0 is the console's node.
const console0 = "console"

// Scenarios lists every scenario.
func Scenarios() []Scenario { return []Scenario{short(), gap(), fleet(), long(), steps()} }

// brisk settings show in seconds what takes minutes by default.
func brisk() Timing {
	return Timing{
		Heartbeat: time.Second, Pass: 2 * time.Second, StaleAfter: 8 * time.Second, QueuedStaleAfter: 20 * time.Second,
		CloseAfter: time.Minute, CloseDoomed: 4 * time.Second,
	}
}

func workers(n int, queues ...string) []Node {
	nodes := []Node{{Name: console0, Role: work.RoleWeb}}
	for i := range n {
		nodes = append(nodes, Node{Name: fmt.Sprintf("worker-%d", i+1), Role: work.RoleWorker, Queues: queues})
	}
	return nodes
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// between is a duration by chance, in whole milliseconds.
func between(chance *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(chance.Int64N(int64((to-from)/time.Millisecond)+1))*time.Millisecond
}

// short has one of every fault.
func short() Scenario {
	nodes := append(workers(2, work.Steady), Node{Name: "doomed", Role: work.RoleWorker, Queues: []string{work.Doomed}})
	nodes[0].Offset, nodes[2].Offset = -5*time.Second, 5*time.Second
	return Scenario{
		Name: "short", About: "40 runs and one of every fault", Timing: brisk(), Slack: 2 * time.Second, Limit: 10 * time.Minute,
		Spread: 2 * time.Second, Nodes: nodes,
		Jobs: func(chance *rand.Rand) []Job {
			hold := func() int { return int(between(chance, seconds(2), seconds(7)).Milliseconds()) }
			var jobs []Job
			for i := range 37 {
				in, kind := work.Input{Items: 4, HoldMS: hold()}, work.TypeSteady
				switch i % 6 {
				case 1: // the last backoff is of 16 s
					in.Items, in.FlakyAt, in.Flaky = 1, 0, 5
				case 2:
					in.WaitAt, in.WaitMS, in.Bad = 2, 8000, 1
				case 3:
					in.Items, in.HoldMS, in.Burst = 100, 250, 5
				case 4:
					in.Items, in.HoldMS = 2, 15_000
				case 5:
					kind, in.Items, in.FlakyAt, in.Flaky = work.TypePicky, 1, 0, 4
				}
				jobs = append(jobs, Job{Type: kind, Input: in, Want: check.ToEnd})
			}
			for range 3 {
				jobs = append(jobs, Job{Type: work.TypeDoomed, Input: work.Input{Items: 2, HoldMS: 30_000}, Want: check.ToBeClosed})
			}
			return jobs
		},
		Script: func(*rand.Rand) [][]step {
			return [][]step{{
				crash("doomed", -1), crash("worker-1", seconds(2)), freeze("worker-2", seconds(11)), idle(seconds(2)),
				pauseDatabase(seconds(3)), idle(seconds(2)), roll("worker-1", 0), shift("worker-1", -5*time.Second), restartDatabase(),
				idle(seconds(2)), crash(console0, seconds(1)), stopTemporal(seconds(2)),
			}}
		},
	}
}

// gap takes the database away for much longer than silence is allowed to be.
func gap() Scenario {
	timing := brisk()
	timing.CloseAfter = 2 * time.Second // so that only what it knows of its own eyes keeps it from closing
	return Scenario{
		Name: "gap", About: "100 active runs while the database is away for three times stale_after", Timing: timing,
		Slack: 2 * time.Second, Limit: 5 * time.Minute, Spread: 5 * time.Second, Nodes: workers(2, work.Steady),
		Jobs: func(*rand.Rand) []Job { return held(100, work.TypeSteady, 1, time.Minute) },
		Script: func(*rand.Rand) [][]step {
			return [][]step{{idle(seconds(5)), allActive(100), pauseDatabase(3 * timing.StaleAfter), gapIsNamed(100)}}
		},
	}
}

// steps is gap with runs that end a step, and wait for the next one, while the database is away.
func steps() Scenario {
	s := gap()
	s.Name, s.About, s.Open = "steps", "gap, with steps that end while the database is away", true
	s.Jobs = func(chance *rand.Rand) []Job {
		jobs := make([]Job, 100)
		for i := range jobs {
			each := between(chance, seconds(8), seconds(30))
			jobs[i] = Job{Type: work.TypeSteady, Input: work.Input{Items: 3, HoldMS: int(each.Milliseconds())}, Want: check.ToEnd}
		}
		return jobs
	}
	return s
}

// fleet kills every worker of a queue.
func fleet() Scenario {
	timing := brisk()
	timing.CloseAfter = 10 * time.Minute
	nodes := append(workers(2, work.Fragile), Node{Name: "steady", Role: work.RoleWorker, Queues: []string{work.Steady}})
	return Scenario{
		Name: "fleet", About: "100 active runs whose workers are all killed, beside 20 of another queue", Timing: timing,
		Slack: 2 * time.Second, Limit: 5 * time.Minute, Spread: 5 * time.Second, Nodes: nodes,
		Jobs: func(*rand.Rand) []Job {
			return append(held(100, work.TypeFragile, 2, 25*time.Second), held(20, work.TypeSteady, 2, 40*time.Second)...)
		},
		Script: func(*rand.Rand) [][]step {
			return [][]step{{
				idle(seconds(5)), allActive(120), together(crash("worker-1", -1), crash("worker-2", -1)),
				oneCause(work.TypeFragile, lifecycle.NoWorkers, 100), idle(seconds(5)), restart("worker-1", "worker-2"),
			}}
		},
	}
}

// held are runs that hold items, beating.
func held(n int, operationType string, items int, each time.Duration) []Job {
	jobs := make([]Job, n)
	for i := range jobs {
		jobs[i] = Job{Type: operationType, Input: work.Input{Items: items, HoldMS: int(each.Milliseconds())}, Want: check.ToEnd}
	}
	return jobs
}

// long has a thousand runs under the product's own settings.
func long() Scenario {
	const lasts, workersN = 15 * time.Minute, 4
	timing := Timing{
		Heartbeat: 5 * time.Second, Pass: 5 * time.Second, StaleAfter: 20 * time.Second, QueuedStaleAfter: time.Minute,
		CloseAfter: 2 * time.Minute, CloseDoomed: 2 * time.Minute,
	}
	return Scenario{
		Name: "long", About: "1,000 runs for 15 minutes under rolling restarts, database pauses, wrong clocks and long backoffs", Long: true,
		Timing: timing, Slack: 5 * time.Second, Limit: 40 * time.Minute, Spread: time.Minute, Nodes: workers(workersN, work.Steady),
		Jobs: func(chance *rand.Rand) []Job {
			jobs := make([]Job, 0, 1000)
			for i := range cap(jobs) {
				each := between(chance, seconds(20), seconds(60)) // what a restart makes it do again
				in, kind := work.Input{Items: int(lasts/each) + 1, HoldMS: int(each.Milliseconds())}, work.TypeSteady
				switch i % 10 {
				case 1, 2: // the last backoff is of 32 s
					in.FlakyAt, in.Flaky = chance.IntN(in.Items), 6
				case 3:
					in.WaitAt, in.WaitMS, in.Bad = 1+chance.IntN(in.Items-1), 90_000, 1
				case 4:
					in.Burst = 10
				case 5:
					kind, in.FlakyAt, in.Flaky = work.TypePicky, chance.IntN(in.Items), 5
				}
				jobs = append(jobs, Job{Type: kind, Input: in, Want: check.ToEnd})
			}
			return jobs
		},
		Script: func(chance *rand.Rand) [][]step {
			var nodes, others []step
			for at := time.Duration(0); at < lasts; {
				wait := between(chance, seconds(20), seconds(50))
				at += wait
				name := fmt.Sprintf("worker-%d", 1+chance.IntN(workersN))
				nodes = append(nodes, idle(wait))
				switch chance.IntN(6) {
				case 0:
					nodes = append(nodes, crash(name, between(chance, 0, seconds(5))))
				case 1:
					nodes = append(nodes, freeze(name, between(chance, seconds(3), seconds(25))))
				case 2:
					nodes = append(nodes, shift(name, time.Duration(chance.IntN(11)-5)*time.Second))
				default:
					nodes = append(nodes, roll(name, between(chance, 0, seconds(3))))
				}
			}
			for at := time.Duration(0); at < lasts; {
				wait := between(chance, seconds(40), seconds(80))
				at += wait
				others = append(others, idle(wait))
				switch chance.IntN(8) {
				case 0:
					others = append(others, restartDatabase())
				case 1:
					others = append(others, shift(console0, time.Duration(chance.IntN(11)-5)*time.Second))
				case 2:
					others = append(others, stopTemporal(between(chance, seconds(1), seconds(5))))
				default:
					others = append(others, pauseDatabase(seconds(5)))
				}
			}
			return [][]step{nodes, others}
		},
	}
}

// together does several steps side by side.
func together(steps ...step) step {
	return func(ctx context.Context, r *running) error {
		errs := make(chan error, len(steps))
		for _, s := range steps {
			go func() { errs <- s(ctx, r) }()
		}
		var all []error
		for range steps {
			all = append(all, <-errs)
		}
		return errors.Join(all...)
	}
}

// restart starts nodes that were killed for good.
func restart(names ...string) step {
	return func(ctx context.Context, r *running) error {
		for _, name := range names {
			if err := r.again(ctx, r.node(name), 0); err != nil {
				return err
			}
		}
		// That they were away is what was done until now.
		r.mu.Lock()
		defer r.mu.Unlock()
		for i := range r.faults {
			if f := &r.faults[i]; f.Kind == check.Kill {
				f.To = time.Now().UTC()
			}
		}
		return nil
	}
}

// allActive waits until so many runs run.
func allActive(n int64) step {
	return func(ctx context.Context, r *running) error {
		return until(ctx, time.Minute, fmt.Sprintf("%d runs run", n), func(ctx context.Context) error {
			running := int64(0)
			runs, err := r.runs(ctx)
			for _, run := range runs {
				if run.Facts.Status == lifecycle.Running {
					running++
				}
			}
			if err == nil && running < n {
				err = fmt.Errorf("%d do", running)
			}
			return err
		})
	}
}

// gapIsNamed requires of so many runs that their pages tell of the gap, and that it is no lineage.
func gapIsNamed(n int) step {
	return func(ctx context.Context, r *running) error {
		named := 0
		err := until(ctx, 30*time.Second, "every page names the gap", func(ctx context.Context) error {
			runs, err := r.runs(ctx)
			if err != nil {
				return err
			}
			named = 0
			for _, run := range runs {
				page, err := r.console.page(ctx, links.Run(links.System, run.ID, links.List{}))
				if err != nil {
					return err
				}
				if strings.Contains(page, "telemetry gap") || strings.Contains(page, "Telemetry gap") {
					named++
				}
			}
			if named < n {
				return fmt.Errorf("%d of %d do", named, n)
			}
			return nil
		})
		if err != nil {
			r.saw("%v", err)
		}
		runs, err := r.runs(ctx)
		if err != nil {
			return err
		}
		for _, run := range runs {
			if run.GapEpisodes != 1 || run.Facts.StaleEpisodes != 0 {
				r.saw("run %s has %d episodes in gaps and %d others after the gap", run.ID, run.GapEpisodes, run.Facts.StaleEpisodes)
			}
		}
		r.say("%d pages name the gap", named)
		return nil
	}
}

// oneCause requires that all runs of a type become likely stuck by one cause, with no telemetry gap assumed.
func oneCause(operationType string, cause lifecycle.Cause, n int) step {
	return func(ctx context.Context, r *running) error {
		err := until(ctx, time.Minute, fmt.Sprintf("%d runs are likely stuck by %s", n, cause), func(ctx context.Context) error {
			state, now, err := r.store.ReconcilerState(ctx)
			if err != nil {
				return err
			}
			for scope, b := range state.Breakers {
				if b.Open {
					r.saw("a telemetry gap is assumed of %q since %s", scope, b.Since)
				}
			}
			runs, err := r.runs(ctx)
			if err != nil {
				return err
			}
			stuck := 0
			for _, run := range runs {
				truth := run.Truth(now)
				if run.Facts.Type != operationType {
					if truth.Freshness == lifecycle.LikelyStale {
						r.saw("run %s of another queue is likely stuck", run.ID)
					}
					continue
				}
				if truth.Freshness == lifecycle.LikelyStale && truth.Cause == cause {
					stuck++
				}
			}
			if stuck < n {
				return fmt.Errorf("%d are", stuck)
			}
			return nil
		})
		if err != nil {
			r.saw("%v", err)
			return nil
		}
		r.say("all %d are likely stuck by %s", n, cause)
		return nil
	}
}
