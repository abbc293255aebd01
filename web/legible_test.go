package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// PostgreSQL takes no zero byte and no broken UTF-8: who sends one is told so, and no query is made.
func TestWhatNoTextMayHoldIsTheSendersError(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{
		"/admin/operations?q=%00", "/admin/operations?type=a%FF", "/admin/operations?workspace=acme&tenant=%00",
		"/admin/workspaces/%00", "/admin/operations/a%FFb",
	} {
		require.Equal(t, http.StatusBadRequest, b.as(b.owner(), http.MethodGet, path, nil).Code, path)
	}
	for _, name := range []string{"a\x00b", "a\xffb"} {
		w := b.as(b.owner(), http.MethodPost, "/admin/views", url.Values{"name": {name}})
		require.Equal(t, http.StatusBadRequest, w.Code, "%q", name)
	}
}
