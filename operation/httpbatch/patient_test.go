package httpbatch

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// People may ask for more time than other operations have.
func TestAnAnswerMayTakeAsLongAsTheRunSays(t *testing.T) {
	t.Parallel()
	const others = 20 * time.Millisecond
	side := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(5 * others):
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(side.Close)
	shared := &http.Client{Transport: &http.Transport{ResponseHeaderTimeout: others}}
	c := courier{http: patient(shared), timeout: time.Minute}
	t.Cleanup(c.http.CloseIdleConnections)
	to, err := webURL(side.URL)
	require.NoError(t, err)
	a, err := c.send(t.Context(), message{method: http.MethodGet, url: to})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, a.status, a.message)
	require.Equal(t, others, shared.Transport.(*http.Transport).ResponseHeaderTimeout, "the others' limit stays")
}
