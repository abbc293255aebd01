package surfaces

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/standalone/internal/browser"
)

// On a phone the rows come before the fields of the filter, which are one tap away; on a desk these are all in view.
func TestSurfacesFoldTheFilterOnAPhone(t *testing.T) {
	t.Parallel()
	w := tell(t)
	b := w.open("Mara Lindqvist", links.Admin)
	const field = `document.querySelector('.filter-form select[name="type"]')`
	seen := func() bool { return browser.Ask[bool](b, field+`.checkVisibility()`) }
	for _, size := range sizes {
		b.Size(size.width, size.height)
		b.GoTo(links.Runs(links.Admin, links.List{}))
		desk := size.width > 1000
		require.Equal(t, desk, seen(), size.name)
		require.Equal(t, !desk, browser.Ask[bool](b, `document.querySelector(".filter-fold > summary").checkVisibility()`), size.name)
		b.GoTo(links.Runs(links.Admin, links.List{Type: "http.batch"}))
		require.True(t, seen(), "%s: what is in force is in view", size.name)
	}
	b.GoTo(links.Runs(links.Admin, links.List{Class: lifecycle.ActiveStaleAttention}))
	require.False(t, seen(), "the tabs tell the class")
	b.Click(".filter-fold > summary")
	b.Until("the filter to unfold", seen)
	require.True(t, browser.Ask[bool](b, `document.querySelector('.filter-form > button[type="submit"]').checkVisibility()`))
}
