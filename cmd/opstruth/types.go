package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/apiclient"
)

const answersOnly = "Exit codes: 0 done; 1 the API refused or could not be reached; 2 wrong usage."

func types() *cobra.Command {
	c := &caller{}
	cmd := c.parent("types", "List the operation types, with their queues and input, on the console's API", answersOnly)
	cmd.Args = cobra.NoArgs
	c.onSystem(cmd)
	cmd.RunE = c.calls(func(ctx context.Context, _ *cobra.Command, _ []string) error {
		list, body, err := c.typeList(ctx)
		if err != nil || c.json {
			return c.raw(body, err)
		}
		rows := [][]string{{"NAME", "TITLE", "QUEUE", "STALE_AFTER", "INPUT"}}
		for _, x := range list.Types {
			rows = append(rows, []string{x.Name, x.Title, x.Queue, fmt.Sprintf("%gs", x.Policy.StaleAfterSeconds), input(x.Fields)})
		}
		return c.rows(rows)
	})
	return cmd
}

func (c *caller) typeList(ctx context.Context) (apiclient.TypeList, []byte, error) {
	if c.platform {
		return apiclient.Read[apiclient.TypeList](c.SystemListTypes(ctx))
	}
	return apiclient.Read[apiclient.TypeList](c.ListTypes(ctx))
}

// input names the members of an input with what each is; those that may be left out are in brackets.
func input(fields []apiclient.InputField) string {
	var all []string
	for _, f := range fields {
		one := f.Name + ":" + string(f.Kind)
		var options []string
		for _, o := range f.Options {
			options = append(options, o.Value)
		}
		if len(options) > 0 {
			one += "(" + strings.Join(options, "|") + ")"
		}
		if !f.Required {
			one = "[" + one + "]"
		}
		all = append(all, one)
	}
	return strings.Join(all, " ")
}
