// Package sample fills a standalone installation: two workspaces with tenants and people, a tenant API for each tenant,
// and a fleet of runs that shows every state and never ends. Everything here is invented.
package sample

import (
	"time"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/sampleapi"
)

type workspace struct {
	slug, name string
	tenants    []tenant
}

// tenant is a customer environment, and how its sample API behaves.
type tenant struct {
	slug, name string
	auth       models.ConnectionAuth
	size       float64 // 1 is about three thousand objects
	knobs      sampleapi.Knobs
}

// person signs in on one plane.
type person struct {
	email, name string
	workspace   string // slug; empty on the system plane
	role        models.Role
	tenant      string // slug of the only tenant the person may see; empty is all
	platform    []models.Capability
}

var workspaces = []workspace{
	{"harbor", "Harbor Managed Services", []tenant{
		{slug: "brightwood-bakery", name: "Brightwood Bakery", auth: models.AuthNone, size: 0.4, knobs: gentle},
		{slug: "delta-freight", name: "Delta Freight", auth: models.AuthClientCredentials, size: 1, knobs: throttled},
		{slug: "lakeside-clinic", name: "Lakeside Clinic", auth: models.AuthBearer, size: 0.7, knobs: damaged},
	}},
	{"alpine", "Alpine Cloud Partners", []tenant{
		{slug: "kestrel-robotics", name: "Kestrel Robotics", auth: models.AuthClientCredentials, size: 1.1, knobs: gentle},
		{slug: "summit-outdoor", name: "Summit Outdoor", auth: models.AuthNone, size: 0.3, knobs: gentle},
		{slug: "vinea-hotels", name: "Vinea Hotels", auth: models.AuthBearer, size: 0.6, knobs: gentle},
	}},
}

var (
	// gentle is slow enough for progress to be seen.
	gentle = sampleapi.Knobs{Latency: 250 * time.Millisecond}
	// throttled asks for a pause now and then.
	throttled = sampleapi.Knobs{Latency: 150 * time.Millisecond, ThrottleEvery: 12, RetryAfter: 3 * time.Second}
	// damaged has a page that nobody can read, so that a reading of it stays incomplete.
	damaged = sampleapi.Knobs{Latency: 250 * time.Millisecond, BrokenPage: map[string]int{"devices": 3}}
)

var platformStaff = person{
	email: "pia@opstruth.example", name: "Pia Platform",
	platform: []models.Capability{models.CapView, models.CapTriage},
}

var people = []person{
	{email: "mara@harbor.example", name: "Mara Owner", workspace: "harbor", role: models.RoleOwner},
	{email: "otto@harbor.example", name: "Otto Operator", workspace: "harbor", role: models.RoleOperator},
	{email: "vera@harbor.example", name: "Vera Viewer", workspace: "harbor", role: models.RoleViewer},
	{email: "tess@harbor.example", name: "Tess Tenant", workspace: "harbor", role: models.RoleOperator, tenant: "lakeside-clinic"},
	{email: "alma@alpine.example", name: "Alma Owner", workspace: "alpine", role: models.RoleOwner},
	platformStaff,
}

// The empty installation, without sample data, still needs somebody who can sign in.
var (
	emptyWorkspaces = []workspace{{"home", "Home", []tenant{{slug: "first", name: "First tenant"}}}}
	emptyPeople     = []person{
		{email: "owner@opstruth.example", name: "Owner", workspace: "home", role: models.RoleOwner},
		{email: "platform@opstruth.example", name: "Platform", platform: platformStaff.platform},
	}
)
