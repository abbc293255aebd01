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
		t := newTable(c.out)
		fmt.Fprintln(t, "NAME\tTITLE\tQUEUE\tSTALE_AFTER\tINPUT")
		for _, x := range list.Types {
			fmt.Fprintf(t, "%s\t%s\t%s\t%gs\t%s\n", clean(x.Name), clean(x.Title), clean(x.Queue), x.Policy.StaleAfterSeconds, dash(input(x.Fields)))
		}
		return t.Flush()
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
		one := clean(f.Name) + ":" + string(f.Kind)
		var options []string
		for _, o := range f.Options {
			options = append(options, clean(o.Value))
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
