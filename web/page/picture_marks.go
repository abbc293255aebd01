package page

import (
	"fmt"
	"slices"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/web/view"
)

// maxMoments is how many moments, the newest, the table beside a picture has.
const maxMoments = 100

// severalR is half the width of the mark of several moments, and severalB half its height.
const (
	severalR = 10
	severalB = 7
)

// markPath is the outline of a mark: its shape says whose doing it was, its colour how urgent it is.
func markPath(s lifecycle.Sort, x, y, r int) string {
	switch s {
	case lifecycle.ByOpstruth: // a diamond
		return fmt.Sprintf("M%d %dl%[3]d %[3]dl-%[3]d %[3]dl-%[3]d-%[3]dz", x, y-r, r)
	case lifecycle.ByPerson: // a square
		return fmt.Sprintf("M%d %dh%[3]dv%[3]dh-%[3]dz", x-r+1, y-r+1, 2*r-2)
	case lifecycle.ATry: // a triangle
		return fmt.Sprintf("M%d %dl%d %dh-%dz", x, y-r, r, 2*r-1, 2*r)
	case lifecycle.AResult: // a circle
		return fmt.Sprintf("M%d %da%[3]d %[3]d 0 1 0 %[4]d 0a%[3]d %[3]d 0 1 0-%[4]d 0z", x-r, y, r, 2*r)
	case lifecycle.OtherSort:
	}
	return fmt.Sprintf("M%d %dl%d %dh-%dz", x, y+r, r, 1-2*r, 2*r) // a triangle on its head
}

// severalPath is the outline of several moments together, a pill with room for their number.
func severalPath(x, y int) string {
	return fmt.Sprintf("M%d %dh%[3]da%[4]d %[4]d 0 0 1 0 %[5]dh-%[3]da%[4]d %[4]d 0 0 1 0-%[5]dz", x-severalR+severalB, y-severalB, 2*(severalR-severalB), severalB, 2*severalB)
}

// markKeys say what the shapes stand for that either drawing shows.
func (c course) markKeys(drawings ...view.Drawing) []view.PictureKey {
	var keys []view.PictureKey
	for _, s := range lifecycle.Sorts() {
		if slices.ContainsFunc(slices.Concat(c.moments, c.later), func(h happening) bool { return h.sort == s }) {
			keys = append(keys, view.PictureKey{Label: s.Label(), Tone: lifecycle.ToneNeutral, Path: markPath(s, keyMiddle, keyMiddle, markR)})
		}
	}
	for _, d := range drawings {
		if slices.ContainsFunc(d.Marks, func(m view.PictureMark) bool { return m.Count != "" }) {
			return append(keys, view.PictureKey{Label: lifecycle.SeveralLabel, Tone: lifecycle.ToneNeutral, Path: severalPath(keyMiddle, keyMiddle)})
		}
	}
	return keys
}

// keyMiddle is the middle of the box in which a legend shows a mark.
const keyMiddle = view.PictureKeyBox / 2

// momentRows tell the moments in words, in their order.
func (c course) momentRows() []view.PictureRow {
	all := slices.Concat(c.moments, c.later)
	var rows []view.PictureRow
	if n := len(all) - maxMoments; n > 0 {
		all = all[n:]
		rows = append(rows, view.PictureRow{What: "Earlier moments, of which the timeline tells: " + view.Count(int64(n))})
	}
	for _, h := range all {
		rows = append(rows, view.PictureRow{What: h.what, From: h.when})
	}
	return rows
}
