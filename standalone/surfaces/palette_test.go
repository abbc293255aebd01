package surfaces

import (
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"maps"
	"slices"
)

// few is a picture in at most 256 colours, the most frequent ones: a page has few, and shades of letters' edges that
// nobody tells apart. It weighs a third. What is vivid is small and says much, such as a green dot: it counts tenfold.
func few(src image.Image) image.Image {
	count := map[color.RGBA]int{}
	b := src.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.RGBAModel.Convert(src.At(x, y)).(color.RGBA) //nolint:forcetypeassert // that is what the model makes
			count[c]++
			if max(c.R, c.G, c.B)-min(c.R, c.G, c.B) > 90 {
				count[c] += 9
			}
		}
	}
	most := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range most[:min(len(most), 256)] {
		palette = append(palette, c)
	}
	out := image.NewPaletted(b, palette)
	draw.Draw(out, b, src, b.Min, draw.Src)
	return out
}
