package web

import (
	"context"
	"io"
	"net/http"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
	"github.com/opstruth/opstruth/web/view"
)

// Extra is a page that a program adds to the console. It is guarded, framed and found like the product's own.
type Extra struct {
	Label, Icon string // of its navigation entry
	Title       string
	Path        string
	Rule        access.Rule
	// Body makes what stands within the frame, and says whether it changes by itself.
	Body  func(ctx context.Context, a access.Access) (body templ.Component, active bool, err error)
	Posts []ExtraPost
}

// ExtraPost is something to do from the page, which is shown again after it. Its Do asks for the right to it.
type ExtraPost struct {
	Path string
	Rule access.Rule
	Do   func(ctx context.Context, a access.Access) error
}

func (s *server) extraRoutes() []route {
	var all []route
	for _, e := range s.Extra {
		all = append(all, route{http.MethodGet, e.Path, e.Rule, s.extraPage(e)})
		for _, p := range e.Posts {
			all = append(all, route{http.MethodPost, p.Path, p.Rule, func(c *gin.Context, a access.Access) error {
				if err := p.Do(c.Request.Context(), a); err != nil {
					return err
				}
				return seeOther(c, e.Path)
			}})
		}
	}
	return all
}

func (s *server) extraPage(e Extra) handler {
	return func(c *gin.Context, a access.Access) error {
		f, err := s.frame(c, a)
		if err != nil {
			return err
		}
		body, active, err := e.Body(c.Request.Context(), a)
		if err != nil {
			return err
		}
		return s.page(c, framed(page.Extra(f, e.Title, active), body), nil)
	}
}

// framed puts a body into a page.
func framed(shell view.Shell, body templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return ui.Page(shell).Render(templ.WithChildren(ctx, body), w)
	})
}

// extraNav are the navigation entries of the extra pages of a plane.
func (s *server) extraNav(plane links.Plane) []view.Link {
	var nav []view.Link
	for _, e := range s.Extra {
		if e.Rule.Plane == plane {
			nav = append(nav, view.Link{Label: e.Label, Icon: e.Icon, Href: e.Path})
		}
	}
	return nav
}
