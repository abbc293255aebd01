package models

import "time"

// Role is what a member may do in a workspace.
type Role string

const (
	RoleOwner    Role = "owner"
	RoleOperator Role = "operator"
	RoleViewer   Role = "viewer"
)

// Capability is what a platform account may do.
type Capability string

const (
	CapView   Capability = "ops.view"
	CapTriage Capability = "ops.triage"
)

// Workspace is an organisation that signs in.
type Workspace struct{ ID, Slug, Name string }

// Tenant is a managed customer environment in a workspace.
type Tenant struct{ ID, WorkspaceID, Slug, Name string }

// User is a person. DisabledAt is zero while the account works.
type User struct {
	ID           string
	Email        string // lower case
	Name         string
	PasswordHash string
	DisabledAt   time.Time `gorm:"serializer:micros"`
}

// Membership is a user's place in a workspace.
type Membership struct {
	UserID        string
	WorkspaceID   string
	WorkspaceSlug string // read only
	WorkspaceName string // read only
	Role          Role
	AllTenants    bool
	TenantIDs     []string `gorm:"-"` // where not AllTenants
}

// Grant is what the membership opens.
func (m Membership) Grant() Grant {
	return Grant{WorkspaceID: m.WorkspaceID, AllTenants: m.AllTenants, TenantIDs: m.TenantIDs}
}

// Plane is the side of the product a credential opens.
type Plane string

const (
	PlaneAdmin  Plane = "admin"
	PlaneSystem Plane = "system"
)

// APIToken is a personal token; only its hash is stored.
type APIToken struct {
	ID         string
	UserID     string
	Plane      Plane
	Hash       string
	Name       string
	CreatedAt  time.Time `gorm:"serializer:micros;autoCreateTime:false"`
	LastUsedAt time.Time `gorm:"serializer:micros"`
	ExpiresAt  time.Time `gorm:"serializer:micros"` // zero: never
}

// SignInLink signs a user in once.
type SignInLink struct {
	Hash      string
	UserID    string
	Plane     Plane
	ExpiresAt time.Time `gorm:"serializer:micros"`
	UsedAt    time.Time `gorm:"serializer:micros"`
}

// ConnectionAuth is how a tenant's API is signed in to.
type ConnectionAuth string

const (
	AuthNone              ConnectionAuth = "none"
	AuthBearer            ConnectionAuth = "bearer"
	AuthClientCredentials ConnectionAuth = "client_credentials"
)

// Connection is where and how a tenant's API is reached. The secret is sealed before it comes here.
type Connection struct {
	ID           string
	TenantID     string
	Name         string
	BaseURL      string
	Auth         ConnectionAuth
	ClientID     string
	TokenURL     string
	Scope        string
	SecretSealed []byte
}

// Notification is the one message about a run's end. Its words are derived from the run when it is shown.
type Notification struct {
	RunID     string
	CreatedAt time.Time
	Read      bool // by the user whose mailbox it was read from
	Run       Run
}
