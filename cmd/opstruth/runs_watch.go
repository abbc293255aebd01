package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/apiclient"
)

const (
	patience  = time.Minute // without an answer, before watching ends; a console restarts in less
	barCells  = 20
	lineCells = 79          // what a terminal shows at least in one line, which is all that a line's start can be gone back to
	again     = "\r\x1b[2K" // clears the line and goes back to its start
)

// watch follows a run until it has ended.
type watch struct {
	every       time.Duration
	failIfStuck bool
	told        string // the last line
}

// watching adds the flags of a command that can watch.
func (c *caller) watching(cmd *cobra.Command) *watch {
	w := &watch{}
	cmd.Flags().DurationVar(&w.every, "interval", 2*time.Second, "how often to look while watching")
	cmd.Flags().BoolVar(&w.failIfStuck, "fail-if-stuck", false, "stop watching a run that is likely stuck, with an exit code of its own")
	return w
}

func (c *caller) watch() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "watch RUN",
		Short: "Watch a run until it has ended; the exit code tells how",
		Long: `Watch a run until it has ended. A terminal shows one line that moves; elsewhere, and with
--json, there is a line for every change.

` + exitCodes,
		Args: usageArgs(cobra.ExactArgs(1)),
	}
	c.onSystem(cmd)
	w := c.watching(cmd)
	cmd.RunE = c.calls(func(ctx context.Context, _ *cobra.Command, args []string) error {
		return w.follow(ctx, c, args[0])
	})
	return cmd
}

// follow looks at the run again and again. Once it was seen, calls that fail in passing are tried again.
func (w *watch) follow(ctx context.Context, c *caller, id string) error {
	if w.every <= 0 {
		return usage(errors.New("--interval must be a positive duration, like 2s"))
	}
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	var seen time.Time // by this machine's clock
	for {
		run, body, err := c.read(ctx, id)
		switch {
		case ctx.Err() != nil:
		case err == nil:
			seen = time.Now()
			if err := w.tell(c, run, body); err != nil {
				return err
			}
			if run.Status == apiclient.StatusCompleted {
				return w.end(c, run, ended(run.Outcome))
			}
			if w.failIfStuck && run.ProblemClass == apiclient.ProblemClassActiveStaleAttention {
				return w.end(c, run, &exit{code: exitStuck})
			}
		case seen.IsZero() || !apiclient.Passing(err) || time.Since(seen) > patience:
			w.leave(c)
			return err
		}
		select {
		case <-ctx.Done():
			w.leave(c)
			return &exit{exitInterrupted, errors.New("watching was interrupted; the run goes on")}
		case <-tick.C:
		}
	}
}

// tell draws the line anew, or prints it when it has changed.
func (w *watch) tell(c *caller, run apiclient.Run, body []byte) error {
	line := clean(fmt.Sprintf("%s %s: %s", counted(run.Progress), run.Badge, run.Headline))
	if c.terminal && !c.json {
		w.told = line
		_, err := fmt.Fprint(c.out, again, short(bar(run.Progress)+" "+line))
		return err
	}
	if line == w.told {
		return nil
	}
	w.told = line
	if c.json {
		return c.raw(body, nil)
	}
	_, err := fmt.Fprintln(c.out, moment(&run.AsOf), line)
	return err
}

// leave ends the line that moves, and tells all of what it had room for only the start of.
func (w *watch) leave(c *caller) {
	if c.terminal && !c.json && w.told != "" {
		fmt.Fprint(c.out, again, w.told, "\n")
	}
}

// end tells what to do next about a run that is watched no longer.
func (w *watch) end(c *caller, run apiclient.Run, outcome error) error {
	w.leave(c)
	if !c.json {
		fmt.Fprintln(c.out, clean(run.NextStep.Text))
	}
	return outcome
}

// bar is the part of a run that is done. While the whole is not known there is nothing to draw.
func bar(p apiclient.Progress) string {
	if p.Total <= 0 {
		return ""
	}
	full := int(min(p.Processed, p.Total) * barCells / p.Total)
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", barCells-full) + "]"
}

func short(s string) string {
	if runes := []rune(strings.TrimSpace(s)); len(runes) > lineCells {
		return string(runes[:lineCells-1]) + "…"
	}
	return strings.TrimSpace(s)
}
