package surfaces

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
)

// screenshots is the directory that "make screenshots" has them written to.
const screenshots = "OPSTRUTH_SCREENSHOTS"

// maxPicture is what one may weigh, in bytes.
const maxPicture = 250_000

// The documentation's pictures, from data that is the same each time.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv(screenshots)
	if dir == "" {
		t.Skip("make screenshots takes them")
	}
	w := tell(t)
	member, staff := w.open("Mara Lindqvist", links.Admin), w.open("Pia Novak", links.System)
	type picture struct {
		name, path, scheme string
		width, height      int64
		plane              links.Plane
	}
	pictures := []picture{{"run-reconciled-dark", w.page(links.Admin, "reconciled"), "dark", sizes[0].width, sizes[0].height, links.Admin}}
	for i, size := range sizes {
		for _, e := range w.entries() {
			path, _ := e.at(size.width)
			pictures = append(pictures, picture{e.name + []string{"", "-narrow"}[i], path, "light", size.width, size.height, e.plane})
		}
	}
	for _, p := range pictures {
		b := member
		if p.plane == links.System {
			b = staff
		}
		b.Size(p.width, p.height)
		b.Look(p.scheme)
		b.GoTo(p.path)
		b.Whole()
		ctx, cancel := context.WithTimeout(b.Ctx, minute)
		raw, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		cancel()
		require.NoError(t, err)
		picture, err := png.Decode(bytes.NewReader(raw))
		require.NoError(t, err)
		require.Equal(t, p.width, int64(picture.Bounds().Dx()))
		require.Equal(t, p.height, int64(picture.Bounds().Dy()))
		var small bytes.Buffer
		require.NoError(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, few(picture)))
		require.Less(t, small.Len(), maxPicture, p.name)
		require.NoError(t, os.WriteFile(filepath.Join(dir, p.name+".png"), small.Bytes(), 0o644)) //nolint:gosec // a picture for the documentation
	}
}
