package lifecycle

import "time"

// Moments are the times that the ages in raw evidence mean. One that is zero
// never was, or is not of this state.
type Moments struct {
	Paused       time.Time
	WorkflowTask time.Time // scheduled
	Scheduled    time.Time // the pending activity
	Started      time.Time
	Heartbeat    time.Time
	NextAttempt  time.Time // comes after the observation
	WorkersSeen  time.Time // the newest row of a worker of the queue
	Polled       time.Time
}

// Moments tells the evidence's ages as the moments that they meant when it was
// observed, on the record's clock.
func (e Evidence) Moments(observed time.Time) Moments {
	ago := func(known bool, age time.Duration) time.Time {
		if !known || observed.IsZero() {
			return time.Time{}
		}
		return observed.Add(-age)
	}
	pending, started, answered := e.Activity != ActivityNone, e.Activity == ActivityStarted, e.Answer == Answered
	return Moments{
		Paused:       ago(e.Paused && e.PausedAge >= 0, e.PausedAge),
		WorkflowTask: ago(e.WorkflowTask, e.WorkflowTaskAge),
		Scheduled:    ago(pending && e.ScheduledAge > 0, e.ScheduledAge),
		Started:      ago(started && e.StartedAge >= 0, e.StartedAge),
		Heartbeat:    ago(started && e.HeartbeatAge >= 0, e.HeartbeatAge),
		NextAttempt:  ago(pending && e.NextAttempt > 0, -e.NextAttempt),
		WorkersSeen:  ago(answered && e.WorkersSeen >= 0, e.WorkersSeen),
		Polled:       ago(answered && e.PollerAge >= 0, e.PollerAge),
	}
}
