package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/web/api"
	"github.com/opstruth/opstruth/web/fault"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
	"github.com/opstruth/opstruth/web/view"
)

// fail is the one place that answers errors, of the API as problem details and of pages as a page.
func (s *server) fail(c *gin.Context, err error) {
	c.Abort()
	f := fault.Of(err)
	number := ""
	if f.Internal() {
		number = c.GetString(requestIDKey)
		s.report(c, f.Status, err)
	}
	if c.Writer.Written() {
		return // too late to answer otherwise
	}
	if f.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	switch plane := planeOf(c.Request); {
	case isAPI(c.Request):
		s.failAPI(c, f, number)
	case errors.Is(err, auth.ErrAnonymous) && c.GetHeader("HX-Request") == "":
		next := ""
		if c.Request.Method == http.MethodGet {
			next = c.Request.URL.RequestURI()
		}
		c.Redirect(http.StatusSeeOther, links.SignIn(plane, next))
	default:
		s.html(c, f.Status, ui.ErrorPage(page.Error(plane, f, number), view.Plane(plane)))
	}
}

func (s *server) failAPI(c *gin.Context, f fault.Fault, number string) {
	if f.Status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", `Bearer realm="opstruth"`)
	}
	c.Header("Content-Type", "application/problem+json")
	c.JSON(f.Status, api.ProblemOf(f, number))
}

// planeOf is the plane that an address belongs to.
func planeOf(r *http.Request) links.Plane {
	if r.URL.Path == links.Home(links.System) || strings.HasPrefix(r.URL.Path, links.Home(links.System)+"/") {
		return links.System
	}
	return links.Admin
}
