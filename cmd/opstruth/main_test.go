package main

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/pgtest"
	"github.com/opstruth/opstruth/internal/secrets"
	"github.com/opstruth/opstruth/models"
)

// key is a secret key for tests.
var key = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, config.KeyBytes))

// ok runs a command that must succeed and returns what it printed.
func ok(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	require.Zero(t, run(args, &stdout, &stderr), stderr.String())
	return stdout.String()
}

// refused runs a command that must fail and returns what it complained of.
func refused(t *testing.T, args ...string) string {
	t.Helper()
	return failed(t, exitError, args...)
}

// misused runs a command in a way that is wrong and returns what it complained of.
func misused(t *testing.T, args ...string) string {
	t.Helper()
	return failed(t, exitUsage, args...)
}

func failed(t *testing.T, code int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	require.Equal(t, code, run(args, &stdout, &stderr), "%v: %s", args, stderr.String())
	require.Empty(t, stdout.String())
	return stderr.String()
}

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The session library begins every manager with a store in memory, whose
		// cleaner cannot be stopped without a race; ours takes its place.
		goleak.IgnoreTopFunction("github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup"),
	)
}

func TestVersion(t *testing.T) {
	require.Contains(t, ok(t, "version"), "opstruth ")
}

func TestWrongUseIsExplained(t *testing.T) {
	for _, variable := range config.Variables() {
		t.Setenv(variable, "")
	}
	require.Contains(t, refused(t, "web"), "OPSTRUTH_DATABASE_URL is not set")
	require.Contains(t, refused(t, "worker"), "OPSTRUTH_SECRET_KEY is not set")
	require.Contains(t, refused(t, "migrate", "up"), "OPSTRUTH_DATABASE_URL is not set")
	require.Contains(t, misused(t, "no-such"), "unknown command")

	said := misused(t, "user", "add", "--email", "x", "--role", "king")
	require.Contains(t, said, "--email must be an address")
	require.Contains(t, said, "--workspace or --platform")
	require.Contains(t, said, `not "king"`)
	require.Contains(t, misused(t, "tenant", "add"), `"slug", "workspace" not set`)

	said = misused(t, "connection", "set", "--workspace", "a", "--tenant", "b", "--name", "c", "--base-url", "d", "--auth", "magic")
	require.Contains(t, said, "--auth must be none, bearer or client_credentials")
	require.Contains(t, said, "--base-url must be an http or https address")

	for _, args := range [][]string{
		{"web", "now"}, {"worker", "--colour"}, {"migrate", "sideways"}, {"migrate", "up", "now"}, {"version", "2"},
		{"workspace", "add"}, {"workspace", "rename", "--slug", "a"}, {"user", "drop"}, {"connection", "set", "--name"}, {"tenant", "add", "x"},
	} {
		require.NotEmpty(t, misused(t, args...))
	}
	for _, args := range [][]string{{}, {"migrate"}, {"runs"}, {"workspace"}, {"runs", "list", "--help"}} {
		require.Contains(t, ok(t, args...), "Usage:")
	}
	t.Setenv("OPSTRUTH_DATABASE_URL", "postgres://u@127.0.0.1:1/x?connect_timeout=1")
	require.Contains(t, refused(t, "migrate", "status"), "opstruth: ")
}

