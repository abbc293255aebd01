package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/config"
)

func TestMisspeltVariablesAreTold(t *testing.T) {
	t.Parallel()

	var known []string
	for _, name := range append(config.Variables(), config.URL, config.Token, config.Token+"_FILE", config.ConnectionSecret, config.UserPassword) {
		known = append(known, name+"=x")
	}
	require.Empty(t, config.Unknown(append(known, "OPSTRUTH_TEST_LONG=1", "OPSTRUT_URL=x", "PATH=/bin")))
	require.Equal(t, []string{
		"OPSTRUTH_LISTEN_FILE is not a setting of opstruth and changes nothing; the nearest is OPSTRUTH_LISTEN",
		"OPSTRUTH_STALE_AFER is not a setting of opstruth and changes nothing; the nearest is OPSTRUTH_STALE_AFTER",
		"OPSTRUTH_TOKNE is not a setting of opstruth and changes nothing; the nearest is OPSTRUTH_TOKEN",
	}, config.Unknown([]string{"OPSTRUTH_TOKNE=x", "OPSTRUTH_STALE_AFER=1s", "OPSTRUTH_LISTEN_FILE=", "OPSTRUTH_LISTEN=:1"}))
}

// What a refused policy names is set by variables that exist.
func TestPolicyPartsNameTheirVariables(t *testing.T) {
	t.Parallel()

	require.Empty(t, config.Sets("operation type \"x\" is defined twice"))
	require.Equal(t, "\n(stale_after is OPSTRUTH_STALE_AFTER, heartbeat_every is OPSTRUTH_HEARTBEAT_EVERY, where no operation type sets its own)",
		config.Sets("stale_after 1s is too short: lengthen stale_after or shorten heartbeat_every"))
	require.NotContains(t, config.Sets("queued_stale_after is wrong"), "OPSTRUTH_STALE_AFTER")
	for _, name := range []string{"STALE_AFTER", "QUEUED_STALE_AFTER", "HEARTBEAT_EVERY", "RECONCILE_EVERY"} {
		require.Contains(t, config.Variables(), "OPSTRUTH_"+name)
	}
}
