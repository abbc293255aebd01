package modelstest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/models"
)

// Place is where generated runs are: a workspace, and mostly a tenant in it.
type Place struct{ WorkspaceID, TenantID string }

// Crowd is a world with one workspace more, whose names are as people write them all over the world, and with somebody
// who is a member of all three.
type Crowd struct {
	World
	Strange    models.Workspace
	Strangers  []models.Tenant // of Strange
	Member     models.User     // owner of all three workspaces, with all tenants
	Places     []Place         // every tenant, and every workspace without one
	Initiators []models.User
}

// strangeNames are what people and their things may be called.
func strangeNames() []string {
	return []string{
		"Zürich – Ærø & Søn", `<b onmouseover="x()">bold</b> & "quoted"`, "مؤسسة الشرق الأوسط", "חברת הצפון (בע״מ)", "👩🏽‍🚀 launch 🚀",
		"日本語のとても長い名前" + strings.Repeat("長", 40), strings.Repeat("a very long name ", 12) + "ends here", "tab\tand 'quote'; DROP TABLE runs;--", "{{.Name}} ${x} %s %d",
		strings.Repeat("unbroken", 25),
	}
}

// SeedCrowd makes a crowd.
func SeedCrowd(t testing.TB, s *models.Store) Crowd {
	t.Helper()
	return CrowdOf(t, s, Seed(t, s))
}

// CrowdOf makes a crowd of a world that is there.
func CrowdOf(t testing.TB, s *models.Store, w World) Crowd {
	t.Helper()
	ctx := t.Context()
	c := Crowd{World: w}
	names := strangeNames()
	var err error
	c.Strange, err = s.CreateWorkspace(ctx, models.Workspace{Slug: "strange", Name: names[0]})
	require.NoError(t, err)
	for i, slug := range []string{"html", "rtl", "long"} {
		tenant, err := s.CreateTenant(ctx, models.Tenant{WorkspaceID: c.Strange.ID, Slug: slug, Name: names[i+1]})
		require.NoError(t, err)
		c.Strangers = append(c.Strangers, tenant)
	}
	c.Member, err = s.CreateUser(ctx, models.User{Email: "everybody@people.test", Name: names[4]})
	require.NoError(t, err)
	for _, workspace := range []models.Workspace{c.Acme, c.Globex, c.Strange} {
		require.NoError(t, s.SetMembership(ctx, models.Membership{
			UserID: c.Member.ID, WorkspaceID: workspace.ID, Role: models.RoleOwner, AllTenants: true,
		}))
		c.Places = append(c.Places, Place{WorkspaceID: workspace.ID})
	}
	for _, tenant := range append([]models.Tenant{c.North, c.South, c.West}, c.Strangers...) {
		c.Places = append(c.Places, Place{tenant.WorkspaceID, tenant.ID})
	}
	c.Initiators = []models.User{c.Owner, c.Viewer, c.Member}
	return c
}
