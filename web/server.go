package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/feed"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/act"
	"github.com/opstruth/opstruth/web/api"
	"github.com/opstruth/opstruth/web/fault"
)

const (
	requestLimit = 10 * time.Second // one request, all its queries included
	bodyLimit    = 1 << 20          // bytes
)

// Options are what the console is made of. Logger, Metrics and TemporalUIURL may be left out.
type Options struct {
	Store         *models.Store
	Types         *operation.Registry
	Starter       act.Starter
	Logger        *slog.Logger
	Metrics       http.Handler // served at /metrics
	PublicURL     string       // where people open the console
	SecureCookies bool
	TemporalUIURL string
	Extra         []Extra       // pages of the program that serves the console
	Namespace     string        // the name by which Temporal UI knows it
	UploadBytes   int64         // the largest file that is taken in; 0: 32 MB
	Asker         Asker         // for platform staff who want to know now; without one they are not offered to
	WorkerAlive   time.Duration // how old a live worker's last report may be
	// Feed tells the API's streams what has changed; who makes it runs it. Without one they are refused.
	Feed *feed.Feed
}

type server struct {
	Options
	auth      *auth.Service
	access    *access.Checker
	actions   *act.Actions
	validator *api.Validator
	origins   *http.CrossOriginProtection
	refused   refusals
}

// New makes the handler of the console and its API.
func New(o Options) (*gin.Engine, error) {
	if o.Store == nil || o.Types == nil || o.Starter == nil {
		return nil, errors.New("make web server: Store, Types and Starter are required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.UploadBytes == 0 {
		o.UploadBytes = 32 << 20
	}
	titles := map[string]string{}
	for _, d := range o.Types.All() {
		titles[d.Name] = d.Title
	}
	o.Store = o.Store.WithTitles(titles)
	s := &server{Options: o, origins: http.NewCrossOriginProtection()}
	s.auth = auth.New(o.Store, auth.NewSessionStore(o.Store.DB()), o.SecureCookies)
	s.access = access.NewChecker(s.auth, o.Store)
	s.actions = act.New(o.Store, o.Types, o.Starter)
	var err error
	if s.validator, err = api.NewValidator(); err != nil {
		return nil, err
	}
	if err := s.trust(o.PublicURL); err != nil {
		return nil, err
	}
	return s.engine(), nil
}

// trust lets pages of the public address ask for changes, where a proxy hides that it is ours.
func (s *server) trust(public string) error {
	if public == "" {
		return nil
	}
	u, err := url.Parse(public)
	if err == nil {
		err = s.origins.AddTrustedOrigin(u.Scheme + "://" + u.Host)
	}
	if err != nil {
		return fmt.Errorf("trust the public address: %w", err)
	}
	return nil
}

func (s *server) engine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.ContextWithFallback = true // a handler's context is the request's
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	_ = e.SetTrustedProxies(nil) // fails only for a wrong address; the peer's own address counts
	e.Use(s.identify, s.log, s.recover, s.headers, s.limit, s.sameOrigin, s.legible)
	e.NoRoute(func(c *gin.Context) { s.fail(c, models.ErrNotFound) })
	e.NoMethod(func(c *gin.Context) { s.fail(c, fault.ErrMethod) })
	for _, r := range s.routes() {
		e.Handle(r.Method, r.Path, s.serve(r))
	}
	return e
}

// serve lets a request through to its handler once its rule is met.
func (s *server) serve(r route) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Set(heardKey, s.Feed.At().String()) // before anything is read
		a, err := s.access.Check(c.Request, r.Rule, c.Param)
		if err == nil {
			c.Request = c.Request.WithContext(access.With(c.Request.Context(), a))
			err = r.Handle(c, a)
		}
		if err != nil {
			s.fail(c, err)
		}
	}
}

// NewHTTPServer is a server for the handler with limits on slow clients.
func NewHTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      requestLimit + 20*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}
