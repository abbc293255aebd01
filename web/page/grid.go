package page

import (
	"time"

	"github.com/opstruth/opstruth/web/view"
)

// The box of a chart, in its own units. Values grow from the foot up to the head.
const (
	chartWidth = 540
	chartHead  = 16
	chartFoot  = 94
	chartTall  = 114
	minBar     = 2 // one run among thousands is still seen
)

// grid places days in a chart.
type grid struct {
	days int
	from time.Time
}

func (g grid) index(midnight time.Time) int { return int(midnight.Sub(g.from) / (24 * time.Hour)) }
func (g grid) slot() int                    { return chartWidth / g.days }
func (g grid) width() int                   { return max(g.slot()-g.slot()/5-1, 2) }
func (g grid) x(day int) int                { return day * chartWidth / g.days }
func (g grid) name(day time.Time) string    { return day.UTC().Format("2 Jan") }

// tallness is the height of a value.
func tallness[N ~int64](n, most N) int {
	if most <= 0 {
		return 0
	}
	return int(float64(n) / float64(most) * (chartFoot - chartHead))
}

// chart is an empty one with the level of its largest value and its days.
func (g grid) chart(top view.ChartLine) view.Chart {
	at := func(day int) string { return g.name(g.from.AddDate(0, 0, day)) }
	return view.Chart{
		W: chartWidth, H: chartTall, Top: top, Foot: chartFoot,
		Days: []view.ChartDay{
			{X: 0, Label: at(0), Anchor: "start"},
			{X: chartWidth / 2, Label: at(g.days / 2), Anchor: "middle"},
			{X: chartWidth, Label: "today", Anchor: "end"},
		},
	}
}
