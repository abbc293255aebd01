package config_test

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/config"
)

var key = base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", config.KeyBytes)))

func TestDefaults(t *testing.T) {
	t.Parallel()

	c, err := config.Load(nil)
	require.NoError(t, err)
	require.Equal(t, 20*time.Second, c.StaleAfter)
	require.Equal(t, time.Minute, c.QueuedStaleAfter)
	require.Equal(t, 24*time.Hour, c.ReconcileAfter)
	require.Equal(t, 5*time.Second, c.ReconcileEvery)
	require.Equal(t, 5*time.Second, c.HeartbeatEvery)
	require.Equal(t, "127.0.0.1:8080", c.Listen)
	require.Empty(t, c.Queues)
	require.Equal(t, 1000, c.Concurrency)
	require.False(t, c.SecureCookies())
}

func TestLoadReadsEveryKindOfValue(t *testing.T) {
	t.Parallel()

	c, err := config.Load([]string{
		"OPSTRUTH_DATABASE_URL=postgres://me@db/opstruth", "OPSTRUTH_SECRET_KEY=" + key,
		"OPSTRUTH_STALE_AFTER=3s", "OPSTRUTH_QUEUES=a, b", "OPSTRUTH_OUTBOUND_ALLOW=10.0.0.0/8,fd00::/8",
		"OPSTRUTH_PUBLIC_URL=https://ops.example.com/", "OPSTRUTH_LOG_LEVEL=debug", "OPSTRUTH_LISTEN=",
	}, config.DatabaseURL, config.SecretKey)
	require.NoError(t, err)
	require.Equal(t, 3*time.Second, c.StaleAfter)
	require.Equal(t, []string{"a", "b"}, c.Queues)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}, c.OutboundAllow)
	require.Equal(t, "https://ops.example.com", c.PublicURL)
	require.True(t, c.SecureCookies())
	require.Equal(t, "127.0.0.1:8080", c.Listen, "an empty variable counts as not set")
	require.Len(t, c.SecretKey.Bytes(), config.KeyBytes)
}

func TestLoadNamesEveryWrongValueInOneMessage(t *testing.T) {
	t.Parallel()

	wrong := map[string]string{
		"OPSTRUTH_DATABASE_URL":       "mysql://me:hunter2@db/x",
		"OPSTRUTH_SECRET_KEY":         "c2hvcnQ=",
		"OPSTRUTH_LISTEN":             "8080",
		"OPSTRUTH_METRICS_LISTEN":     "127.0.0.1:99999",
		"OPSTRUTH_PUBLIC_URL":         "ops.example.com",
		"OPSTRUTH_TEMPORAL_UI_URL":    "https://t.example.com/?a=b",
		"OPSTRUTH_STALE_AFTER":        "20",
		"OPSTRUTH_QUEUED_STALE_AFTER": "-1s",
		"OPSTRUTH_RECONCILE_AFTER":    "soon",
		"OPSTRUTH_RECONCILE_EVERY":    "0s",
		"OPSTRUTH_HEARTBEAT_EVERY":    "5 s",
		"OPSTRUTH_QUEUES":             "a,,b",
		"OPSTRUTH_CONCURRENCY":        "0",
		"OPSTRUTH_OUTBOUND_ALLOW":     "10.0.0.1",
		"OPSTRUTH_UPLOAD_MAX_MB":      "0",
		"OPSTRUTH_LOG_LEVEL":          "loud",
		"OPSTRUTH_LOG_FORMAT":         "xml",
	}
	var environ []string
	for name, value := range wrong {
		environ = append(environ, name+"="+value)
	}
	_, err := config.Load(environ, config.DatabaseURL)
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 1+len(wrong), "one line each: %v", err)
	for name := range wrong {
		require.Contains(t, err.Error(), "\n"+name+" is ")
	}
	for _, line := range lines[1:] {
		require.Contains(t, line, ": want ")
	}
	require.NotContains(t, err.Error(), "hunter2")
	require.NotContains(t, err.Error(), "c2hvcnQ")
	covered := 0
	for _, name := range config.Variables() {
		if !strings.HasSuffix(name, "_FILE") {
			require.Contains(t, wrong, name, "this test must hold a wrong value for every setting")
			covered++
		}
	}
	require.Len(t, wrong, covered)
}

func TestLoadNamesEveryMissingRequirement(t *testing.T) {
	t.Parallel()

	_, err := config.Load(nil, config.DatabaseURL, config.SecretKey)
	require.ErrorContains(t, err, "OPSTRUTH_DATABASE_URL is not set: want ")
	require.ErrorContains(t, err, "OPSTRUTH_SECRET_KEY is not set: want ")
}

func TestSecretsAreReadFromFiles(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, []byte(key+"\n"), 0o600))

	c, err := config.Load([]string{"OPSTRUTH_SECRET_KEY_FILE=" + path}, config.SecretKey)
	require.NoError(t, err)
	require.Len(t, c.SecretKey.Bytes(), config.KeyBytes)

	_, err = config.Load([]string{"OPSTRUTH_SECRET_KEY_FILE=" + path, "OPSTRUTH_SECRET_KEY=" + key})
	require.ErrorContains(t, err, "OPSTRUTH_SECRET_KEY and OPSTRUTH_SECRET_KEY_FILE are both set")

	_, err = config.Load([]string{"OPSTRUTH_SECRET_KEY_FILE=" + path + "x"}, config.SecretKey)
	require.ErrorContains(t, err, "OPSTRUTH_SECRET_KEY_FILE names a file that cannot be read")
	require.NotContains(t, err.Error(), "is not set")
}

func TestTheKeyDoesNotPrint(t *testing.T) {
	t.Parallel()

	c, err := config.Load([]string{"OPSTRUTH_SECRET_KEY=" + key})
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(verb, c.SecretKey), "107", verb)
		require.NotContains(t, fmt.Sprintf(verb, c.SecretKey), "kkk", verb)
	}
}
