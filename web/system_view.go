package web

import (
	"errors"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/find"
	"github.com/opstruth/opstruth/web/page"
)

// narrowed loads what a view of one class of runs has in common with their list, and the part of the runs that the
// filter in its address narrows it to, at the clock reading of the count that led here or the page's. done says that
// the answer was to go to another address: the view's own, in which no filter stands that it does not have.
func (s *server) narrowed(c *gin.Context, a access.Access, address func(links.List) string) (d page.Listing, f models.Filter, done bool, err error) {
	list, err := listOf(c.Request.URL.Query())
	if err != nil {
		return d, f, false, err
	}
	if clean := address(list); clean != c.Request.URL.RequestURI() {
		return d, f, true, seeOther(c, clean)
	}
	d, err = s.listing(c, &a, list)
	if errors.Is(err, errOtherTenant) {
		list.Tenant = ""
		return d, f, true, seeOther(c, address(list))
	}
	if err != nil {
		return d, f, false, err
	}
	if list.AsOf.IsZero() {
		list.AsOf = d.Now
	}
	return d, find.In(a.Workspace, a.Tenant, list, list.AsOf), false, nil
}
