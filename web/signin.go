package web

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/fault"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

func (s *server) signInForm(plane links.Plane) handler {
	return func(c *gin.Context, _ access.Access) error {
		next := links.Local(c.Query("next"))
		if _, err := s.auth.BySession(c.Request, plane); err == nil {
			return seeOther(c, after(plane, next))
		}
		d := page.SignInData{Plane: plane, Next: next}
		if c.Query("signed") == "out" {
			d.Notice = "You are signed out."
		}
		s.html(c, http.StatusOK, ui.SignIn(page.SignIn(d)))
		return nil
	}
}

func (s *server) signIn(plane links.Plane) handler {
	return func(c *gin.Context, _ access.Access) error {
		if err := parseForm(c); err != nil {
			return err
		}
		next, email := links.Local(c.Query("next")), c.PostForm("email")
		p, err := s.auth.SignIn(c.Request.Context(), plane, email, c.PostForm("password"), c.ClientIP())
		if f := fault.Of(err); err != nil && !f.Internal() {
			if f.RetryAfter > 0 {
				c.Header("Retry-After", strconv.Itoa(f.RetryAfter))
			}
			s.html(c, f.Status, ui.SignIn(page.SignIn(page.SignInData{Plane: plane, Next: next, Email: email, Err: err})))
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.auth.Begin(c.Writer, c.Request, p); err != nil {
			return err
		}
		return seeOther(c, after(plane, next))
	}
}

func after(plane links.Plane, next string) string {
	if next == "" {
		return links.Home(plane)
	}
	return next
}

func (s *server) signInLink(c *gin.Context, _ access.Access) error {
	p, err := s.auth.SignInByLink(c.Request.Context(), c.Param("secret"), c.ClientIP())
	if errors.Is(err, auth.ErrAnonymous) {
		return auth.ErrLinkSpent // the account was removed or disabled meanwhile
	}
	if err != nil {
		return err
	}
	if err := s.auth.Begin(c.Writer, c.Request, p); err != nil {
		return err
	}
	return seeOther(c, links.Home(p.Plane))
}

func (s *server) signOut(plane links.Plane) handler {
	return func(c *gin.Context, _ access.Access) error {
		if err := s.auth.End(c.Writer, c.Request, plane); err != nil {
			return err
		}
		return seeOther(c, links.SignedOut(plane))
	}
}
