package web

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/feed"
	"github.com/opstruth/opstruth/web/api"
)

// refusalsEvery is how often the log says that streams of changes are refused.
const refusalsEvery = time.Minute

// refusals counts the streams that were refused. Every open page asks for its own again every few seconds, and works
// without: one line a minute tells of them all.
type refusals struct {
	mu     sync.Mutex
	told   time.Time
	untold int
}

// count adds one, and returns how many are to be told now, if any.
func (r *refusals) count(now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.untold++
	if now.Sub(r.told) < refusalsEvery {
		return 0
	}
	n := r.untold
	r.told, r.untold = now, 0
	return n
}

// refusesStream reports whether the answer is that no stream is to be had now.
func refusesStream(c *gin.Context, status int) bool {
	return status == http.StatusServiceUnavailable && api.Streams(c.FullPath())
}

// report tells the log of an error of ours.
func (s *server) report(c *gin.Context, status int, err error) {
	ctx := c.Request.Context()
	if !refusesStream(c, status) {
		s.Logger.ErrorContext(ctx, "request failed", "route", c.FullPath(), "request", c.GetString(requestIDKey), "error", err)
		return
	}
	n, level := s.refused.count(time.Now()), slog.LevelWarn
	if errors.Is(err, feed.ErrClosed) { // the server is about to stop
		level = slog.LevelDebug
	}
	if n > 0 {
		s.Logger.Log(ctx, level, "streams of changes are refused; who asked reads again from time to time instead", "refused", n, "error", err)
	}
}
