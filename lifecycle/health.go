package lifecycle

// Health is how one part of opstruth itself does.
type Health string

const (
	Healthy Health = "healthy"
	Doubt   Health = "doubt" // it works, and somebody should look
	Down    Health = "down"
)

// Service is how well a task queue, or one worker, is there.
type Service string

const (
	Served       Service = "served"   // a queue with a live worker
	Unserved     Service = "unserved" // runs wait on a queue that nobody serves
	UnservedIdle Service = "idle"     // nobody serves the queue, and nothing waits
	WorkerLive   Service = "live"
	WorkerSilent Service = "silent" // it neither reports nor said goodbye
)

var healthBadges = map[Health]Badge{
	Healthy: {"Good", ToneGood, "circle-check"},
	Doubt:   {"Look at this", ToneWarn, "alert-triangle"},
	Down:    {"Not working", ToneBad, "alert-circle"},
}

var serviceBadges = map[Service]Badge{
	Served:       {"Served", ToneGood, "circle-check"},
	Unserved:     {"Nobody serves it", ToneBad, "server-off"},
	UnservedIdle: {"Nobody serves it", ToneNeutral, "server-off"},
	WorkerLive:   {"Live", ToneGood, "heartbeat"},
	WorkerSilent: {"Silent", ToneBad, "server-off"},
}

// Badge is the part's health in one glance.
func (h Health) Badge() Badge { return healthBadges[h] }

// Badge is the queue's or worker's state in one glance.
func (s Service) Badge() Badge { return serviceBadges[s] }

// ServiceOf is the state of a queue with so many live workers and active runs.
func ServiceOf(live, active int) Service {
	switch {
	case live > 0:
		return Served
	case active > 0:
		return Unserved
	}
	return UnservedIdle
}
