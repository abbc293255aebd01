// Package breaking is the console page on which a newcomer breaks something for real: it kills, stops and starts the
// sample workers' processes, and shows what opstruth says of their runs meanwhile.
package breaking

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/a-h/templ"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/standalone/supervise"
	"github.com/opstruth/opstruth/web"
	"github.com/opstruth/opstruth/web/access"
)

// Path is the page's address.
const Path = "/admin/break"

// stopLimit is shorter than a request may take; a worker that is not done by then is killed.
const stopLimit = 8 * time.Second

// shown bounds the runs on the page.
const shown = 25

// Process is a worker's process.
type Process interface {
	Start() error
	Stop(ctx context.Context) error
	Kill() error
	State() supervise.State
}

// Worker is a sample worker, the only one that serves its queue.
type Worker struct {
	Name  string // in addresses
	Title string
	Queue string
	Process
}

// Runs is what the page reads.
type Runs interface {
	ListRuns(ctx context.Context, s models.Scope, f models.Filter, p models.Page) (models.RunPage, error)
}

// Page is the page, for the web server. Temporal UI is at temporalUI, with the runs in namespace.
func Page(workers []Worker, types *operation.Registry, runs Runs, temporalUI, namespace string) web.Extra {
	e := web.Extra{
		Label: "Break something", Icon: "server-off", Title: "Break something", Path: Path,
		Rule: access.Rule{Plane: links.Admin, Action: auth.View},
	}
	e.Body = func(ctx context.Context, a access.Access) (templ.Component, bool, error) {
		active, err := activeRuns(ctx, runs, a.Scope(), workers)
		if err != nil {
			return nil, false, err
		}
		return body(types, workers, active, mayBreak(a) == nil, temporalUI, namespace), true, nil
	}
	for _, w := range workers {
		for verb, do := range verbs {
			e.Posts = append(e.Posts, web.ExtraPost{
				Path: address(w, verb),
				Rule: access.Rule{Plane: links.Admin, Action: auth.Operate, InBody: true},
				Do: func(ctx context.Context, a access.Access) error {
					if err := mayBreak(a); err != nil {
						return err
					}
					if err := do(ctx, w); err != nil {
						return fmt.Errorf("%s the %s worker: %w", verb, w.Name, err)
					}
					return nil
				},
			})
		}
	}
	return e
}

const (
	kill  = "kill"
	stop  = "stop"
	start = "start"
)

// verbs are what can be done to a worker. What is done already is a success: somebody clicked twice.
var verbs = map[string]func(context.Context, Worker) error{
	kill: func(_ context.Context, w Worker) error { return unless(supervise.ErrNotRunning, w.Kill()) },
	stop: func(ctx context.Context, w Worker) error {
		// A reader who leaves does not turn a graceful stop into a kill.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
		defer cancel()
		return unless(supervise.ErrNotRunning, w.Stop(ctx))
	},
	start: func(_ context.Context, w Worker) error { return unless(supervise.ErrRunning, w.Start()) },
}

func unless(harmless, err error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}

func address(w Worker, verb string) string { return Path + "/" + w.Name + "/" + verb }

// mayBreak refuses those who may only look, in every workspace they are in.
func mayBreak(a access.Access) error {
	if !slices.ContainsFunc(a.Memberships, func(m models.Membership) bool { return a.Can(auth.Operate, m.WorkspaceID) }) {
		return auth.ErrForbidden
	}
	return nil
}

// activeRuns are the newest active runs of the workers' queues that the reader may see.
func activeRuns(ctx context.Context, runs Runs, scope models.Scope, workers []Worker) (models.RunPage, error) {
	active := true
	page, err := runs.ListRuns(ctx, scope, models.Filter{Active: &active}, models.Page{Limit: 200})
	if err != nil {
		return page, fmt.Errorf("list active runs: %w", err)
	}
	page.Runs = slices.DeleteFunc(page.Runs, func(r models.Run) bool {
		return !slices.ContainsFunc(workers, func(w Worker) bool { return w.Queue == r.Facts.Queue })
	})
	page.Runs = page.Runs[:min(len(page.Runs), shown)]
	return page, nil
}
