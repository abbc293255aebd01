package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/apiclient"
)

const (
	patience = time.Minute      // without an answer, before watching ends; a console restarts in less
	trust    = 10 * time.Second // between two looks while the console tells of every change
	redraw   = time.Second      // of the line on a terminal, whose width may have changed
)

// watch follows a run until it has ended.
type watch struct {
	every       time.Duration
	failIfStuck bool
	told        string // the last line
	line        moving
}

// watching adds the flags of a command that can watch.
func (c *caller) watching(cmd *cobra.Command) *watch {
	w := &watch{}
	cmd.Flags().DurationVar(&w.every, "interval", 2*time.Second, "how often to look while the console does not tell of changes by itself")
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
		Args: cobra.ExactArgs(1),
	}
	c.onSystem(cmd)
	w := c.watching(cmd)
	cmd.RunE = c.calls(func(ctx context.Context, _ *cobra.Command, args []string) error {
		return w.follow(ctx, c, args[0])
	})
	return cmd
}

// follow looks at the run whenever the console tells that it has changed, and now and then in any case. Once
// it was seen, calls that fail in passing are tried again.
func (w *watch) follow(ctx context.Context, c *caller, id string) error {
	if w.every <= 0 {
		return usage(errors.New("--interval must be a positive duration, like 2s"))
	}
	var seen time.Time // by this machine's clock
	run, body, err := c.read(ctx, id)
	if err != nil {
		return interrupted(ctx, err)
	}
	listening, stop := context.WithCancel(ctx)
	news := c.listen(listening, id)
	defer news.done.Wait()
	defer stop()
	for {
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
		case !apiclient.Passing(err) || time.Since(seen) > patience:
			w.leave(c)
			return err
		}
		if !w.wait(ctx, c, news, seen) {
			w.leave(c)
			return interrupted(ctx, ctx.Err())
		}
		run, body, err = c.read(ctx, id)
	}
}

// wait waits until it is time to look again; false when nobody wants to.
func (w *watch) wait(ctx context.Context, c *caller, news *news, seen time.Time) bool {
	look, draw := time.NewTicker(w.every), time.NewTicker(redraw)
	defer look.Stop()
	defer draw.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-news.changed:
			return true
		case <-look.C:
			if !news.connected.Load() || time.Since(seen) > trust {
				return true
			}
		case <-draw.C:
			_ = w.draw(c) // a terminal that is gone fails the next line that tells something new
		}
	}
}

func interrupted(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return &exit{exitInterrupted, errors.New("watching was interrupted; the run goes on")}
}

// tell draws the line anew, or prints it when it has changed.
func (w *watch) tell(c *caller, run apiclient.Run, body []byte) error {
	line := clean(fmt.Sprintf("%s %s: %s", counted(run.Progress), run.Badge, run.Headline))
	if c.terminal && !c.json {
		w.told, w.line.progress = line, run.Progress
		return w.draw(c)
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

// draw draws the line that moves, as wide as the terminal is now.
func (w *watch) draw(c *caller) error {
	if !c.terminal || c.json || w.told == "" {
		return nil
	}
	_, err := fmt.Fprint(c.out, w.line.draw(w.told, c.width()))
	return err
}

// leave ends the line that moves, and tells all of what it had room for only the start of.
func (w *watch) leave(c *caller) {
	if c.terminal && !c.json && w.told != "" {
		fmt.Fprint(c.out, w.line.clear(c.width()), w.told, "\n")
	}
}

// end tells why a run that is watched no longer has failed, and what to do next.
func (w *watch) end(c *caller, run apiclient.Run, outcome error) error {
	w.leave(c)
	if !c.json {
		if run.Failure != nil && run.Failure.Message != "" {
			fmt.Fprintln(c.out, clean(run.Failure.Message))
		}
		fmt.Fprintln(c.out, clean(run.NextStep.Text))
	}
	return outcome
}
