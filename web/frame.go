package web

import (
	"fmt"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/page"
)

// frame loads what surrounds every page. Its clock reading is the page's "as of".
func (s *server) frame(c *gin.Context, a access.Access) (page.Frame, error) {
	state, now, err := s.Store.ReconcilerState(c.Request.Context())
	if err != nil {
		return page.Frame{}, fmt.Errorf("read the reconciler's state: %w", err)
	}
	if !a.Now.IsZero() {
		now = a.Now
	}
	return page.Frame{
		Who: a.Principal, Workspace: a.Workspace, Types: s.Types,
		URL: c.Request.URL.RequestURI(), Now: now, State: state, Extra: s.extraNav(a.Plane),
	}, nil
}
