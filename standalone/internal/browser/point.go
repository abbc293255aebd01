package browser

import (
	"fmt"

	"github.com/chromedp/chromedp"
)

// Click clicks what a selector finds first, as a person does: on what is in view, stands still and lies under nothing
// else. A page's renewal may exchange the element meanwhile; another one like it then stands there. Chromium drops what is
// clicked on a page that it has not painted yet: that is clicked again.
func (b Tab) Click(selector string) {
	b.T.Helper()
	b.Until(selector+" to be clicked", func() bool {
		at := b.ScrollTo(selector)
		Ask[bool](b, `(window.pressed = false, addEventListener("mousedown", () => { window.pressed = true; }, {capture: true, once: true}), true)`)
		b.Within(chromedp.MouseClickXY(at.X, at.Y))
		return Ask[bool](b, `window.pressed !== false`) // the next page knows nothing of it
	})
}

// Point is a place in the window, in CSS pixels.
type Point struct{ X, Y float64 }

// ScrollTo brings what a selector finds first into view, clear of what lies over the page, and returns its middle when
// the page is loaded and it stands still there.
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
// that. A look scrolls only where it must; one that finds something over the element moves it away from there. Before a
// look two frames are drawn: until then Chromium may still scroll to where the page was before a reload.
const middle = `new Promise((tell) => requestAnimationFrame(() => requestAnimationFrame(() => tell((() => {
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
})()))))`

// Fill writes a value into a field, or chooses it, and lets the page know, so that no renewal takes it back. The page is
// not told that this was all, upon which some fields send their form.
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
	return e.value === value;
})(%q, %q)`
