// Package surfaces looks at the console's pages in a real browser, over a record that stands still, and makes the
// documentation's pictures of them. Nothing here watches the clock, and Temporal is not needed.
package surfaces

import (
	"os"
	"testing"

	"github.com/opstruth/opstruth/standalone/internal/browser"
)

func TestMain(m *testing.M) {
	code := m.Run()
	browser.Close()
	os.Exit(code)
}
