package work

// Variables by which the harness tells a node what it is.
const (
	OffsetEnv      = "FAULTS_CLOCK_OFFSET" // a duration; the node's wall clock is off by it
	LogEnv         = "FAULTS_LOG"          // path of the node's log
	TemporalEnv    = "FAULTS_TEMPORAL"     // host:port
	CloseDoomedEnv = "FAULTS_CLOSE_DOOMED" // a duration
)

// Roles of a node, its last argument.
const (
	RoleWeb    = "web"
	RoleWorker = "worker"
)

// Namespace in Temporal.
const Namespace = "default"
