package e2e

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/opstruth/opstruth/standalone/internal/browser"
)

// tab is a browser window with cookies of its own.
type tab struct {
	browser.Tab
	t   *testing.T
	ctx context.Context //nolint:containedctx // chromedp keeps the tab in it
}

func open(t *testing.T, base string) tab {
	t.Helper()
	b := browser.Open(t, base)
	return tab{b, t, b.Ctx}
}

func (b tab) within(steps ...chromedp.Action[chromedp.Void]) { b.t.Helper(); b.Within(steps...) }
func (b tab) goTo(path string)                               { b.t.Helper(); b.GoTo(path) }
func (b tab) click(selector string)                          { b.t.Helper(); b.Click(selector) }
func (b tab) shows(words string)                             { b.t.Helper(); b.Sees(words, true) }
func (b tab) hides(words string)                             { b.t.Helper(); b.Sees(words, false) }
func (b tab) path() string                                   { b.t.Helper(); return b.Path() }
func (b tab) accessible(name string)                         { b.t.Helper(); b.Accessible(name) }

func (b tab) signIn(page, email, password string) {
	b.t.Helper()
	b.SignIn(page, email, password)
}

func (b tab) violations(scheme string) []browser.Violation {
	b.t.Helper()
	return b.Violations(scheme)
}
