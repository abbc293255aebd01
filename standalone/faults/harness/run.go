package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/app"
	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/faults/check"
	"github.com/opstruth/opstruth/standalone/faults/work"
)

// Options say how a scenario is run.
type Options struct {
	Seed uint64    // of everything that is left to chance
	Keep bool      // the directory with the logs, also when all is well
	Log  io.Writer // gets what happens, as it happens
}

// Result is what came of a scenario.
type Result struct {
	Scenario string
	Seed     uint64
	Took     time.Duration
	Report   check.Report
	Dir      string // of the logs; empty when they were removed
}

// buildLimit is for a machine that has never compiled anything: with another package time everything is compiled anew.
const buildLimit = 15 * time.Minute

// Run runs a scenario and checks what came of it. An error says that the harness itself could not go on; that an
// invariant does not hold is in the result.
func Run(ctx context.Context, c Scenario, o Options) (result Result, err error) {
	dir, err := os.MkdirTemp("", "opstruth-faults-")
	if err != nil {
		return result, fmt.Errorf("make a directory: %w", err)
	}
	result = Result{Scenario: c.Name, Seed: o.Seed, Dir: dir}
	say := func(format string, args ...any) {
		_, _ = fmt.Fprintf(o.Log, "%s %s: %s\n", time.Now().Format("15:04:05"), c.Name, fmt.Sprintf(format, args...))
	}
	say("seed %d, logs in %s; building the node program", o.Seed, dir)
	building, built := context.WithTimeout(ctx, buildLimit)
	program, err := buildNode(building, dir)
	built()
	if err != nil {
		return result, err
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	s, err := open(ctx, dir, program, c.Timing)
	defer func() { // what was started ends also when ctx has ended
		err = errors.Join(err, s.close(context.WithoutCancel(ctx)))
		result.Took = time.Since(began)
		if err == nil && result.Report.Holds() && !o.Keep {
			result.Dir = ""
			err = os.RemoveAll(dir)
		}
	}()
	if err != nil {
		return result, err
	}
	r := &running{site: s, scenario: c, chance: rand.New(rand.NewPCG(o.Seed, 0)), say: say, wants: map[string]check.Want{}}
	result.Report, err = r.all(ctx)
	return result, err
}

// running is a scenario that goes on.
type running struct {
	*site

	scenario Scenario
	chance   *rand.Rand
	say      func(format string, args ...any)
	wants    map[string]check.Want

	seenMu sync.Mutex
	seen   []string
}

func (r *running) all(ctx context.Context) (check.Report, error) {
	for _, step := range []func(context.Context) error{r.startNodes, r.startRuns, r.script, r.finish} {
		if err := step(ctx); err != nil {
			return check.Report{}, err
		}
	}
	settings := check.Settings{Timing: lifecycle.NewTiming(r.timing.Heartbeat, r.timing.Pass), Slack: r.scenario.Slack}
	snap, err := r.snapshot(ctx, settings, r.wants, r.seen)
	if err != nil {
		return check.Report{}, err
	}
	return check.Check(snap), nil
}

func (r *running) startNodes(ctx context.Context) error {
	for _, n := range r.scenario.Nodes {
		if err := r.start(n.Name, n.Role, n.Queues, n.Offset); err != nil {
			return err
		}
		if n.Offset != 0 {
			now := time.Now().UTC()
			r.faults = append(r.faults, check.Fault{Kind: check.Clock, Target: n.Name, From: now, To: now})
		}
	}
	if err := r.openConsole(ctx); err != nil {
		return fmt.Errorf("sign in at the console: %w", err)
	}
	for _, n := range r.scenario.Nodes {
		if err := r.serving(ctx, r.node(n.Name)); err != nil {
			return err
		}
	}
	r.say("%d nodes serve", len(r.scenario.Nodes))
	return nil
}

// startRuns starts the scenario's runs, spread over a while.
func (r *running) startRuns(ctx context.Context) error {
	workspace, err := r.store.CreateWorkspace(ctx, models.Workspace{Slug: "faults", Name: "Faults"})
	if err != nil {
		return err
	}
	tenant, err := r.store.CreateTenant(ctx, models.Tenant{WorkspaceID: workspace.ID, Slug: "only", Name: "Only"})
	if err != nil {
		return err
	}
	settings, err := config.Load(append(r.timing.environ(), "OPSTRUTH_SECRET_KEY="+secretKey()))
	if err != nil {
		return err
	}
	starter, err := app.New(app.Parts{
		Config: settings, Store: r.store, Temporal: r.client, Namespace: work.Namespace, Logger: quietLog(), Metrics: metrics.NewRegistry(),
		Extra: work.Definitions(work.NewLog(io.Discard, 0), r.timing.CloseDoomed),
	})
	if err != nil {
		return err
	}
	jobs := r.scenario.Jobs(r.chance)
	pace := time.NewTicker(max(time.Millisecond, r.scenario.Spread/time.Duration(len(jobs))))
	defer pace.Stop()
	for _, j := range jobs {
		input, err := json.Marshal(j.Input)
		if err != nil {
			return err
		}
		run, _, err := starter.Starter.Start(ctx, start.Request{Type: j.Type, WorkspaceID: workspace.ID, TenantID: tenant.ID, Input: input})
		if err != nil {
			return fmt.Errorf("start a run: %w", err)
		}
		r.wants[run.ID] = j.Want
		select {
		case <-pace.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.say("%d runs are started", len(jobs))
	return nil
}

// script runs the scenario's tracks side by side and watches meanwhile.
func (r *running) script(ctx context.Context) error {
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { r.watch(watching) })
	defer watch.Wait()
	defer stop()
	tracks := r.scenario.Script(r.chance)
	errs := make([]error, len(tracks))
	var wg sync.WaitGroup
	for i, track := range tracks {
		wg.Go(func() {
			for _, step := range track {
				if errs[i] = step(ctx, r); errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// finish waits until every run has ended, in the record and in Temporal, and stops the workers in good order.
func (r *running) finish(ctx context.Context) error {
	r.say("the script is done; waiting for the runs to end")
	open := map[string]bool{}
	for id := range r.wants {
		open[id] = true
	}
	err := until(ctx, r.scenario.Limit, "every run has ended", func(ctx context.Context) error {
		runs, err := r.runs(ctx)
		if err != nil {
			return err
		}
		for _, run := range runs {
			if !open[run.ID] || run.Facts.Status != lifecycle.Completed {
				continue
			}
			e, err := r.execution(ctx, run.ID)
			if err != nil {
				return err
			}
			if e.State != lifecycle.ExecRunning {
				delete(open, run.ID)
			}
		}
		if len(open) > 0 {
			return fmt.Errorf("%d runs go on", len(open))
		}
		return nil
	})
	if err != nil && len(open) == 0 {
		return err
	}
	// What still goes on is a violation that the check names.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return errors.Join(r.stopAll(ctx, work.RoleWorker), ctx.Err())
}

// watch looks for what must never be, not even for a moment.
func (r *running) watch(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var early int
		err := r.store.DB().WithContext(ctx).Raw(`SELECT count(*) FROM notifications n JOIN operation_runs r ON r.id = n.run_id WHERE r.status <> 'completed'`).Scan(&early).Error
		if err == nil && early > 0 {
			r.saw("%d runs had a notification while they were active", early)
		}
		if n%20 == 0 {
			r.tell(ctx)
		}
	}
}

// tell says how things are.
func (r *running) tell(ctx context.Context) {
	sum, err := r.store.Summary(ctx, models.Engine(), models.Filter{})
	if err != nil {
		return // the database is away
	}
	r.say("%d active, %d likely stuck, %d faults so far", sum.Active, sum.LikelyStuck, r.injected())
}

func (s *site) injected() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults)
}

// saw notes something wrong.
func (r *running) saw(format string, args ...any) {
	r.seenMu.Lock()
	defer r.seenMu.Unlock()
	r.seen = append(r.seen, time.Now().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}
