package page_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"github.com/stretchr/testify/require"
	xhtml "golang.org/x/net/html"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/page/pagetest"
)

var (
	now       = pagetest.Now
	northwind = models.Workspace{ID: "w1", Slug: "northwind", Name: "Northwind Managed Services"}
	contoso   = models.Tenant{ID: "t1", WorkspaceID: "w1", Slug: "contoso", Name: "Contoso Retail"}
)

type input struct{}

func types(t *testing.T) *operation.Registry {
	t.Helper()
	do := func(context.Context, *operation.Run[input], string) (operation.Next, error) {
		return operation.Next{}, nil
	}
	r, err := operation.NewRegistry(lifecycle.DefaultPolicy(), lifecycle.NewTiming(5*time.Second, 5*time.Second),
		operation.Define(operation.Type[input]{
			Name: "inventory.sync", Title: "Inventory sync", Queue: "inventory", Exclusive: true, Do: do,
			Fields: []operation.Field{
				{Name: "connection", Label: "Connection", Kind: operation.Connection, Required: true},
				{Name: "collections", Label: "Collections", Kind: operation.Choices, Options: []operation.Option{{Value: "groups"}, {Value: "devices"}}},
				{Name: "size", Label: "Size", Kind: operation.Number, Default: "100", Help: "Between 1 and 999."},
				{Name: "all", Label: "All", Kind: operation.Bool},
			},
		}),
		operation.Define(operation.Type[input]{Name: "sample.simulate", Title: "Simulated operation", Queue: "sample", Do: do}))
	require.NoError(t, err)
	return r
}

// as is the frame of a page that somebody with this role reads; a role that is empty is platform staff.
func as(t *testing.T, role models.Role) page.Frame {
	t.Helper()
	f := page.Frame{
		Types: types(t), URL: "/here?as_of=2026-03-12T14:03:11Z&q=x", Now: now,
		State: models.ReconcilerState{PassAt: now.Add(-4 * time.Second), TemporalAt: now.Add(-4 * time.Second), Every: 5 * time.Second},
		Who:   auth.Principal{Plane: links.System, User: models.User{ID: "u9", Name: "Piet Vos"}, Platform: []models.Capability{models.CapView, models.CapTriage}},
	}
	if role != "" {
		f.Workspace = northwind
		f.Who = auth.Principal{Plane: links.Admin, User: models.User{ID: "u1", Name: "Mara Lindqvist"}, Memberships: []models.Membership{
			{WorkspaceID: "w1", WorkspaceSlug: "northwind", WorkspaceName: northwind.Name, Role: role, AllTenants: true},
		}}
	}
	return f
}

func html(t *testing.T, c templ.Component) *goquery.Document {
	t.Helper()
	var out strings.Builder
	require.NoError(t, c.Render(t.Context(), &out))
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(out.String()))
	require.NoError(t, err)
	return doc
}

// text is what an element says, its parts apart by one space each.
func text(s *goquery.Selection) string {
	var parts []string
	var walk func(n *xhtml.Node)
	walk = func(n *xhtml.Node) {
		if n.Type == xhtml.TextNode {
			parts = append(parts, strings.Fields(n.Data)...)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	for _, n := range s.Nodes {
		walk(n)
	}
	return strings.Join(parts, " ")
}

// plain is a text without what text leaves out of it.
func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

func texts(s *goquery.Selection) []string {
	return s.Map(func(_ int, one *goquery.Selection) string { return text(one) })
}

func href(t *testing.T, s *goquery.Selection) string {
	t.Helper()
	h, ok := s.Attr("href")
	require.True(t, ok, "no link: %s", text(s))
	return h
}

func data(t *testing.T, d models.EventData) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(d)
	require.NoError(t, err)
	return raw
}

// polls reports whether a page asks again by itself.
func polls(doc *goquery.Document) bool {
	return doc.Find("#live").AttrOr("data-poll", "") == "5"
}
