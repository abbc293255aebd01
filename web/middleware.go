package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/opstruth/opstruth/web/api"
	"github.com/opstruth/opstruth/web/fault"
)

const requestIDKey = "request_id"

// contentPolicy allows nothing that is not a file of ours: no inline code, no inline style, no other site.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// identify gives the request a number that its log lines and its error page share.
func (s *server) identify(c *gin.Context) {
	id := uuid.NewString()
	c.Set(requestIDKey, id)
	c.Header("X-Request-Id", id)
}

// log writes one line per request. It names the route, not the address, since a sign-in link's address
// is a secret.
func (s *server) log(c *gin.Context) {
	begun := time.Now()
	c.Next()
	level := slog.LevelDebug
	switch status := c.Writer.Status(); {
	case refusesStream(c, status): // which report tells
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	case c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead:
		level = slog.LevelInfo
	}
	s.Logger.Log(c.Request.Context(), level, "request",
		"method", c.Request.Method, "route", c.FullPath(), "status", c.Writer.Status(),
		"took", time.Since(begun), "request", c.GetString(requestIDKey))
}

// recover turns a panic into an internal error.
func (s *server) recover(c *gin.Context) {
	defer func() {
		if p := recover(); p != nil {
			s.Logger.ErrorContext(c.Request.Context(), "handler panicked", "panic", p, "stack", string(debug.Stack()))
			s.fail(c, fmt.Errorf("handler panicked: %v", p))
		}
	}()
	c.Next()
}

func (s *server) headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
	if s.SecureCookies {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// limit bounds the request's time, unless it is answered by a stream, and the size of its body.
func (s *server) limit(c *gin.Context) {
	if !api.Streams(c.FullPath()) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), limitOf(c.FullPath()))
		defer cancel()
		c.Request = c.Request.WithContext(ctx)
	}
	if !takesFile(c.Request, c.FullPath()) { // whoever takes one bounds it
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, bodyLimit)
	}
	c.Next()
}

// limitOf is how long a request may take.
func limitOf(route string) time.Duration {
	if strings.HasSuffix(route, ".csv") {
		return exportLimit
	}
	if strings.HasSuffix(route, "/start/:type") || strings.HasSuffix(route, "/artifacts/:name") || route == uploadsPath {
		return fileLimit
	}
	return requestLimit
}

// sameOrigin refuses changes that another site's page asks for.
func (s *server) sameOrigin(c *gin.Context) {
	if err := s.origins.Check(c.Request); err != nil {
		s.fail(c, fault.ErrCrossOrigin)
	}
}

// legible refuses an address that holds what no text may, see text.
func (s *server) legible(c *gin.Context) {
	if !text(c.Request.URL.Path) || !texts(c.Request.URL.Query()) {
		s.fail(c, &fault.Invalid{Detail: "the address holds what is no text; write it in UTF-8, without zero bytes"})
	}
}

// text reports whether every database stores and compares it: PostgreSQL takes no zero byte and no broken UTF-8.
func text(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func texts(all url.Values) bool {
	for _, values := range all {
		if !text(strings.Join(values, " ")) {
			return false
		}
	}
	return true
}

// isAPI tells by the address alone, so that an unknown one is answered in kind.
func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }
