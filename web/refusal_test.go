package web_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/web"
)

// Every page asks again for a stream that was refused: the log says so once, as no error, and of other errors each.
func TestRefusedStreamsAreToldOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var told bytes.Buffer
	b.options.Logger = slog.New(slog.NewTextHandler(&told, nil))
	var err error
	b.engine, err = web.New(b.options)
	require.NoError(t, err)
	at := b.events(b.owner(), links.Workspace("acme"))
	for i := range 20 { // as many as one account may have
		l, err := b.options.Feed.Listen(t.Context(), string(links.Admin)+" "+b.owner().user.ID)
		require.NoError(t, err, i)
		defer l.Close()
	}
	told.Reset()
	for range 3 {
		require.Equal(t, http.StatusServiceUnavailable, b.as(b.owner(), http.MethodGet, at, nil).Code)
	}
	require.Equal(t, 1, bytes.Count(told.Bytes(), []byte("level=WARN")), told.String())
	require.NotContains(t, told.String(), "level=ERROR")
	require.Contains(t, told.String(), "refused=1 error=\"too many streams are open")
}
