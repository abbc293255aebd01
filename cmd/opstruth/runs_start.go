package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/apiclient"
)

func (c *caller) start() *cobra.Command {
	var workspace, tenant, input, key, file string
	cmd := &cobra.Command{
		Use:   "start TYPE --workspace SLUG",
		Short: "Start an operation",
		Long: `Start an operation. The input is the type's own, as a JSON object: itself, @ and the name of
a file, or @- for the standard input. The same --idempotency-key starts the same run only once.`,
		Example: `  opstruth runs start inventory.sync --workspace acme --tenant contoso --input '{"connection": "graph"}' --watch
  opstruth runs start http.batch --workspace acme --tenant contoso --file people.csv \
    --input '{"url": "https://api.example.com/people/{id}", "method": "DELETE"}' --watch`,
		Args: cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&workspace, "workspace", "", "slug of the workspace (required)")
	f.StringVar(&tenant, "tenant", "", "slug of the tenant; left out for a type that runs without one")
	f.StringVar(&input, "input", "{}", "the type's input: a JSON object, @FILE or @-")
	f.StringVar(&key, "idempotency-key", "", "text of your choice that is unique per wish to start a run")
	f.StringVar(&file, "file", "", "a file to upload for the run, CSV or JSON Lines; its id becomes the input's field \"file\"")
	w := c.watching(cmd)
	follow := f.Bool("watch", false, "watch the run until it ends")
	cmd.RunE = c.calls(func(ctx context.Context, cmd *cobra.Command, args []string) error {
		if workspace == "" {
			return usage(errors.New("say where to start it: --workspace"))
		}
		object, err := readInput(input, cmd.InOrStdin())
		if err != nil {
			return usage(err)
		}
		if file != "" {
			if object, err = c.withUpload(ctx, workspace, tenant, file, object); err != nil {
				return err
			}
		}
		params := &apiclient.StartRunParams{IdempotencyKey: given(key)}
		wish := apiclient.StartRequest{Type: args[0], Workspace: workspace, Tenant: given(tenant), Input: &object}
		run, body, err := apiclient.Read[apiclient.Run](c.StartRun(ctx, params, wish))
		return c.started(ctx, w, *follow, key, run, body, err)
	})
	return cmd
}

// started tells of a run that is new, or follows it.
func (c *caller) started(ctx context.Context, w *watch, follow bool, key string, run apiclient.Run, body []byte, err error) error {
	switch {
	case err != nil && apiclient.Passing(err) && key == "":
		return fmt.Errorf("%w (the run may have been started: list the runs before trying again; with --idempotency-key it is safe to)", err)
	case err != nil:
		return err
	case !follow:
		return c.tell(run, body)
	}
	if !c.json {
		fmt.Fprintln(c.out, clean(run.Id))
	}
	return w.follow(ctx, c, run.Id)
}

// withUpload sends a file, and names it in the input.
func (c *caller) withUpload(ctx context.Context, workspace, tenant, path string, input json.RawMessage) (json.RawMessage, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, usage(fmt.Errorf("read --file: %w", err))
	}
	defer func() { _ = file.Close() }() // nothing was written to it
	name := filepath.Base(path)
	params := &apiclient.UploadFileParams{Workspace: workspace, Tenant: tenant, Name: &name}
	up, _, err := apiclient.Read[apiclient.Upload](c.UploadFileWithBody(ctx, params, "application/octet-stream", file))
	if err != nil {
		return nil, fmt.Errorf("upload %s: %w", path, err)
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(input, &fields); err != nil {
		return nil, usage(fmt.Errorf("read --input: %w", err))
	}
	if fields["file"], err = json.Marshal(up.Id); err != nil {
		return nil, fmt.Errorf("name the upload in the input: %w", err)
	}
	return json.Marshal(fields)
}

// readInput reads a JSON object from an argument, a file or the standard input, and keeps it as it is written.
func readInput(argument string, stdin io.Reader) (json.RawMessage, error) {
	raw := []byte(argument)
	if path, ok := strings.CutPrefix(argument, "@"); ok {
		var err error
		if path == "-" {
			raw, err = io.ReadAll(stdin)
		} else {
			raw, err = os.ReadFile(path)
		}
		if err != nil {
			return nil, fmt.Errorf("read --input: %w", err)
		}
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("read --input: want a JSON object, @FILE or @-: %w", err)
	}
	if object == nil {
		return nil, errors.New("read --input: want a JSON object, @FILE or @-, not null")
	}
	return raw, nil
}

// given is a flag's value, where it has one.
func given[T comparable](v T) *T {
	var none T
	if v == none {
		return nil
	}
	return &v
}
