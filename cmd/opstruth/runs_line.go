package main

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/opstruth/opstruth/internal/apiclient"
)

const usualWidth = 80 // of a terminal that does not tell

// width is how many columns the terminal has now.
func (c *caller) width() int {
	if screen, ok := c.out.(*os.File); ok {
		if columns, _, err := term.GetSize(int(screen.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return usualWidth
}

// moving is a line of a terminal that is drawn again and again at the same place.
type moving struct {
	progress apiclient.Progress
	drawn    int // columns of what stands there
}

// draw replaces the line.
func (m *moving) draw(text string, width int) string {
	before := m.clear(width)
	line := bar(m.progress, width)
	if line != "" {
		line += " "
	}
	line = short(line+text, width-1)
	m.drawn = len([]rune(line))
	return before + line
}

// clear takes the line away. A terminal that has become narrower since shows it in several.
func (m *moving) clear(width int) string {
	up := ""
	if rows := (m.drawn + width - 1) / width; rows > 1 {
		up = "\x1b[" + strconv.Itoa(rows-1) + "A"
	}
	m.drawn = 0
	return "\r" + up + "\x1b[J"
}

// bar is the part of a run that is done, in a quarter of the line. While the whole is not known there is
// nothing to draw.
func bar(p apiclient.Progress, width int) string {
	cells := min(width/4, 40)
	if p.Total <= 0 || cells < 4 {
		return ""
	}
	full := int(float64(min(p.Processed, p.Total)) / float64(p.Total) * float64(cells))
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", cells-full) + "]"
}

func short(s string, most int) string {
	if runes := []rune(strings.TrimSpace(s)); len(runes) > max(most, 1) {
		return string(runes[:max(most, 1)-1]) + "…"
	}
	return strings.TrimSpace(s)
}
