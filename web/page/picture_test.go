package page_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/page/pagetest"
	"github.com/opstruth/opstruth/web/ui"
	"github.com/opstruth/opstruth/web/view"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// happened are events of a run, each so long after it was queued.
type happened struct {
	after time.Duration
	kind  lifecycle.Kind
	data  models.EventData
}

func eventsOf(t *testing.T, f lifecycle.Facts, all ...happened) []models.Event {
	t.Helper()
	var events []models.Event
	for i, h := range all {
		raw, err := json.Marshal(h.data)
		require.NoError(t, err)
		events = append(events, models.Event{ID: int64(i + 1), At: f.QueuedAt.Add(h.after), Kind: h.kind, Data: raw})
	}
	return events
}

// lasted is a run that was queued so long ago, started after a wait, and ended after took; zero: it is active.
func lasted(ago, started, took time.Duration) lifecycle.Facts {
	f := pagetest.Run(1, func(*lifecycle.Facts) {}).Facts
	f.QueuedAt = now.Add(-ago)
	f.StartedAt = f.QueuedAt.Add(started)
	if took > 0 {
		f.Status, f.Outcome, f.CompletedAt = lifecycle.Completed, lifecycle.Failed, f.QueuedAt.Add(took)
	}
	return f
}

func pictures(t *testing.T) map[string]view.Picture {
	t.Helper()
	long := lasted(20*24*time.Hour, time.Hour, 0)
	long.StaleAt = now.Add(time.Minute)
	var many []happened
	for i := range 400 {
		at := time.Duration(i) * 72 * time.Minute
		stale := models.EventData{StaleAt: long.QueuedAt.Add(at).UnixMicro()}
		many = append(many, happened{at, lifecycle.WentStale, stale}, happened{at + time.Minute, lifecycle.CauseFound, models.EventData{Cause: lifecycle.WorkerLost, Evidence: &lifecycle.Evidence{}}},
			happened{at + 2*time.Minute, lifecycle.Recovered, stale})
	}
	stuckNow := lasted(3*time.Minute, 2*time.Second, 0)
	stuckNow.StaleAt = now.Add(-40 * time.Second)
	queued := lasted(25*time.Second, 0, 0)
	queued.Status, queued.StartedAt, queued.StaleAt = lifecycle.Queued, time.Time{}, now.Add(time.Minute)
	recorded := func(f lifecycle.Facts, events []models.Event) view.Picture { return page.Picture(f, events, now) }
	return map[string]view.Picture{
		"one second":    recorded(brief(t)),
		"eventful":      recorded(eventful(t)),
		"twenty days":   page.Picture(long, eventsOf(t, long, many...), now),
		"stuck now":     page.Picture(stuckNow, nil, now),
		"queued":        page.Picture(queued, nil, now),
		"nothing known": page.Picture(lifecycle.Facts{}, nil, now),
	}
}

func TestPictures(t *testing.T) {
	t.Parallel()
	for name, p := range pictures(t) {
		for _, d := range []view.Drawing{p.Wide, p.Narrow} {
			for i, tick := range d.Ticks {
				require.True(t, tick.X >= 0 && tick.X <= d.W, name)
				require.True(t, i == 0 || tick.X-d.Ticks[i-1].X > 38, "%s: labels collide: %v", name, d.Ticks)
			}
			for _, s := range d.Spans {
				require.True(t, s.X >= 0 && s.X+s.W <= d.W && s.W > 0, "%s: %+v", name, s)
			}
			for i, m := range d.Marks {
				require.True(t, m.X-m.R >= 0 && m.X+m.R <= d.W, "%s: %+v", name, m)
				require.True(t, i == 0 || m.X > d.Marks[i-1].X, "%s: %+v", name, m)
			}
			require.Less(t, len(d.Spans)+len(d.Marks), 500, name)
			require.GreaterOrEqual(t, len(d.Ticks), 2, name)
		}
		require.NotEmpty(t, p.Rows, name)

		var b bytes.Buffer
		require.NoError(t, ui.Picture(p).Render(t.Context(), &b))
		require.NotContains(t, b.String(), "<b>")
		got := strings.ReplaceAll(b.String(), "><", ">\n<") + "\n"
		golden := filepath.Join("testdata", "picture", strings.ReplaceAll(name, " ", "-")+".html")
		if *update {
			require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
			require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), got, "%s; after a look at the change, run with -update", name)
	}
}

