package e2e

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

//go:embed testdata/axe-core/axe.min.js
var axe string

// One browser serves all tests; each has a profile of its own in it.
var (
	browserOnce  sync.Once
	browserCtx   context.Context //nolint:containedctx // the browser lives as long as the tests do
	errBrowser   error
	closeBrowser = func() {}
)

func startBrowser() {
	profile, err := os.MkdirTemp("", "opstruth-browser-")
	if err != nil {
		errBrowser = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile), chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(time.Minute), // a busy machine starts it slowly
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	closeBrowser = func() {
		cancel()
		stop()
		_ = os.RemoveAll(profile)
	}
	browserCtx, errBrowser = ctx, chromedp.Do(ctx) //nolint:fatcontext // one browser for all tests
}

// tab is a browser window with cookies of its own.
type tab struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // chromedp keeps the tab in it
	base string
}

func open(t *testing.T, base string) tab {
	t.Helper()
	browserOnce.Do(startBrowser)
	require.NoError(t, errBrowser, "start chromium (make prepare installs it or says how)")
	ctx, cancel := chromedp.NewContext(browserCtx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx), "open a window") // with no deadline, which would be the window's own
	return tab{t, ctx, strings.TrimRight(base, "/")}
}

// within bounds one action.
func (b tab) within(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, soon)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		require.NoError(b.t, err, "the page at that moment:\n%s", b.text())
	}
}

// goTo opens a path of the console, or a whole address.
func (b tab) goTo(path string) {
	b.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.base + path
	}
	b.within(chromedp.Navigate(path))
}

func (b tab) click(selector string) {
	b.t.Helper()
	b.within(chromedp.Click(chromedp.CSS(selector)))
}

// text is what a reader sees.
func (b tab) text() string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 15*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
	if err != nil {
		return "(cannot be read: " + err.Error() + ")"
	}
	return text
}

// shows waits until a reader sees the words; the page renews itself.
func (b tab) shows(words string) {
	b.t.Helper()
	b.sees(words, true)
}

// hides waits until a reader does not see the words any more.
func (b tab) hides(words string) {
	b.t.Helper()
	b.sees(words, false)
}

func (b tab) sees(words string, want bool) {
	b.t.Helper()
	deadline := time.NewTimer(soon)
	defer deadline.Stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		text := b.text()
		if strings.Contains(strings.ToLower(text), strings.ToLower(words)) == want {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			require.Failf(b.t, fmt.Sprintf("%q seen: %v was never so", words, want), "%s", text)
		}
	}
}

func (b tab) path() string {
	b.t.Helper()
	path, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.pathname`))
	require.NoError(b.t, err)
	return path
}

// signIn signs in with a password.
func (b tab) signIn(page, email, password string) {
	b.t.Helper()
	b.goTo(page)
	b.within(
		chromedp.SetValue(chromedp.CSS(`input[name="email"]`), email),
		chromedp.SetValue(chromedp.CSS(`input[name="password"]`), password),
		chromedp.Click(chromedp.CSS(`main form button[type="submit"]`)),
	)
	b.within(chromedp.WaitReady(chromedp.CSS(`nav[aria-label="Main"]`)))
}

// violation is a rule of axe that a page breaks.
type violation struct {
	ID    string
	Help  string
	Nodes []struct {
		HTML           string
		FailureSummary string
	}
}

// accessible checks the page that is open, in both colour schemes.
func (b tab) accessible(name string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, v := range b.violations(scheme) {
			for _, n := range v.Nodes {
				b.t.Errorf("%s, %s: %s: %s\n%s\n%s", name, scheme, v.ID, v.Help, n.HTML, n.FailureSummary)
			}
		}
	}
}

// violations are those of the page that is open, in a colour scheme.
func (b tab) violations(scheme string) []violation {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Minute)
	defer cancel()
	require.NoError(b.t, chromedp.Do(ctx,
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			}})
			return err
		}),
		// The devtools protocol evaluates past the content security policy, as a reader's own extension would.
		chromedp.Evaluate[chromedp.Void](axe),
	))
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]violation](
		`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations)`, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err)
	return found
}
