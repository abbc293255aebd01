package page

import (
	"net/url"

	"github.com/opstruth/opstruth/web/view"
)

// Extra frames a page that a program adds to the console. It renews itself while active says that it changes.
func Extra(f Frame, title string, active bool) view.Shell { return f.shell(title, "", active) }

// extraNav are the navigation entries of such pages.
func (f Frame) extraNav() []view.Link {
	here, _ := url.Parse(f.URL)
	nav := make([]view.Link, len(f.Extra))
	for i, l := range f.Extra {
		l.Current = here != nil && here.Path == l.Href
		nav[i] = l
	}
	return nav
}
