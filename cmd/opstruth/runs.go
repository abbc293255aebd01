package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/apiclient"
)

// Where the console is and who asks come from these, so that a token need not be in the process list.
const (
	urlVariable   = config.URL
	tokenVariable = config.Token
)

// caller is what the commands on the API share: how they reach the API and how they answer. What a run's
// state means is never worked out here; every word about it is the API's.
type caller struct {
	url, token     string
	json, platform bool

	*apiclient.Client
	out, err io.Writer
	terminal bool
}

func runs() *cobra.Command {
	c := &caller{}
	parent := c.parent("runs", "Start operation runs and follow them, on the console's API", exitCodes)
	parent.AddCommand(c.start(), c.list(), c.show(), c.items(), c.watch(), c.cancel(), c.retry(), c.acknowledge(), c.reopen(), c.claim(), c.release(), c.stuck(), c.failures())
	return parent
}

// parent is a command whose commands below it call the API.
func (c *caller) parent(use, short, more string) *cobra.Command {
	parent := &cobra.Command{
		Use:   use,
		Short: short,
		Long: short + `.

The console is at --url or ` + urlVariable + `. Who asks is told by a personal API token, in
` + tokenVariable + `, in the file that ` + tokenVariable + `_FILE names, or with --token; "opstruth user add --token"
makes one. With --json a command prints what the API answered, unchanged.

` + more,
	}
	f := parent.PersistentFlags()
	f.StringVar(&c.url, "url", "", "address of the console; "+urlVariable+" or http://127.0.0.1:8080 if empty")
	f.StringVar(&c.token, "token", "", "personal API token; "+tokenVariable+" or "+tokenVariable+"_FILE if empty")
	f.BoolVar(&c.json, "json", false, "print the API's JSON")
	return parent
}

// calls makes a command's function of one that calls the API.
func (c *caller) calls(f func(ctx context.Context, cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		token, err := c.secret()
		if err != nil {
			return usage(err)
		}
		address := cmp.Or(c.url, os.Getenv(urlVariable), "http://127.0.0.1:8080")
		if c.Client, err = apiclient.Dial(address, token); err != nil {
			return usage(fmt.Errorf("%w; it comes from --url or %s", err, urlVariable))
		}
		c.out, c.err = cmd.OutOrStdout(), cmd.ErrOrStderr()
		if screen, ok := c.out.(*os.File); ok {
			c.terminal = isatty.IsTerminal(screen.Fd())
		}
		return explain(cmd.Context(), f(cmd.Context(), cmd, args), address)
	}
}

// explain adds to an error of a call what only the caller's side can do about it.
func explain(ctx context.Context, err error, address string) error {
	var refused *apiclient.Error
	var coded *exit
	switch {
	case err == nil || errors.As(err, &coded):
		return err
	case ctx.Err() != nil:
		return &exit{exitInterrupted, err}
	case errors.As(err, &refused) && refused.Status == http.StatusUnauthorized:
		return fmt.Errorf("%w (it comes from --token, %s or %s_FILE)", err, tokenVariable, tokenVariable)
	case !errors.As(err, &refused) && apiclient.Passing(err):
		return fmt.Errorf("%w: see that the console runs at %s, or name another with --url or %s", err, address, urlVariable)
	}
	return err
}

func (c *caller) secret() (string, error) {
	value, path := os.Getenv(tokenVariable), os.Getenv(tokenVariable+"_FILE")
	switch {
	case c.token != "":
		return c.token, nil
	case value != "" && path != "":
		return "", fmt.Errorf("%s and %s_FILE are both set: set one of them", tokenVariable, tokenVariable)
	case value != "":
		return value, nil
	case path == "":
		return "", fmt.Errorf("say who asks: set %s, %s_FILE or --token to a personal API token", tokenVariable, tokenVariable)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the token that %s_FILE names: %w", tokenVariable, err)
	}
	if value = strings.TrimSpace(string(content)); value == "" {
		return "", fmt.Errorf("read the token that %s_FILE names: %s is empty", tokenVariable, path)
	}
	return value, nil
}

// onSystem lets a command work on the runs of all workspaces.
func (c *caller) onSystem(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.platform, "system", false, "use the system plane: the runs of all workspaces, with a token of that plane")
}
