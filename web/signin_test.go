package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
)

const password = "correct horse battery"

func withPassword(t *testing.T, b *bench, users ...models.User) {
	t.Helper()
	hash, err := auth.HashPassword(password)
	require.NoError(t, err)
	for _, u := range users {
		require.NoError(t, b.store.SetPassword(t.Context(), u.ID, hash))
	}
}

func credentials(email, password string) url.Values {
	return url.Values{"email": {email}, "password": {password}}
}

func TestSignInLeadsOnAndOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	withPassword(t, b, b.world.Owner, b.world.Staff)

	w := b.as(nobody, http.MethodGet, "/admin/operations?problem_class=none", nil)
	require.Equal(t, http.StatusSeeOther, w.Code)
	form := w.Header().Get("Location")
	require.Equal(t, links.SignIn(links.Admin, "/admin/operations?problem_class=none"), form)
	require.Equal(t, 1, b.page(nobody, form).Find(`form[method=post] input[name=password]`).Length())

	w = b.as(nobody, http.MethodPost, form, credentials(" Olga@ACME.test ", password))
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body.String())
	require.Equal(t, "/admin/operations?problem_class=none", w.Header().Get("Location"))
	cookie := w.Result().Cookies()[0]
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.False(t, cookie.Secure, "the console of this test is on http")

	get := func(path string) int {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.AddCookie(cookie)
		return b.serve(r).Code
	}
	require.Equal(t, http.StatusOK, get("/admin/operations"))
	require.Equal(t, http.StatusSeeOther, get("/system"), "one plane's cookie does not open the other")

	r := httptest.NewRequest(http.MethodPost, links.SignOut(links.Admin), nil)
	r.AddCookie(cookie)
	require.Equal(t, links.SignedOut(links.Admin), b.serve(r).Header().Get("Location"))
	require.Equal(t, http.StatusSeeOther, get("/admin/operations"), "the session is gone, not only its cookie")

	w = b.as(nobody, http.MethodPost, links.SignIn(links.System, ""), credentials("pat@platform.test", password))
	require.Equal(t, links.Home(links.System), w.Header().Get("Location"))
	require.Equal(t, "/system", w.Result().Cookies()[0].Path)
}

func TestSignInRefusalsTellNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	withPassword(t, b, b.world.Owner)

	body := func(email, password string) string {
		w := b.as(nobody, http.MethodPost, "/sign-in", credentials(email, password))
		require.Equal(t, http.StatusUnauthorized, w.Code)
		require.Empty(t, w.Result().Cookies())
		return strings.ReplaceAll(w.Body.String(), email, "")
	}
	wrong := body("olga@acme.test", "wrong")
	require.Equal(t, wrong, body("nina@acme.test", "wrong"), "an unknown account looks like a wrong password")
	require.Equal(t, wrong, body("victor@acme.test", password), "so does an account without a password")

	w := b.as(nobody, http.MethodPost, links.SignIn(links.System, ""), credentials("olga@acme.test", password))
	require.Equal(t, http.StatusForbidden, w.Code, "a member is no platform staff")
}

func TestSignInSlowsGuessingDown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guess := func() *httptest.ResponseRecorder {
		return b.as(nobody, http.MethodPost, "/sign-in", credentials("x@acme.test", "guess"))
	}
	guesses, begun, w := 0, time.Now(), guess()
	for ; w.Code == http.StatusUnauthorized; w = guess() {
		guesses++
		// Ten at once, and then one more every half minute, which a busy machine may need for ten.
		require.LessOrEqual(t, guesses, 10+int(time.Since(begun)/(30*time.Second)))
	}
	require.GreaterOrEqual(t, guesses, 10)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Equal(t, http.StatusUnauthorized, b.as(nobody, http.MethodPost, "/sign-in", credentials("y@acme.test", "guess")).Code)
}

func TestSignInLinkWorksOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret, hash := auth.NewLinkSecret()
	require.NoError(t, b.store.CreateSignInLink(t.Context(), models.SignInLink{Hash: hash, UserID: b.world.Staff.ID, Plane: models.PlaneSystem}, time.Minute))

	w := b.as(nobody, http.MethodGet, links.SignInLink(secret), nil)
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, links.Home(links.System), w.Header().Get("Location"))
	for _, spent := range []string{secret, "never-was"} {
		w = b.as(nobody, http.MethodGet, links.SignInLink(spent), nil)
		require.Equal(t, http.StatusGone, w.Code)
		require.Empty(t, w.Result().Cookies())
	}
}

func TestSignInEndsWithTheRightsBehindIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cookie := b.session(b.viewer())
	require.NoError(t, b.store.DB().Exec("DELETE FROM membership_tenants").Error)
	require.NoError(t, b.store.DB().Exec("DELETE FROM memberships WHERE user_id = ?", b.world.Viewer.ID).Error)
	r := httptest.NewRequest(http.MethodGet, "/admin/operations", nil)
	r.AddCookie(cookie)
	require.Equal(t, http.StatusSeeOther, b.serve(r).Code)
}

func TestSignInOnOnePlaneIsNoneOnTheOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	both := b.person("Bo", links.Admin, func(id string) {
		require.NoError(t, b.store.SetMembership(t.Context(), models.Membership{UserID: id, WorkspaceID: b.world.Acme.ID, Role: models.RoleOwner, AllTenants: true}))
		require.NoError(t, b.store.GrantCapability(t.Context(), id, models.CapTriage))
	})
	admin, system := b.session(both), b.session(reader{both.user, links.System})
	for _, c := range []struct {
		name, value, path string
		status            int
	}{
		{admin.Name, admin.Value, "/admin/operations", http.StatusOK},
		{system.Name, system.Value, "/system", http.StatusOK},
		{system.Name, admin.Value, "/system", http.StatusSeeOther},
		{admin.Name, system.Value, "/admin/operations", http.StatusSeeOther},
	} {
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.AddCookie(&http.Cookie{Name: c.name, Value: c.value})
		require.Equal(t, c.status, b.serve(r).Code, c)
	}
}
