package page

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/web/view"
)

// box is the room that a drawing has.
type box struct{ width, ticks int }

var (
	wideBox   = box{760, 7}
	narrowBox = box{340, 4}
)

// Heights of the parts of a drawing.
const (
	edge      = 6  // left and right
	afterRoom = 44 // for what came after the end
	phaseY    = 6
	phaseH    = 20
	pauseY    = 12
	pauseH    = 8
	alarmY    = 30
	alarmH    = 8
	markY     = 58
	markR     = 6
	axisY     = 76
	labelY    = 92
	height    = 98
	thinnest  = 2
	apart     = 4  // parts with less between them are one
	together  = 18 // marks that are nearer than this are one
	labelRoom = 34 // half of a label
)

// timeAxis turns moments into places.
type timeAxis struct {
	from  time.Time
	span  time.Duration
	width int
}

func (s timeAxis) x(t time.Time) int {
	return edge + int(float64(s.width)*float64(t.Sub(s.from))/float64(s.span))
}

func (c course) axis(b box) timeAxis {
	s := timeAxis{from: c.from, span: c.to.Sub(c.from), width: b.width - 2*edge}
	if len(c.later) > 0 {
		s.width -= afterRoom
	}
	return s
}

func draw(c course, b box) view.Drawing {
	d := view.Drawing{W: b.width, H: height, Axis: axisY}
	s := c.axis(b)
	if len(c.later) > 0 {
		d.End = edge + s.width
		d.Marks = append(d.Marks, cluster(c.later, d.End+afterRoom/2))
	}
	d.Ticks = ticks(c, s, b.ticks)
	for _, each := range merged(c.stretches, s) {
		d.Spans = append(d.Spans, each.draw(s))
	}
	d.Marks = append(marks(c.moments, s), d.Marks...)
	return d
}

func (s stretch) name() string {
	if s.times > 1 {
		return s.badge.Label + ", " + strconv.Itoa(s.times) + " times"
	}
	return s.badge.Label
}

func (s stretch) draw(at timeAxis) view.PictureSpan {
	x := min(at.x(s.from), edge+at.width-thinnest)
	p := view.PictureSpan{X: x, W: max(thinnest, at.x(s.to)-x), Tone: s.badge.Tone, Title: join(s.name()+", "+view.Length(s.took), s.why)}
	switch s.lane {
	case phaseLane:
		p.Y, p.H = phaseY, phaseH
	case pauseLane:
		p.Y, p.H, p.Soft = pauseY, pauseH, true
	case alarmLane:
		p.Y, p.H, p.Soft = alarmY, alarmH, 2*s.took < s.to.Sub(s.from) // mostly fine: not one long alarm
	}
	return p
}

// merged draws parts that no eye could tell apart as one.
func merged(all []stretch, at timeAxis) []stretch {
	var out []stretch
	for _, s := range all {
		i := len(out) - 1
		if i >= 0 && s.lane != phaseLane && out[i].lane == s.lane && out[i].badge == s.badge && at.x(s.from)-max(at.x(out[i].to), at.x(out[i].from)+thinnest) < apart && !s.from.Before(out[i].from) {
			out[i].to = later(out[i].to, s.to)
			out[i].times, out[i].took = out[i].times+s.times, out[i].took+s.took
			if out[i].why != s.why {
				out[i].why = "" // of several reasons none is that of all
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// marks puts moments on the line; those too near to each other become one with their number.
func marks(all []happening, at timeAxis) []view.PictureMark {
	var out []view.PictureMark
	for begin := 0; begin < len(all); {
		end := begin + 1
		for end < len(all) && at.x(all[end].at)-at.x(all[begin].at) < together {
			end++
		}
		x := (at.x(all[begin].at) + at.x(all[end-1].at)) / 2
		out = append(out, cluster(all[begin:end], min(max(x, edge+markR), edge+at.width-markR)))
		begin = end
	}
	return out
}

// worst orders tones, the most urgent first.
var worst = []view.Tone{lifecycle.ToneBad, lifecycle.ToneWarn, lifecycle.ToneInfo, lifecycle.ToneGood, lifecycle.ToneNeutral}

func cluster(all []happening, x int) view.PictureMark {
	const told = 5
	m := view.PictureMark{X: x, Y: markY, R: markR, Tone: lifecycle.ToneNeutral, Path: markPath(all[0].sort, x, markY, markR)}
	var lines []string
	for i, each := range all {
		if slices.Index(worst, each.badge.Tone) < slices.Index(worst, m.Tone) {
			m.Tone = each.badge.Tone
		}
		if i < told {
			lines = append(lines, each.when.Clock()+" · "+each.what)
		}
	}
	if n := len(all); n > 1 {
		m.Count, m.R = strconv.Itoa(n), severalR
		m.Path = severalPath(x, markY)
		if n > told {
			lines = append(lines, "and "+strconv.Itoa(n-told)+" more")
		}
		if n > 99 {
			m.Count = "99+"
		}
	}
	m.Title = strings.Join(lines, "\n")
	return m
}

// steps are the distances between ticks that people count in.
var steps = []time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	day, 2 * day, 5 * day, 10 * day, 30 * day, 60 * day, 180 * day, 365 * day, 730 * day,
}

const day = 24 * time.Hour

// ticks are at most so many round moments: clock times, or for less than a few seconds the time since the start.
func ticks(c course, s timeAxis, most int) []view.PictureTick {
	step := steps[len(steps)-1]
	for _, each := range steps {
		if s.span/each < time.Duration(most) {
			step = each
			break
		}
	}
	first := c.from.Truncate(step)
	if step < time.Second {
		first = c.from
	} else if first.Before(c.from) {
		first = first.Add(step)
	}
	var out []view.PictureTick
	for t := first; !t.After(c.to) && len(out) <= most; t = t.Add(step) {
		tick := view.PictureTick{X: s.x(t), Y: labelY, Anchor: "middle", Label: tickLabel(t, c.from, step)}
		switch {
		case tick.X < labelRoom:
			tick.Anchor = "start"
		case tick.X > s.width-labelRoom+2*edge:
			tick.Anchor = "end"
		}
		out = append(out, tick)
	}
	return out
}

func tickLabel(t, start time.Time, step time.Duration) string {
	t = t.UTC()
	switch {
	case step < 100*time.Millisecond:
		return strconv.FormatInt(t.Sub(start).Milliseconds(), 10) + " ms"
	case step < time.Second:
		return strconv.FormatFloat(t.Sub(start).Seconds(), 'f', -1, 64) + " s"
	case step >= 180*day:
		return t.Format("Jan 2006")
	case step >= day, t.Hour()+t.Minute()+t.Second() == 0:
		return t.Format("2 Jan")
	case step < time.Minute:
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}
