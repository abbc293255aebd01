package browser

import (
	"fmt"

	"github.com/chromedp/chromedp"
)

// Click clicks what a selector finds first, as a person does: on what is in view, stands still and lies under nothing
// else. A page's renewal may exchange the element meanwhile; another one like it then stands there.
func (b Tab) Click(selector string) {
	b.T.Helper()
	at := b.ScrollTo(selector)
	b.Within(chromedp.MouseClickXY(at.X, at.Y))
}

// Point is a place in the window, in CSS pixels.
type Point struct{ X, Y float64 }

// ScrollTo brings what a selector finds first into view, clear of what lies over the page, and returns its middle when
// the page is loaded and it stands still there: a reload brings the scroll back when it may.
func (b Tab) ScrollTo(selector string) (at Point) {
	b.T.Helper()
	var last *Point
	b.Until(selector+" to stand still in view", func() bool {
		now := Ask[*Point](b, fmt.Sprintf(middle, selector))
		still := now != nil && last != nil && *now == *last
		if last = now; still {
			at = *now
		}
		return still
	})
	return at
}

// middle is that of an element, if a click there would reach it, or what is the link of its row and lies over all of
// that. A look scrolls only where it must; one that finds something over the element moves it away from there.
const middle = `(() => {
	const e = document.querySelector(%q);
	if (!e || document.readyState !== "complete") return null;
	e.scrollIntoViewIfNeeded();
	const r = e.getClientRects()[0];
	if (!r || r.width === 0 || r.height === 0) return null;
	const at = {X: r.left + r.width / 2, Y: r.top + r.height / 2};
	const over = document.elementFromPoint(at.X, at.Y);
	if (over && (e.contains(over) || over.closest("a, button, summary")?.contains(e) || e.closest("tr, li")?.contains(over))) return at;
	e.scrollIntoView({block: "center"});
	return null;
})()`

// Fill writes a value into a field, or chooses it, and lets the page know as it does of a person's.
func (b Tab) Fill(selector, value string) {
	b.T.Helper()
	b.Until(selector+" to fill in", func() bool {
		return Ask[bool](b, fmt.Sprintf(fill, selector, value))
	})
}

const fill = `((selector, value) => {
	const e = document.querySelector(selector);
	if (!e || document.readyState !== "complete") return false;
	e.value = value;
	e.dispatchEvent(new Event("input", {bubbles: true}));
	e.dispatchEvent(new Event("change", {bubbles: true}));
	return e.value === value;
})(%q, %q)`
