package web

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/fault"
	"github.com/opstruth/opstruth/web/page"
)

// saveView names a list. Only the filter is kept; who opens the view sees what their own scope lets through.
func (s *server) saveView(c *gin.Context, a access.Access) error {
	if err := parseForm(c); err != nil {
		return err
	}
	query, err := url.ParseQuery(c.PostForm(page.ViewQueryField))
	if err != nil {
		return &fault.Invalid{Detail: "the list to save could not be read; open it again and save it from there"}
	}
	list, err := links.Parse(query)
	if err != nil {
		return err
	}
	name := strings.TrimSpace(c.PostForm(page.ViewNameField))
	if n := utf8.RuneCountInString(name); n == 0 || n > models.MaxViewName || !utf8.ValidString(name) {
		detail := fmt.Sprintf("needs 1 to %d characters", models.MaxViewName)
		return &fault.Invalid{Detail: "the view's name " + detail, Fields: []fault.Field{{Name: page.ViewNameField, Detail: detail}}}
	}
	_, err = s.Store.SaveView(c.Request.Context(), models.SavedView{
		UserID: a.User.ID, Plane: models.Plane(a.Plane), Name: name, Query: page.Lasting(list).Values().Encode(),
	})
	if errors.Is(err, models.ErrTooManyViews) || errors.Is(err, models.ErrViewTooLong) {
		return &fault.Invalid{Detail: err.Error()}
	}
	if err != nil {
		return err
	}
	return seeOther(c, links.Runs(a.Plane, page.Lasting(list)))
}

// deleteView removes one of the reader's own views and shows the list that it was removed from.
func (s *server) deleteView(c *gin.Context, a access.Access) error {
	if err := parseForm(c); err != nil {
		return err
	}
	if err := s.Store.DeleteView(c.Request.Context(), a.User.ID, models.Plane(a.Plane), c.Param("view")); err != nil {
		return err
	}
	var list links.List
	if query, err := url.ParseQuery(c.PostForm(page.ViewQueryField)); err == nil {
		list, _ = links.Parse(query) // a list that cannot be read is the whole one
	}
	return seeOther(c, links.Runs(a.Plane, list))
}
