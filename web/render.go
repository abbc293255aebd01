package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/web/fault"
)

// html answers with a page. It is made before anything is sent, so that a failure can still be told.
func (s *server) html(c *gin.Context, status int, page templ.Component) {
	var body bytes.Buffer
	if err := page.Render(c.Request.Context(), &body); err != nil {
		s.Logger.ErrorContext(c.Request.Context(), "render page", "route", c.FullPath(), "error", err)
		c.String(http.StatusInternalServerError, "This page could not be made. Request %s.", c.GetString(requestIDKey))
		return
	}
	c.Data(status, "text/html; charset=utf-8", body.Bytes())
}

// page answers a request for a page that can be shown.
func (s *server) page(c *gin.Context, page templ.Component, err error) error {
	if err != nil {
		return fmt.Errorf("make page: %w", err)
	}
	s.html(c, http.StatusOK, page)
	return nil
}

// parseForm reads a submitted form. One that cannot be read is the sender's error.
func parseForm(c *gin.Context) error {
	err := c.Request.ParseForm()
	var large *http.MaxBytesError
	if err != nil && !errors.As(err, &large) {
		return &fault.Invalid{Detail: "the form could not be read; open the page again and resend it"}
	}
	if err == nil && !texts(c.Request.PostForm) { //nolint:forbidigo // the form that was sent, not a request
		return &fault.Invalid{Detail: "the form holds what is no text; write it in UTF-8, without zero bytes"}
	}
	return err
}

// seeOther sends the reader on after a change.
func seeOther(c *gin.Context, path string) error {
	c.Redirect(http.StatusSeeOther, path)
	return nil
}
