package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/apiclient"
)

// listTenants asks the API, beside commands that use the database: whoever starts runs has no access to that.
func listTenants() *cobra.Command {
	c := &caller{}
	var workspace, cursor string
	var limit int
	cmd := c.parent("list", "List the tenants that you may see, on the console's API", answersOnly)
	cmd.Args, cmd.Example = cobra.NoArgs, `  opstruth tenant list --workspace acme`
	f := cmd.Flags()
	f.StringVar(&workspace, "workspace", "", "only those of this workspace (its slug)")
	f.StringVar(&cursor, "cursor", "", "go on where the page before ended")
	f.IntVar(&limit, "limit", 0, "how many to list at most")
	c.onSystem(cmd)
	cmd.RunE = c.calls(func(ctx context.Context, _ *cobra.Command, _ []string) error {
		params := apiclient.ListTenantsParams{Workspace: given(workspace), Cursor: given(cursor), Limit: given(limit)}
		page, body, err := c.tenantPage(ctx, params)
		if err != nil || c.json {
			return c.raw(body, err)
		}
		rows := [][]string{{"WORKSPACE", "TENANT", "NAME"}}
		for _, x := range page.Tenants {
			rows = append(rows, []string{x.Workspace, x.Tenant, x.Name})
		}
		return c.goesOn(c.rows(rows), page.NextCursor)
	})
	return cmd
}

func (c *caller) tenantPage(ctx context.Context, p apiclient.ListTenantsParams) (apiclient.TenantList, []byte, error) {
	if c.platform {
		return apiclient.Read[apiclient.TenantList](c.SystemListTenants(ctx, (*apiclient.SystemListTenantsParams)(&p)))
	}
	return apiclient.Read[apiclient.TenantList](c.ListTenants(ctx, &p))
}

// listConnections asks the API, as listTenants does.
func listConnections() *cobra.Command {
	c := &caller{}
	var params apiclient.ListConnectionsParams
	cmd := c.parent("list", "List how the API of a tenant is reached, on the console's API", answersOnly)
	cmd.Args, cmd.Example = cobra.NoArgs, `  opstruth connection list --workspace acme --tenant contoso`
	cmd.Flags().StringVar(&params.Workspace, "workspace", "", "slug of the workspace")
	cmd.Flags().StringVar(&params.Tenant, "tenant", "", "slug of the tenant")
	must(cmd, "workspace", "tenant")
	cmd.RunE = c.calls(func(ctx context.Context, _ *cobra.Command, _ []string) error {
		list, body, err := apiclient.Read[apiclient.ConnectionList](c.ListConnections(ctx, &params))
		if err != nil || c.json {
			return c.raw(body, err)
		}
		rows := [][]string{{"NAME", "BASE_URL", "AUTH", "ID"}}
		for _, x := range list.Connections {
			rows = append(rows, []string{x.Name, x.BaseUrl, string(x.Auth), x.Id})
		}
		return c.rows(rows)
	})
	return cmd
}