func TestAnAdministratorSetsUpADatabase(t *testing.T) {
	dsn := pgtest.New(t, nil)
	t.Setenv("OPSTRUTH_DATABASE_URL", dsn)
	t.Setenv("OPSTRUTH_SECRET_KEY", key)

	for _, server := range []string{"web", "worker"} {
		require.Contains(t, refused(t, server), "run 'opstruth migrate up'")
	}
	require.Contains(t, ok(t, "migrate", "status"), "not applied")
	said := ok(t, "migrate", "up")
	require.Contains(t, said, "Applied: 00001_records.sql\n")
	require.Regexp(t, `The schema is up to date: \d+_\w+\.sql\n$`, said)
	require.NotContains(t, ok(t, "migrate", "up"), "Applied", "a second time changes nothing")
	require.NotContains(t, ok(t, "migrate", "status"), "not applied")

	require.Contains(t, ok(t, "workspace", "add", "--slug", "acme"), "Workspace added: acme, acme")
	require.Contains(t, refused(t, "workspace", "add", "--slug", "acme"), "already exists")
	require.Contains(t, refused(t, "workspace", "rename", "--slug", "none", "--name", "None"), "rename workspace none")
	ok(t, "workspace", "rename", "--slug", "acme", "--name", "Acme Corporation")
	ok(t, "tenant", "add", "--workspace", "acme", "--slug", "contoso", "--name", "Contoso Ltd")
	require.Contains(t, refused(t, "tenant", "add", "--workspace", "acme", "--slug", "contoso"), "already exists")

	t.Setenv(passwordVariable, "short")
	require.Contains(t, refused(t, "user", "add", "--email", "ada@example.com", "--workspace", "acme"), "use a password of 12")
	t.Setenv(passwordVariable, "correct horse battery")
	said = ok(t, "user", "add", "--email", "Ada@Example.com", "--workspace", "acme", "--tenants", "contoso", "--role", "operator", "--token")
	require.NotContains(t, said, "correct horse")
	_, token, found := strings.Cut(said, "API token (admin plane): ")
	require.True(t, found)
	require.Contains(t, refused(t, "user", "add", "--email", "bob@example.com", "--workspace", "acme", "--tenants", "none"), "find tenant none")
	t.Setenv(passwordVariable, "")
	require.Contains(t, ok(t, "user", "add", "--email", "pat@example.com", "--platform"), "Password: ")
	require.Contains(t, ok(t, "user", "add", "--email", "ada@example.com", "--platform"), "Account exists")

	t.Setenv(secretVariable, "hunter2")
	set := []string{"connection", "set", "--workspace", "acme", "--tenant", "contoso", "--name", "graph", "--base-url", "https://graph.example.com/v1", "--auth", "bearer"}
	ok(t, set...)
	t.Setenv(secretVariable, "")
	require.NotContains(t, ok(t, set...), "no secret", "it keeps the one it has")

	s, err := models.Open(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	ada, err := s.UserByEmail(t.Context(), "ada@example.com")
	require.NoError(t, err)
	right, err := auth.CheckPassword(t.Context(), ada.PasswordHash, "correct horse battery")
	require.NoError(t, err)
	require.True(t, right)
	members, err := s.Memberships(t.Context(), ada.ID)
	require.NoError(t, err)
	require.Len(t, members, 1)
	require.Equal(t, models.RoleOperator, members[0].Role)
	require.Len(t, members[0].TenantIDs, 1)
	require.Equal(t, "Acme Corporation", members[0].WorkspaceName)
	can, err := s.Capabilities(t.Context(), ada.ID)
	require.NoError(t, err)
	require.ElementsMatch(t, []models.Capability{models.CapView, models.CapTriage}, can)
	stored, _, err := s.TokenByHash(t.Context(), auth.HashSecret(strings.TrimSpace(token)))
	require.NoError(t, err)
	require.Equal(t, ada.ID, stored.UserID)

	connections, err := s.Connections(t.Context(), models.Platform(), members[0].TenantIDs[0])
	require.NoError(t, err)
	require.Len(t, connections, 1)
	box, err := secrets.NewBox(bytes.Repeat([]byte{7}, config.KeyBytes))
	require.NoError(t, err)
	secret, err := box.Open(connections[0].ID, connections[0].SecretSealed)
	require.NoError(t, err)
	require.Equal(t, "hunter2", string(secret))

	require.Contains(t, ok(t, "migrate", "down"), "Taken back: ")
	require.Contains(t, ok(t, "migrate", "status"), "not applied")
	for !strings.Contains(ok(t, "migrate", "down"), "nothing to take back") {
		continue
	}
}
