package host

import (
	"context"
	"fmt"

	"github.com/opstruth/opstruth/standalone/breaking"
	"github.com/opstruth/opstruth/web"
)

// Dir is the data directory.
func (h *Host) Dir() string { return h.dir.Path() }

// DemoFile tells where everything is and how to sign in.
func (h *Host) DemoFile() string { return h.dir.Path("demo.json") }

// BreakURL is the page that kills a worker.
func (h *Host) BreakURL() string { return h.config.PublicURL + breaking.Path }

// serve serves the console until ctx ends.
func (h *Host) serve(ctx context.Context) error {
	var extra []web.Extra
	if h.API != nil {
		extra = append(extra, h.breakPage())
	}
	if err := h.App.WebOn(ctx, h.listener, extra...); err != nil {
		return fmt.Errorf("serve the console: %w", err)
	}
	return nil
}

func (h *Host) breakPage() web.Extra {
	workers := make([]breaking.Worker, len(h.Workers))
	for i, w := range h.Workers {
		workers[i] = breaking.Worker{Name: w.Name, Title: w.Title, Queue: w.Queue, Process: w.Process}
	}
	return breaking.Page(workers, h.App.Types, h.Store, h.config.TemporalUIURL, namespace)
}
