package view

// Picture is what happened to a run on one axis of time, from its start to its end or to now. It is drawn for wide
// and for narrow places; Rows tell the same to those who cannot see it.
type Picture struct {
	Label        string
	Wide, Narrow Drawing
	Keys         []PictureKey
	Rows         []PictureRow
}

// PictureKey says what a colour, or a shape, stands for.
type PictureKey struct {
	Label string
	Tone  Tone
	Soft  bool   // within another part
	Low   bool   // below the others
	Path  string // a mark's outline, in a box of PictureKeyBox
}

// PictureKeyBox is how wide and high the box is in which a legend shows a mark.
const PictureKeyBox = 24

// Drawing is a picture in the units of its box.
type Drawing struct {
	W, H  int
	Axis  int // height of the line of time
	End   int // where what came after the end begins; 0: nothing did
	Ticks []PictureTick
	Spans []PictureSpan
	Marks []PictureMark
}

// PictureTick names a moment.
type PictureTick struct {
	X, Y   int
	Label  string
	Anchor string // SVG's text-anchor
}

// PictureSpan is a part of the time.
type PictureSpan struct {
	X, Y, W, H int
	Tone       Tone
	Soft       bool // a pause within another part
	Title      string
}

// PictureMark is what happened at a moment, or several things at about the same.
type PictureMark struct {
	X, Y, R int    // its middle, and half its width
	Path    string // its outline
	Tone    Tone
	Count   string // how many; empty for one
	Title   string
}

// PictureRow is a part of the time in words, or, without To, a moment.
type PictureRow struct {
	What     string
	From, To Instant
	Took     string
}
