package page

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// timeline is what happened to the run, the newest first.
func (d RunData) timeline() []view.Event {
	events := slices.Clone(d.Events)
	slices.SortStableFunc(events, func(a, b models.Event) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
	})
	lines := make([]view.Event, len(events))
	for i, e := range events {
		lines[i] = line(e, d.Now)
	}
	return lines
}

// line tells one event in words.
func line(e models.Event, now time.Time) view.Event {
	var data models.EventData
	_ = json.Unmarshal(e.Data, &data) // a line without its data still tells what happened
	if data.By == e.Actor {
		data.By = "" // the line tells it already, as who did it
	}
	how := e.Kind.Badge()
	if how.Label == "" { // written by a newer version of opstruth
		how = view.Badge{Label: string(e.Kind), Tone: lifecycle.ToneNeutral, Icon: "circle-dot"}
	}
	v := view.Event{
		Icon: how.Icon, Tone: how.Tone, Title: how.Label, Detail: detail(e.Kind, data, now), Actor: e.Actor, When: view.At(e.At, now),
	}
	switch e.Kind { //nolint:exhaustive // only these are told by their outcome or cause
	case lifecycle.Finished, lifecycle.Adopted:
		if b := data.Outcome.Badge(); b.Label != "" {
			v.Title, v.Tone, v.Icon = v.Title+": "+lower(b.Label), b.Tone, b.Icon
		}
	case lifecycle.CauseFound:
		v.Title = "Checked: " + lower(data.Cause.Label())
	case lifecycle.Recovered:
		if data.StaleAt != 0 {
			v.Detail = join("after "+lifecycle.Span(e.At.Sub(time.UnixMicro(data.StaleAt))), when(data.Gap, duringGap))
		}
	}
	if data.Evidence != nil {
		v.Facts = evidenceFacts(*data.Evidence, e.At, now)
	}
	return v
}

const duringGap = "during a telemetry gap"

// detail is what an event says beyond its kind.
func detail(k lifecycle.Kind, d models.EventData, now time.Time) string {
	switch k { //nolint:exhaustive // the others say nothing more
	case lifecycle.Planned:
		if d.Total == 1 {
			return join("1 item", d.Note)
		}
		return join(when(d.Total > 0, view.Count(d.Total)+" items"), d.Note)
	case lifecycle.WaitDeclared:
		return join(d.Wait, when(d.Until != 0, "until "+view.At(time.UnixMicro(d.Until), now).Clock()), when(d.By != "", "declared by "+d.By))
	case lifecycle.WaitEnded:
		return d.Wait
	case lifecycle.Waited:
		return join(d.Wait, "for "+lifecycle.Span(micros(d.Until-d.Since)), when(d.By != "", "declared by "+d.By), d.Note)
	case lifecycle.StepRetried:
		return join("attempt "+view.Count(int64(d.Attempt)), d.Note)
	case lifecycle.Finished, lifecycle.Adopted:
		return join(d.Message, when(d.Gap, duringGap+": the silence that it ended may be opstruth's own"))
	case lifecycle.CloseClaimed:
		return when(d.Cause != lifecycle.NoCause, d.Cause.Label()) // a cancel is forced for none
	case lifecycle.Reconciled:
		return join(d.Cause.Label(), when(d.SilentFor > 0, lifecycle.Span(micros(d.SilentFor))+" of silence"))
	case lifecycle.Acknowledged, lifecycle.LateReported:
		return d.Note
	case lifecycle.Superseded, lifecycle.Retried:
		return "Run " + short(d.By)
	case lifecycle.WentStale:
		return when(d.Gap, duringGap+": the silence may be opstruth's own")
	}
	return join(d.Message, d.Note)
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

func when(is bool, s string) string {
	if is {
		return s
	}
	return ""
}