// That a silence fell into a telemetry gap, or did not, may turn out after it was flagged.
func TestAPictureTellsAGapByTheEndOfTheSilence(t *testing.T) {
	t.Parallel()
	for _, flagged := range []bool{true, false} {
		for _, gap := range []bool{true, false} {
			began := happened{20 * time.Second, lifecycle.WentStale, models.EventData{Gap: flagged}}
			active, ended := lasted(5*time.Minute, time.Second, 0), lasted(5*time.Minute, time.Second, time.Minute)
			fresh := active
			fresh.StaleAt = now.Add(time.Minute)
			active.InGap = gap
			ended.StaleEpisodes = 1 // and another one before, which is too long ago to be shown
			if !gap {
				ended.StaleEpisodes = 2
			}
			for name, p := range map[string]view.Picture{
				"goes on": page.Picture(active, eventsOf(t, active, began), now),
				"is over": page.Picture(fresh, eventsOf(t, fresh, began, happened{time.Minute, lifecycle.Recovered, models.EventData{Gap: gap}}), now),
				"ends":    page.Picture(ended, eventsOf(t, ended, began, happened{time.Minute, lifecycle.Finished, models.EventData{Gap: gap}}), now),
			} {
				told := slices.ContainsFunc(p.Rows, func(r view.PictureRow) bool { return r.What == lifecycle.GapLabel })
				require.Equal(t, gap, told, "%s, flagged as a gap %t: %+v", name, flagged, p.Rows)
			}
		}
	}
}

// Waits may overlap: each ends by its own name.
func TestWaitsOfAPicture(t *testing.T) {
	t.Parallel()
	f := lasted(time.Hour, 10*time.Minute, 40*time.Minute)
	data := func(id string, until time.Duration) models.EventData {
		return models.EventData{WaitID: id, Wait: "the same words", Until: f.QueuedAt.Add(until).UnixMicro()}
	}
	at := func(minute int, k lifecycle.Kind, id string, until int) happened {
		return happened{time.Duration(minute) * time.Minute, k, data(id, time.Duration(until)*time.Minute)}
	}
	for name, c := range map[string]struct {
		events []happened
		want   string
	}{
		"the inner one ends first":          {[]happened{at(12, lifecycle.WaitDeclared, "a", 60), at(14, lifecycle.WaitDeclared, "b", 60), at(15, lifecycle.WaitEnded, "b", 0), at(20, lifecycle.WaitEnded, "a", 0)}, "14-15 12-20"},
		"the outer one ends first":          {[]happened{at(12, lifecycle.WaitDeclared, "a", 60), at(14, lifecycle.WaitDeclared, "b", 60), at(15, lifecycle.WaitEnded, "a", 0)}, "12-40"},
		"nothing of the kind began":         {[]happened{at(12, lifecycle.WaitDeclared, "a", 16), at(15, lifecycle.WaitEnded, "b", 0)}, "12-16"},
		"it ran out, and was told so later": {[]happened{at(12, lifecycle.WaitDeclared, "a", 16), at(20, lifecycle.WaitEnded, "a", 0)}, "12-16"},
		"it is renewed":                     {[]happened{at(12, lifecycle.WaitDeclared, "a", 16), at(15, lifecycle.WaitDeclared, "a", 19), at(18, lifecycle.WaitDeclared, "a", 21)}, "12-21"},
		"it ran out, and came again":        {[]happened{at(12, lifecycle.WaitDeclared, "a", 16), at(18, lifecycle.WaitDeclared, "a", 21)}, "12-16 18-21"},
		"it waited for a worker":            {[]happened{at(2, lifecycle.WaitDeclared, "a", 30), at(10, lifecycle.Started, "", 0)}, "2-10"},
	} {
		var got []string
		for _, r := range page.Picture(f, eventsOf(t, f, c.events...), now).Rows {
			if strings.HasPrefix(r.What, lifecycle.StateWaiting.Badge().Label) { // perhaps several as one
				got = append(got, fmt.Sprintf("%.0f-%.0f", r.From.At.Sub(f.QueuedAt).Minutes(), r.To.At.Sub(f.QueuedAt).Minutes()))
			}
		}
		require.Equal(t, c.want, strings.Join(got, " "), name)
	}
}

