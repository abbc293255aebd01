package models

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

var errSoon = errors.New("query is not written yet")

// Store keeps the rows; one per process.
type Store struct{ db *gorm.DB }

func Open(ctx context.Context, dsn string) (*Store, error) { return nil, errSoon }
func (s *Store) Close() error                              { return errSoon }
func (s *Store) Ping(ctx context.Context) error            { return errSoon }
func (s *Store) DB() *gorm.DB                              { return s.db }
func (s *Store) MigrateUp(ctx context.Context) error       { return errSoon }
func (s *Store) MigrateDown(ctx context.Context) error     { return errSoon }

// Migration is one schema change and when it was applied.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time
}

func (s *Store) MigrationStatus(ctx context.Context) ([]Migration, error) { return nil, errSoon }
func (s *Store) Now(ctx context.Context) (time.Time, error)               { return time.Time{}, errSoon }
func (s *Store) WithClock(sqlExpr string) *Store                          { return s }

func (s *Store) CreateRun(ctx context.Context, n NewRun) (Run, bool, error) {
	return Run{}, false, errSoon
}
func (s *Store) Run(ctx context.Context, sc Scope, id string) (Run, time.Time, error) {
	return Run{}, time.Time{}, errSoon
}
func (s *Store) ListRuns(ctx context.Context, sc Scope, f Filter, p Page) (RunPage, error) {
	return RunPage{}, errSoon
}
func (s *Store) Summary(ctx context.Context, sc Scope, f Filter) (Summary, error) {
	return Summary{}, errSoon
}
func (s *Store) Timeline(ctx context.Context, sc Scope, runID string, p Page) ([]Event, string, error) {
	return nil, "", errSoon
}
func (s *Store) Items(ctx context.Context, sc Scope, runID string, f ItemFilter, p Page) ([]Item, string, error) {
	return nil, "", errSoon
}
func (s *Store) Artifacts(ctx context.Context, sc Scope, runID string) ([]Artifact, error) {
	return nil, errSoon
}
func (s *Store) Artifact(ctx context.Context, sc Scope, runID, name string) (Artifact, error) {
	return Artifact{}, errSoon
}
func (s *Store) Transition(ctx context.Context, runID string, c lifecycle.Change) (Run, error) {
	return Run{}, errSoon
}
func (s *Store) SetDispatched(ctx context.Context, runID, firstRunID, namespace, cluster string) error {
	return errSoon
}

func (s *Store) RecordBeats(ctx context.Context, w WorkerRow, beats []Beat) ([]Beat, error) {
	return nil, errSoon
}
func (s *Store) HandOver(ctx context.Context, workerID string, runIDs []string, limit time.Duration) error {
	return errSoon
}

// DeclareWait: the wait begins now and lasts so long, on the record database's clock.
func (s *Store) DeclareWait(ctx context.Context, runID string, w lifecycle.Wait, lasts time.Duration) error {
	return errSoon
}
func (s *Store) EndWait(ctx context.Context, runID, waitID string) error { return errSoon }
func (s *Store) Workers(ctx context.Context) ([]WorkerRow, time.Time, error) {
	return nil, time.Time{}, errSoon
}

func (s *Store) SavePlan(ctx context.Context, runID string, total int64) error     { return errSoon }
func (s *Store) RecordItems(ctx context.Context, runID string, items []Item) error { return errSoon }
func (s *Store) SaveArtifact(ctx context.Context, runID, name, contentType string, body []byte) error {
	return errSoon
}

// AppendEvent adds a line to the timeline that changes nothing, such as ItemFailing.
func (s *Store) AppendEvent(ctx context.Context, runID string, k lifecycle.Kind, actor string, d EventData) error {
	return errSoon
}

func (s *Store) Undispatched(ctx context.Context, olderThan time.Duration, limit int) ([]Run, time.Time, error) {
	return nil, time.Time{}, errSoon
}
func (s *Store) CancelsWaiting(ctx context.Context, limit int) ([]Run, time.Time, error) {
	return nil, time.Time{}, errSoon
}
func (s *Store) DueForCheck(ctx context.Context, before time.Duration, after string, limit int) (runs []Run, now time.Time, next string, err error) {
	return nil, time.Time{}, "", errSoon
}
func (s *Store) ActiveByID(ctx context.Context, ids []string) ([]Run, time.Time, error) {
	return nil, time.Time{}, errSoon
}
func (s *Store) RecordVerdict(ctx context.Context, run Run, v lifecycle.Verdict) error {
	return errSoon
}
func (s *Store) FinishPass(ctx context.Context, p PassReport) error { return errSoon }
func (s *Store) ReconcilerState(ctx context.Context) (State, time.Time, error) {
	return State{}, time.Time{}, errSoon
}

func (s *Store) CreateWorkspace(ctx context.Context, w Workspace) (Workspace, error) {
	return w, errSoon
}
func (s *Store) CreateTenant(ctx context.Context, t Tenant) (Tenant, error) { return t, errSoon }
func (s *Store) CreateUser(ctx context.Context, u User) (User, error)       { return u, errSoon }
func (s *Store) SetPassword(ctx context.Context, userID, hash string) error { return errSoon }
func (s *Store) SetMembership(ctx context.Context, m Membership) error      { return errSoon }
func (s *Store) GrantCapability(ctx context.Context, userID string, c Capability) error {
	return errSoon
}
func (s *Store) UserByEmail(ctx context.Context, email string) (User, error) { return User{}, errSoon }
func (s *Store) UserByID(ctx context.Context, id string) (User, error)       { return User{}, errSoon }
func (s *Store) Memberships(ctx context.Context, userID string) ([]Membership, error) {
	return nil, errSoon
}
func (s *Store) Capabilities(ctx context.Context, userID string) ([]Capability, error) {
	return nil, errSoon
}
func (s *Store) CreateToken(ctx context.Context, t APIToken) (APIToken, error) { return t, errSoon }

// TokenByHash returns a token that has not expired and stamps its use.
func (s *Store) TokenByHash(ctx context.Context, hash string) (APIToken, error) {
	return APIToken{}, errSoon
}

// CreateSignInLink: the link works once within lasts.
func (s *Store) CreateSignInLink(ctx context.Context, l SignInLink, lasts time.Duration) error {
	return errSoon
}

// UseSignInLink spends the link; ErrNotFound when spent, expired or unknown.
func (s *Store) UseSignInLink(ctx context.Context, hash string) (SignInLink, error) {
	return SignInLink{}, errSoon
}
func (s *Store) SaveConnection(ctx context.Context, c Connection) (Connection, error) {
	return c, errSoon
}

// Connection is for the engine alone: it is not scoped.
func (s *Store) Connection(ctx context.Context, id string) (Connection, error) {
	return Connection{}, errSoon
}
func (s *Store) Connections(ctx context.Context, sc Scope, tenantID string) ([]Connection, error) {
	return nil, errSoon
}
func (s *Store) Workspaces(ctx context.Context, sc Scope) ([]Workspace, error) { return nil, errSoon }
func (s *Store) Workspace(ctx context.Context, sc Scope, idOrSlug string) (Workspace, error) {
	return Workspace{}, errSoon
}
func (s *Store) Tenants(ctx context.Context, sc Scope, workspaceID string) ([]Tenant, error) {
	return nil, errSoon
}
func (s *Store) Tenant(ctx context.Context, sc Scope, workspaceID, idOrSlug string) (Tenant, error) {
	return Tenant{}, errSoon
}
func (s *Store) Notifications(ctx context.Context, sc Scope, userID string, p Page) ([]Notification, string, error) {
	return nil, "", errSoon
}
