package web

import (
	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/web/access"
)

// home leads a member to the first of their workspaces; from there the switcher leads to the others.
func (s *server) home(c *gin.Context, a access.Access) error {
	return seeOther(c, links.Workspace(a.Memberships[0].WorkspaceSlug))
}