// A wait says what it was for; several that are drawn as one only what is true of each.
func TestAPictureSaysWhatWasWaitedFor(t *testing.T) {
	t.Parallel()
	f := lasted(time.Hour, 0, 40*time.Minute)
	waited := func(minute int, why string) happened {
		since := f.QueuedAt.Add(time.Duration(minute) * time.Minute)
		return happened{time.Duration(minute) * time.Minute, lifecycle.Waited, models.EventData{Wait: why, Since: since.UnixMicro(), Until: since.Add(time.Minute).UnixMicro()}}
	}
	p := page.Picture(f, eventsOf(t, f, waited(5, "rate limit"), waited(6, "rate limit"), waited(20, "rate limit"), waited(21, "maintenance"), waited(30, "maintenance"), waited(36, "")), now)
	var rows, titles []string
	for _, r := range p.Rows {
		rows = append(rows, r.What)
	}
	for _, s := range p.Wide.Spans {
		titles = append(titles, s.Title)
	}
	require.Equal(t, []string{"Running", "Waiting, 2 times · rate limit", "Waiting, 2 times", "Waiting · maintenance", "Waiting"}, rows)
	require.Equal(t, []string{"Running, 40 min", "Waiting, 2 times, 2 min · rate limit", "Waiting, 2 times, 2 min", "Waiting, 1 min · maintenance", "Waiting, 1 min"}, titles)
	require.Len(t, p.Keys, 2, "a colour means the same whatever was waited for")
}

func TestWhatAPictureTells(t *testing.T) {
	t.Parallel()
	all := pictures(t)
	rows := func(name string) (told []string) {
		for _, r := range all[name].Rows {
			told = append(told, strings.TrimSpace(r.What+" "+r.Took))
		}
		return told
	}
	require.Equal(t, []string{
		"Queued 12 s", "Running 1 h 7 min", "Cancelling 3 min", "Waiting · Retry-After 8 min", "Likely stuck 10 min", "Silent in a telemetry gap 2 min",
		"Checked: no worker serves the queue", "Somebody is on it", "A step was tried again · attempt 2", "A step was tried again · attempt 3",
		"Cancel asked for", "Ended: cancelled", "Late result ignored · 12 items <b>",
	}, rows("eventful"))
	require.Equal(t, []string{"Queued 80 ms", "Running 1.0 s", "Ended: failed · it broke", "Noted · seen", "Reopened"}, rows("one second"))
	require.Equal(t, []string{"Queued 2.0 s", "Running 2 min 58 s", "Likely stuck 40 s"}, rows("stuck now"), "flagged by the clock before any event says so")
	require.Equal(t, []string{"Queued 25 s"}, rows("queued"))
	days := rows("twenty days")
	require.Equal(t, []string{"Queued 1 h", "Running 19 d 23 h", "Likely stuck, 400 times 13 h 20 min", "Earlier moments, of which the timeline tells: 300"}, days[:4])
	require.Len(t, days, 104, "the newest hundred moments")

	keys := func(name string) (told []string) {
		for _, k := range all[name].Keys {
			if k.Path != "" {
				told = append(told, k.Label)
			}
		}
		return told
	}
	several := lifecycle.SeveralLabel
	require.Equal(t, []string{"Found or done by opstruth", "Done by a person", "Step tried again", "A result", several}, keys("eventful"))
	require.Equal(t, []string{"Done by a person", "A result", several}, keys("one second"))
	require.Equal(t, []string{"Found or done by opstruth", several}, keys("twenty days"))
	require.Empty(t, keys("queued"))
	shapes := map[string]bool{}
	for _, m := range all["eventful"].Wide.Marks {
		outline := m.Path[strings.IndexAny(m.Path, "lhva"):]
		require.NotEmpty(t, m.Path)
		shapes[outline] = true
	}
	require.Len(t, shapes, 4, "each kind has its shape")

	labels := func(d view.Drawing) (told []string) {
		for _, tick := range d.Ticks {
			told = append(told, tick.Label)
		}
		return told
	}
	require.Equal(t, []string{"0 s", "0.2 s", "0.4 s", "0.6 s", "0.8 s", "1 s"}, labels(all["one second"].Wide))
	at := func(took time.Duration) view.Drawing {
		return page.Picture(lasted(time.Minute, 0, took), nil, now).Wide
	}
	require.Equal(t, []string{"0 ms", "20 ms", "40 ms", "60 ms"}, labels(at(77*time.Millisecond)), "no thousandths of a second")
	require.Equal(t, []string{"0 s", "0.1 s", "0.2 s", "0.3 s", "0.4 s", "0.5 s"}, labels(at(512*time.Millisecond)))
	require.Equal(t, []string{"24 Feb", "1 Mar", "6 Mar", "11 Mar"}, labels(all["twenty days"].Wide))
	require.Equal(t, []string{"14:01", "14:02", "14:03"}, labels(all["stuck now"].Narrow))
}
