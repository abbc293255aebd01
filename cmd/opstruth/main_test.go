package main

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
	var stdout, stderr bytes.Buffer
	require.Equal(t, 1, run(args, &stdout, &stderr), stdout.String())
	return stderr.String()
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
	require.Contains(t, refused(t, "no-such"), "unknown command")

	said := refused(t, "user", "add", "--email", "x", "--role", "king")
	require.Contains(t, said, "--email must be an address")
	require.Contains(t, said, "--workspace or --platform")
	require.Contains(t, said, `not "king"`)
	require.Contains(t, refused(t, "tenant", "add"), `"slug", "workspace" not set`)

	said = refused(t, "connection", "set", "--workspace", "a", "--tenant", "b", "--name", "c", "--base-url", "d", "--auth", "magic")
	require.Contains(t, said, "--auth must be none, bearer or client_credentials")
	require.Contains(t, said, "--base-url must be an http or https address")

	t.Setenv("OPSTRUTH_DATABASE_URL", "postgres://u@127.0.0.1:1/x?connect_timeout=1")
	require.Contains(t, refused(t, "migrate", "status"), "opstruth: ")
}

func TestAnAdministratorSetsUpADatabase(t *testing.T) {
	dsn := pgtest.New(t, nil)
	t.Setenv("OPSTRUTH_DATABASE_URL", dsn)
	t.Setenv("OPSTRUTH_SECRET_KEY", key)

	require.Contains(t, ok(t, "migrate", "status"), "not applied")
	ok(t, "migrate", "up")
	ok(t, "migrate", "up") // changes nothing
	require.NotContains(t, ok(t, "migrate", "status"), "not applied")

	ok(t, "tenant", "add", "--workspace", "acme", "--slug", "contoso", "--name", "Contoso Ltd")
	require.Contains(t, refused(t, "tenant", "add", "--workspace", "acme", "--slug", "contoso"), "already exists")

	t.Setenv(passwordVariable, "short")
	require.Contains(t, refused(t, "user", "add", "--email", "ada@example.com", "--workspace", "acme"), "use a password of 12")
	t.Setenv(passwordVariable, "correct horse battery")
	said := ok(t, "user", "add", "--email", "Ada@Example.com", "--workspace", "acme", "--tenants", "contoso", "--role", "operator", "--token")
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
	can, err := s.Capabilities(t.Context(), ada.ID)
	require.NoError(t, err)
	require.ElementsMatch(t, []models.Capability{models.CapView, models.CapTriage}, can)
	stored, err := s.TokenByHash(t.Context(), auth.HashSecret(strings.TrimSpace(token)))
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

	ok(t, "migrate", "down")
	require.Contains(t, ok(t, "migrate", "status"), "not applied")
}
