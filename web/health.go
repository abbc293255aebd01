package web

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/api"
	"github.com/opstruth/opstruth/web/assets"
)

// healthz says that the process answers.
func (s *server) healthz(c *gin.Context, _ access.Access) error {
	c.String(http.StatusOK, "ok\n")
	return nil
}

// readyz says whether the record database answers, without which no page can be shown.
func (s *server) readyz(c *gin.Context, _ access.Access) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), 2*time.Second)
	defer cancel()
	if err := s.Store.Ping(ctx); err != nil {
		s.Logger.WarnContext(ctx, "record database does not answer", "error", err)
		c.String(http.StatusServiceUnavailable, "the record database does not answer\n")
		return nil
	}
	c.String(http.StatusOK, "ready\n")
	return nil
}

func (s *server) metrics(c *gin.Context, _ access.Access) error {
	s.Metrics.ServeHTTP(c.Writer, c.Request)
	return nil
}

func (s *server) assets(c *gin.Context, _ access.Access) error {
	assets.Handler().ServeHTTP(c.Writer, c.Request)
	return nil
}

func (s *server) document(c *gin.Context, _ access.Access) error {
	api.ServeDocument(c)
	return nil
}
