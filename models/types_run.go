package models

import (
	"encoding/json"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
)

// Run is one operation run as it is stored. Its facts hold type, target, queue, status and times.
type Run struct {
	ID             string
	WorkspaceID    string
	WorkspaceSlug  string
	WorkspaceName  string
	TenantID       string // empty for a run without a tenant
	TenantSlug     string
	TenantName     string
	InitiatorID    string // empty when nobody started it
	IdempotencyKey string
	Fingerprint    string // of workspace, tenant, type and target
	Supersedes     bool   // a good later run makes an earlier one good
	Exclusive      bool   // no second active run with this fingerprint
	Input          json.RawMessage

	Namespace  string // where its workflow was started
	ClusterID  string
	FirstRunID string // Temporal's first run id; empty until dispatched

	Facts lifecycle.Facts

	// Of active runs only.
	LivenessVersion int64 // raised by every write of its liveness
	Owner           Owner
	FlaggedAt       time.Time // when the present silence was recorded as one

	GapEpisodes int // episodes that fell into a telemetry gap; no lineage
}

// Truth is what the run's facts mean at now.
func (r Run) Truth(now time.Time) lifecycle.Truth { return lifecycle.Derive(r.Facts, now) }

// Owner is the activity attempt that beats for a run.
type Owner struct {
	TemporalRunID string
	ActivityID    string
	Attempt       int
	StartedAt     time.Time
}

// NewRun is a wish for a run.
type NewRun struct {
	ID             string // optional; a UUIDv7
	WorkspaceID    string
	TenantID       string // empty: a run without a tenant
	Type           string
	Target         string
	Queue          string
	Policy         lifecycle.Policy
	Input          json.RawMessage
	IdempotencyKey string // optional; unique per workspace
	InitiatorID    string // a user; empty when nobody started it
	InitiatorName  string
	RetryOf        string // run id
	Supersedes     bool
	Exclusive      bool
	Namespace      string
	ClusterID      string
}

// Filter narrows a list of runs. Zero fields do not narrow.
type Filter struct {
	WorkspaceID string
	TenantID    string
	Type        string
	Status      lifecycle.Status
	Outcome     lifecycle.Outcome
	Freshness   lifecycle.Freshness
	Class       lifecycle.ProblemClass
	Cause       lifecycle.Cause // lifecycle.CauseNotKnown asks for the runs without one
	Queue       string          // task queue
	Failure     string          // a FailureKey: ended so
	Active      *bool           // queued or running
	Open        *bool
	Lineage     *bool
	Initiator   string    // who started it: a user's id or e-mail address, or Me
	RetryOf     string    // run id
	From, To    time.Time // queued in [From, To)
	EndedFrom   time.Time // ended in [EndedFrom, EndedTo)
	EndedTo     time.Time
	Text        string    // each word of it is in the target, the type's name or title, or the id
	AsOf        time.Time // clock reading for freshness and class; zero: now
}

// Page asks for one page: the one after Cursor, the one before Before, or the first.
type Page struct {
	Cursor string
	Before string // of lists of runs only; Cursor is ignored then
	Limit  int    // 50 when zero, at most 500
}

// RunPage is one page of runs, the newest queued first.
type RunPage struct {
	Runs []Run
	Now  time.Time // the database's clock when the runs were read
	Next string    // cursor of the next page; empty at the end
	Prev string    // Before of the previous page; empty at the beginning
}

// Summary is exact at Now: every number is that of the list with the filter of the bucket of the same name.
type Summary struct {
	Now            time.Time
	Active         int64
	Queued         int64
	Running        int64
	LikelyStuck    int64
	FollowUpRecent int64
	FollowUpOlder  int64
	Succeeded24h   int64
}

// Event is one line of a run's timeline.
type Event struct {
	ID    int64
	RunID string
	At    time.Time
	Kind  lifecycle.Kind
	Actor string
	Data  json.RawMessage // an EventData
}

// EventData is what an event says beyond its kind; only the fields that matter to it are set.
type EventData struct {
	Outcome   lifecycle.Outcome   `json:"outcome,omitempty"`
	Cause     lifecycle.Cause     `json:"cause,omitempty"`
	Code      string              `json:"code,omitempty"`
	Message   string              `json:"message,omitempty"`
	Note      string              `json:"note,omitempty"`
	Total     int64               `json:"total,omitempty"`
	By        string              `json:"by,omitempty"`   // a later run's id
	Wait      string              `json:"wait,omitempty"` // reason of a wait
	WaitID    string              `json:"wait_id,omitempty"`
	Since     int64               `json:"since,omitempty"` // its begin, in microseconds
	Until     int64               `json:"until,omitempty"` // its end, in microseconds
	Attempt   int                 `json:"attempt,omitempty"`
	StaleAt   int64               `json:"stale_at,omitempty"`
	SilentFor int64               `json:"silent_for,omitempty"` // microseconds
	Gap       bool                `json:"gap,omitempty"`        // within a telemetry gap
	Evidence  *lifecycle.Evidence `json:"evidence,omitempty"`
}

// ItemState is how one item of a run ended.
type ItemState string

const (
	ItemSucceeded ItemState = "succeeded"
	ItemFailed    ItemState = "failed"
	ItemSkipped   ItemState = "skipped"
)

// Item is one item's terminal result. The first result of a key wins.
type Item struct {
	Key     string
	State   ItemState
	Code    string
	Message string
	Reason  string // of a failed one, as it was recorded: see lifecycle.Reason
	Detail  json.RawMessage
	At      time.Time
}

// ItemFilter narrows a list of items.
type ItemFilter struct {
	State  ItemState
	Reason *string // failed for exactly this reason, which may be empty
}

// Artifact is a file that a run produced.
type Artifact struct {
	Name        string
	ContentType string
	Size        int64
	CreatedAt   time.Time
	Body        []byte // nil in lists
}
