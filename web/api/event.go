package api

import (
	"encoding/json"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

func eventOf(e models.Event) Event {
	return Event{Id: e.ID, At: e.At, Kind: string(e.Kind), Text: e.Kind.Badge().Label, Actor: optional(e.Actor), Data: dataOf(e)}
}

func dataOf(e models.Event) EventData {
	var d models.EventData
	_ = json.Unmarshal(e.Data, &d) // an event without its data still tells what happened
	out := EventData{
		Outcome: optional(Outcome(d.Outcome)), Cause: optional(Cause(d.Cause)), Code: optional(d.Code),
		Message: optional(d.Message), Note: optional(d.Note), By: optional(d.By), Wait: optional(d.Wait),
		Since: stored(d.Since), Until: stored(d.Until), StaleAt: stored(d.StaleAt),
	}
	if d.Total != 0 {
		out.Total = &d.Total
	}
	if d.Attempt != 0 {
		out.Attempt = &d.Attempt
	}
	if d.Gap {
		out.Gap = &d.Gap
	}
	switch {
	case e.Kind == lifecycle.Recovered && out.StaleAt != nil:
		// What was heard meanwhile does not matter: a run that stood still may have beaten all along.
		out.StuckSeconds = new(e.At.Sub(*out.StaleAt).Seconds())
	case d.SilentFor != 0:
		out.SilentSeconds = new((time.Duration(d.SilentFor) * time.Microsecond).Seconds())
	}
	if d.Evidence != nil {
		out.Evidence = new(observed(*d.Evidence, e.At))
	}
	return out
}

// stored is a moment as an event keeps it, in microseconds.
func stored(micros int64) *time.Time {
	if micros == 0 {
		return nil
	}
	return new(time.UnixMicro(micros).UTC())
}
