package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/opstruth/opstruth/models/modelstest"
)

// statements counts what is asked of the record database, apart from who asks, and from how common a text is, which
// SQLite alone is asked.
func (b *bench) statements() (taken func() []string) {
	b.t.Helper()
	var asked []string
	note := func(db *gorm.DB) {
		if text := db.Statement.SQL.String(); !strings.Contains(text, "FROM sessions") && !strings.Contains(text, "FROM users") &&
			!strings.Contains(text, "FROM memberships") && !strings.Contains(text, "FROM platform_capabilities") && !strings.Contains(text, "SELECT 1 FROM run_words_text") {
			asked = append(asked, text)
		}
	}
	callbacks := b.store.DB().Callback()
	require.NoError(b.t, callbacks.Row().After("gorm:row").Register("test:row", note))
	require.NoError(b.t, callbacks.Raw().After("gorm:raw").Register("test:raw", note))
	require.NoError(b.t, callbacks.Query().After("gorm:query").Register("test:query", note))
	return func() []string {
		taken := asked
		asked = nil
		return taken
	}
}

// TestAListIsReadInFewStatements holds however many runs, places and views there are. Who asks is found out in one or
// two statements before. A list without a row reads the clock on its own.
func TestAListIsReadInFewStatements(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 3 {
		modelstest.Running(t, b.store, b.world.NewRun())
	}
	token := b.token(b.owner())
	for _, who := range []reader{b.owner(), b.staff()} {
		b.session(who)
	}
	taken := b.statements()
	for _, filter := range []string{
		"", "?problem_class=terminal_follow_up&open=true", "?workspace=acme", "?workspace=acme&tenant=north&within=24h", "?q=nothing",
	} {
		for path, who := range map[string]reader{"/admin/operations": b.owner(), "/system/ops/runs": b.staff()} {
			taken()
			require.Equal(t, http.StatusOK, b.as(who, http.MethodGet, path+filter, nil).Code)
			asked := slices.DeleteFunc(taken(), func(text string) bool { return !strings.Contains(text, " FROM ") })
			require.LessOrEqual(t, len(asked), 4, "%s%s:\n%s", path, filter, strings.Join(asked, "\n\n"))
			require.NotEmpty(t, asked)
		}
		taken()
		require.Equal(t, http.StatusOK, b.api(token, http.MethodGet, "/api/v1/runs"+filter, nil).Code)
		asked := taken()
		require.LessOrEqual(t, len(asked), 4, "the API%s:\n%s", filter, strings.Join(asked, "\n\n"))
		require.NotEmpty(t, asked)
	}
}
