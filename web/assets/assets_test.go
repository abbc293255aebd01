package assets_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/web/assets"
)

func get(t *testing.T, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	assets.Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestAHashedNameIsServedForEver(t *testing.T) {
	t.Parallel()
	for name, contentType := range map[string]string{
		"app.css": "text/css", "tabler.min.css": "text/css", "app.js": "text/javascript", "htmx.min.js": "text/javascript", "icons.svg": "image/svg+xml",
	} {
		res := get(t, assets.Path(name))
		require.Equal(t, http.StatusOK, res.StatusCode, name)
		require.Contains(t, res.Header.Get("Content-Type"), contentType, name)
		require.Equal(t, "public, max-age=31536000, immutable", res.Header.Get("Cache-Control"), name)
	}
}

func TestGzipCarriesTheSameBytes(t *testing.T) {
	t.Parallel()
	plain, err := io.ReadAll(get(t, assets.Path("app.css")).Body)
	require.NoError(t, err)
	res := get(t, assets.Path("app.css"), "Accept-Encoding", "br;q=1, gzip;q=0.8")
	require.Equal(t, "gzip", res.Header.Get("Content-Encoding"))
	unzip, err := gzip.NewReader(res.Body)
	require.NoError(t, err)
	zipped, err := io.ReadAll(unzip)
	require.NoError(t, err)
	require.Equal(t, plain, zipped)
	require.Empty(t, get(t, assets.Path("app.css"), "Accept-Encoding", "gzip;q=0").Header.Get("Content-Encoding"))
}

func TestOtherNamesAreNotFound(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/assets/app.css", "/assets/app.000000000000.css", "/assets/", "/assets/../assets.go", "/assets/VENDOR.md"} {
		require.Equal(t, http.StatusNotFound, get(t, path).StatusCode, path)
	}
	require.Panics(t, func() { assets.Path("no-such-file.js") })
}

func TestOurFilesKeepTheContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"app.css", "app.js", "live.js", "theme.js"} {
		body, err := io.ReadAll(get(t, assets.Path(name)).Body)
		require.NoError(t, err)
		for _, forbidden := range []string{"data:image", "@import", "http://", "https://", "eval(", "innerHTML"} {
			require.NotContains(t, string(body), forbidden, name)
		}
	}
}
