package host

import "context"

// Dir is the data directory.
func (h *Host) Dir() string { return h.dir.Path() }

// DemoFile tells where everything is and how to sign in.
func (h *Host) DemoFile() string { return h.dir.Path("demo.json") }

// BreakURL is the page that kills a worker.
func (h *Host) BreakURL() string { return h.config.PublicURL + "/admin/break" }

func (h *Host) serve(ctx context.Context) error { <-ctx.Done(); return h.listener.Close() }
