package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/apiclient"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models/modelstest"
)

func TestNotificationsAreListedAndReadFromATerminal(t *testing.T) {
	t.Parallel()
	b := console(t)
	does := func(args ...string) said {
		return executed(t.Context(), append(append([]string{"notifications"}, args...), "--url", b.address, "--token", b.token)...)
	}
	did := func(args ...string) string {
		t.Helper()
		s := does(args...)
		require.Zero(t, s.code, s.err)
		return s.out
	}
	require.Equal(t, 1, strings.Count(did("list"), "\n"), "a head and nothing below it")
	first := modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)
	second := modelstest.Reconciled(t, b.store, b.world.NewRun())

	require.Regexp(t, `(?s)^RUN +READ .*`+second.ID+` +no +20\S+Z +Failed · was stuck: sample.simulate for sample +Reconciled: .*Ended, needs follow-up\..*`+first.ID+` +no `, did("list"))
	page := does("list", "--limit", "1")
	_, cursor, more := strings.Cut(page.err, "--cursor ")
	require.True(t, more, page.err)
	require.Contains(t, did("list", "--limit", "1", "--cursor", strings.TrimSpace(cursor)), first.ID)

	require.Regexp(t, second.ID+` +yes `, did("read", second.ID))
	unread := decoded[apiclient.NotificationList](t, did("list", "--unread", "--json"))
	require.Equal(t, 1, unread.Unread)
	require.Equal(t, first.ID, unread.Notifications[0].Run)
	require.Equal(t, "unread  1\n", did("read", "--all", "--up-to", "2006-01-02T15:04:05Z"))
	require.Equal(t, "unread  0\n", did("read", "--all"))
	require.True(t, decoded[apiclient.Notification](t, did("read", first.ID, "--json")).Read)

	for _, wrong := range [][]string{{"read"}, {"read", first.ID, "--all"}, {"read", first.ID, "--up-to", "2006-01-02T15:04:05Z"}, {"read", "--all", "--up-to", "noon"}, {"list", "x"}, {"burn"}} {
		require.Equal(t, exitUsage, does(wrong...).code, wrong)
	}
	require.Equal(t, exitError, does("read", "missing").code)
}
