package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models/modelstest"
)

func TestEveryAnswerIsProtected(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{"/sign-in", "/healthz", "/no-such", "/api/v1/runs", "/system"} {
		h := b.as(nobody, http.MethodGet, path, nil).Header()
		policy := h.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'", path)
		require.NotContains(t, policy, "unsafe", path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Equal(t, "DENY", h.Get("X-Frame-Options"), path)
		require.NotEmpty(t, h.Get("Referrer-Policy"), path)
		require.Equal(t, "no-store", h.Get("Cache-Control"), path)
	}
}

func TestAnotherSiteChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	post := func(header, value string) int {
		r := httptest.NewRequest(http.MethodPost, links.RunAction(links.Admin, run.ID, "cancel"), strings.NewReader(""))
		r.AddCookie(b.session(b.owner()))
		r.Header.Set(header, value)
		return b.serve(r).Code
	}
	require.Equal(t, http.StatusForbidden, post("Sec-Fetch-Site", "cross-site"))
	require.Equal(t, http.StatusForbidden, post("Origin", "https://evil.test"))
	after, _, err := b.store.Run(t.Context(), b.world.OwnerScope, run.ID)
	require.NoError(t, err)
	require.True(t, after.Facts.Cancel.At.IsZero())
	require.Equal(t, http.StatusSeeOther, post("Sec-Fetch-Site", "same-origin"))
}

func TestUnreadableFormsAreTheSendersError(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for body, status := range map[string]int{"email=%zz": http.StatusBadRequest, strings.Repeat("x", 2<<20): http.StatusRequestEntityTooLarge} {
		r := httptest.NewRequest(http.MethodPost, "/sign-in", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		require.Equal(t, status, b.serve(r).Code)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Equal(t, http.StatusOK, b.as(nobody, http.MethodGet, "/healthz", nil).Code)
	require.Equal(t, http.StatusOK, b.as(nobody, http.MethodGet, "/readyz", nil).Code)
	require.NoError(t, b.store.DB().Exec("ALTER TABLE sessions RENAME TO gone").Error)
	w := b.as(nobody, http.MethodGet, "/admin/operations", nil)
	require.Equal(t, http.StatusSeeOther, w.Code)

	r := httptest.NewRequest(http.MethodGet, "/admin/operations", nil)
	r.AddCookie(&http.Cookie{Name: "opstruth_admin", Value: "anything"})
	w = b.serve(r)
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Contains(t, w.Body.String(), w.Header().Get("X-Request-Id"), "the reader can quote the request")
	require.NotContains(t, w.Body.String(), "sessions", "and learns nothing of the inside")
}
