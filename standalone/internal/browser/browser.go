// Package browser lets tests look at the console as people do: in a real Chromium, which make prepare installs.
package browser

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

//go:embed axe-core/axe.min.js
var axe string

// Soon is how long a tab waits for what needs a few seconds on an idle machine.
const Soon = 3 * time.Minute

// One browser serves all tests of a program; each has a profile of its own in it.
var (
	once    sync.Once
	shared  context.Context //nolint:containedctx // the browser lives as long as the tests do
	errOpen error
	stop    = func() {}
)

func start() {
	profile, err := os.MkdirTemp("", "opstruth-browser-")
	if err != nil {
		errOpen = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile), chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(Soon), // a busy machine starts it slowly
	)
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	stop = func() {
		cancel()
		end()
		_ = os.RemoveAll(profile)
	}
	shared, errOpen = ctx, chromedp.Do(ctx) //nolint:fatcontext // one browser for all tests
}

// Close ends the browser, if one was started. TestMain calls it.
func Close() { stop() }

// Tab is a browser window with cookies of its own. It goes with its test.
type Tab struct {
	T    testing.TB
	Ctx  context.Context //nolint:containedctx // chromedp keeps the tab in it
	Base string          // the console's address, without a slash at its end
}

// Open opens a window for the console at base.
func Open(t testing.TB, base string) Tab {
	t.Helper()
	once.Do(start)
	require.NoError(t, errOpen, "start chromium (make prepare installs it or says how)")
	ctx, cancel := chromedp.NewContext(shared, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx), "open a window") // with no deadline, which would be the window's own
	return Tab{t, ctx, strings.TrimRight(base, "/")}
}

// Within bounds one action.
func (b Tab) Within(steps ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, Soon)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		require.NoError(b.T, err, "the page at that moment:\n%s", b.Text())
	}
}

// GoTo opens a path of the console, or a whole address.
func (b Tab) GoTo(path string) {
	b.T.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.Base + path
	}
	if Ask[string](b, `location.href`) == path { // Chromium would reload the page, and scroll to where it was when it may
		b.Within(chromedp.Navigate("about:blank"))
	}
	b.Within(chromedp.Navigate(path))
}

// Text is what a reader sees.
func (b Tab) Text() string {
	b.T.Helper()
	text, err := evaluate[string](b, `document.body ? document.body.innerText : ""`)
	if err != nil {
		return "(cannot be read: " + err.Error() + ")"
	}
	return text
}

// Sees waits until a reader sees the words, or until they are gone; the page renews itself.
func (b Tab) Sees(words string, want bool) {
	b.T.Helper()
	b.Until(fmt.Sprintf("%q seen: %v", words, want), func() bool {
		return strings.Contains(strings.ToLower(b.Text()), strings.ToLower(words)) == want
	})
}

// Until waits until something is so.
func (b Tab) Until(what string, so func() bool) {
	b.T.Helper()
	deadline := time.NewTimer(Soon)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-deadline.C:
			require.Failf(b.T, what+" was never so", "%s", b.Text())
		}
	}
}

// leaving is what Chromium says of a question that meets the change from one page to another.
var leaving = []string{"Inspected target navigated or closed", "Cannot find default execution context", "Execution context was destroyed", "Promise was collected"}

// Ask evaluates an expression of the page; again on the next one where the page is left meanwhile. What leaves it belongs
// into a timer, so that the answer comes before.
func Ask[T any](b Tab, expression string) T {
	b.T.Helper()
	v, err := evaluate[T](b, expression)
	require.NoError(b.T, err, expression)
	return v
}

func evaluate[T any](b Tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.Ctx, Soon)
	defer cancel()
	for {
		v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
		left := func(sign string) bool { return strings.Contains(err.Error(), sign) }
		if err == nil || ctx.Err() != nil || !slices.ContainsFunc(leaving, left) {
			return v, err
		}
	}
}

// Path is the path of the page that is open.
func (b Tab) Path() string { return Ask[string](b, `location.pathname`) }

// SignIn signs in with a password.
func (b Tab) SignIn(page, email, password string) {
	b.T.Helper()
	b.GoTo(page)
	b.Fill(`input[name="email"]`, email)
	b.Fill(`input[name="password"]`, password)
	b.Click(`main form button[type="submit"]`)
	b.Until("signed in", func() bool {
		return Ask[bool](b, `document.readyState === "complete" && document.querySelector('nav[aria-label="Main"]') !== null`)
	})
}

// Look chooses the colour scheme, light or dark, and stills what moves.
func (b Tab) Look(scheme string) {
	b.T.Helper()
	b.Within(call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}))
}

// Size is the size of the window's inside, in CSS pixels.
func (b Tab) Size(width, height int64) {
	b.T.Helper()
	b.Within(call(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600}))
}

// Watch runs a script in every page that is opened from now on, before the page's own.
func (b Tab) Watch(script string) {
	b.T.Helper()
	b.Within(call(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}))
}

// call sends a command of the devtools protocol.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

// Violation is a rule of axe that a page breaks.
type Violation struct {
	ID    string
	Help  string
	Nodes []struct {
		HTML           string
		FailureSummary string
	}
}

// Accessible checks the page that is open, in both colour schemes.
func (b Tab) Accessible(name string) {
	b.T.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, v := range b.Violations(scheme) {
			for _, n := range v.Nodes {
				b.T.Errorf("%s, %s: %s: %s\n%s\n%s", name, scheme, v.ID, v.Help, n.HTML, n.FailureSummary)
			}
		}
	}
}

// Violations are those of the page that is open, in a colour scheme.
func (b Tab) Violations(scheme string) []Violation {
	b.T.Helper()
	b.Look(scheme)
	// The devtools protocol evaluates past the content security policy, as a reader's own extension would.
	b.Within(chromedp.Evaluate[chromedp.Void](axe))
	ctx, cancel := context.WithTimeout(b.Ctx, Soon)
	defer cancel()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]Violation](
		`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations)`, chromedp.EvalAwaitPromise))
	require.NoError(b.T, err)
	return found
}
