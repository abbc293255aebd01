package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/opstruth/opstruth/internal/apiclient"
)

// filters are the list's query parameters, by their names in the API, which alone judges their values.
var filters = []struct{ name, help string }{
	{"workspace", "only runs of this workspace (its slug)"},
	{"tenant", "only runs of this tenant (its slug); needs --workspace"},
	{"type", "only runs of this operation type"},
	{"status", "only runs in this status: queued, running or completed"},
	{"outcome", "only runs with this outcome: pending, succeeded, partially_succeeded, failed, blocked or cancelled"},
	{"freshness", "only runs of this freshness: fresh_active, likely_stale, reconciled_failed or terminal_normal"},
	{"problem_class", "only runs of this class: none, active_stale_attention or terminal_follow_up"},
	{"cause", "only silent runs with this cause, and those closed for it: " +
		"no_workers, worker_lost, activity_retrying, workflow_task_failing, backlogged, " +
		"no_progress, idle_undeclared, paused, workflow_missing, closed_elsewhere, unverified or unknown"},
	{"queue", "only runs that this task queue serves"},
	{"failure", "only runs that failed alike; the key is from the page of failures"},
	{"initiator", "only runs that this person started: me, an e-mail address or a user's id"},
	{"from", "only runs queued at this time or later, like 2006-01-02T15:04:05Z"},
	{"to", "only runs queued before this time"},
	{"within", "only runs queued no longer ago than this, like 24h or 7d"},
	{"ended_within", "only runs that ended no longer ago than this, like 24h or 7d"},
	{"ended_from", "only runs that ended at this time or later"},
	{"ended_to", "only runs that ended before this time"},
	{"q", "only runs in whose target, type, its title or id each word of this text occurs"},
	{"as_of", "tell the class of active runs at this clock reading instead of now"},
	{"cursor", "go on where the page before ended"},
	{"limit", "how many to list at most"},
}

// switches are those that are true or false.
var switches = []struct{ name, help string }{
	{"active", "only runs that have not ended; with =false only those that have"},
	{"open", "only follow-ups that are open; with =false only those that are not"},
	{"stale_lineage", "only runs that were likely stuck at least once; with =false only those that never were"},
}

func (c *caller) list() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List runs, the newest first",
		Long:  "List runs, the newest first. Filters have the names of the API's query parameters.",
		Example: `  opstruth runs list --workspace acme --active
  opstruth runs list --problem_class terminal_follow_up --open --json`,
		Args: cobra.NoArgs,
	}
	offer(cmd.Flags(), func(string) bool { return true })
	c.onSystem(cmd)
	cmd.RunE = c.calls(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
		page, body, err := c.page(ctx, asked(cmd.Flags()))
		if err != nil || c.json {
			return c.raw(body, err)
		}
		return c.goesOn(c.table(page.Runs), page.NextCursor)
	})
	return cmd
}

// offer makes flags of those filters that a command takes.
func offer(f *pflag.FlagSet, takes func(name string) bool) {
	for _, x := range filters {
		if takes(x.name) {
			f.String(x.name, "", x.help)
		}
	}
	for _, x := range switches {
		if takes(x.name) {
			f.Bool(x.name, false, x.help)
		}
	}
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(strings.ReplaceAll(name, "-", "_")) // --problem-class will do as well
	})
}

// asked is the query of those filters that were given.
func asked(flags *pflag.FlagSet) url.Values {
	query := url.Values{}
	for _, x := range append(filters, switches...) {
		if f := flags.Lookup(x.name); f != nil && f.Changed {
			query.Set(x.name, f.Value.String())
		}
	}
	return query
}

func (c *caller) page(ctx context.Context, query url.Values) (apiclient.RunList, []byte, error) {
	if c.platform {
		return apiclient.Read[apiclient.RunList](c.SystemListRuns(ctx, nil, narrowed(query)))
	}
	return apiclient.Read[apiclient.RunList](c.ListRuns(ctx, nil, narrowed(query)))
}

// narrowed is a call with these filters.
func narrowed(query url.Values) apiclient.RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.URL.RawQuery = query.Encode()
		return nil
	}
}
