// Package httpbatch is the operation type http.batch: it sends one HTTP request for each line of an uploaded CSV or JSON
// Lines file, and keeps what came back.
//
// An item is a line. One that cannot be sent or is refused fails alone. A line whose end is recorded is never sent again,
// also not by a retry of the run; one whose end is unknown is sent again under the same idempotency key.
package httpbatch

import (
	"context"
	"net/http"
	"time"

	"github.com/opstruth/opstruth/internal/table"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
)

// Name is the operation type's name.
const Name = "http.batch"

// Input says what to send.
type Input struct {
	File        string `json:"file"` // id of an upload of the tenant
	Method      string `json:"method,omitempty"`
	URL         string `json:"url"`
	Body        string `json:"body,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	Headers     string `json:"headers,omitempty"`    // one "Name: value" per line
	Connection  string `json:"connection,omitempty"` // id of a stored connection of the tenant
	KeyColumn   string `json:"key_column,omitempty"`

	Concurrency int `json:"concurrency,omitempty"` // requests at a time
	Rate        int `json:"rate,omitempty"`        // requests per second, retries included
	Attempts    int `json:"attempts,omitempty"`    // per line
	Timeout     int `json:"timeout_seconds,omitempty"`
}

// Store is what the type needs of the record store.
type Store interface {
	Connection(ctx context.Context, id string) (models.Connection, error)
	Upload(ctx context.Context, s models.Scope, id string) (models.Upload, error)
	UploadPart(ctx context.Context, id string, afterLine int64) (models.UploadPart, bool, error)
	RecordedItems(ctx context.Context, runID, from, before string) (map[string]models.Item, error)
	FirstTry(ctx context.Context, runID string) (string, error)
	Run(ctx context.Context, s models.Scope, id string) (models.Run, time.Time, error)
	WriteArtifact(ctx context.Context, runID, name, contentType string, produce artifactProducer) error
}

// limits bound what one run does to an API, and what an API can do to a run.
type limits struct {
	backoff    time.Duration // before the second attempt; it doubles with each further one
	maxBackoff time.Duration
	maxWait    time.Duration // the longest Retry-After that is followed
	busyTries  int           // attempts of a line that are answered with a Retry-After, beside the others
	redirects  int
}

var defaultLimits = limits{
	backoff: time.Second, maxBackoff: 30 * time.Second, maxWait: 15 * time.Minute, busyTries: 10, redirects: 5,
}

// New makes the operation type.
func New(s operation.Services) operation.Definition {
	return define(&batch{store: s.Store, http: patient(s.Outbound), unseal: s.Unseal, limits: defaultLimits})
}

// patient is a client that waits for an answer for as long as the run says, which bounds each attempt by itself.
func patient(c *http.Client) *http.Client {
	shared, ok := c.Transport.(*http.Transport)
	if !ok {
		return c
	}
	own, transport := *c, shared.Clone()
	transport.ResponseHeaderTimeout = 0
	own.Transport = transport
	return &own
}

// batch does the work of all runs.
type batch struct {
	store  Store
	http   *http.Client
	unseal func(owner string, sealed []byte) ([]byte, error)
	limits limits
}

func define(b *batch) operation.Definition {
	return operation.Define(operation.Type[Input]{
		Name:        Name,
		Title:       "HTTP batch",
		Description: "Sends one HTTP request for each line of a CSV or JSON Lines file.",
		Fields:      fields,
		Validate:    validate,
		TargetOf:    b.target,
		Check:       b.check,
		Plan:        b.plan,
		Do:          b.do,
		Finish:      b.finish,
	})
}

var fields = []operation.Field{
	{
		Name: "file", Label: "File", Kind: operation.File, Required: true,
		Help: "CSV with a header, or JSON Lines, in UTF-8. One request is sent per line.",
	},
	{
		Name: "method", Label: "Method", Kind: operation.Text, Default: defaultMethod,
		Help: "GET, POST, PUT, PATCH, DELETE or HEAD, or a {column} that holds one.",
	},
	{
		Name: "url", Label: "URL", Kind: operation.Text, Required: true,
		Help: "Write {column} where a line's value belongs, as in https://api.example.com/users/{id}. With a connection, the path alone.",
	},
	{
		Name: "body", Label: "Body", Kind: operation.LongText,
		Help: `As in {"email": "{email}", "seats": {seats}}. For a brace before a name, write two: {{.`,
	},
	{
		Name: "content_type", Label: "Content type of the body", Kind: operation.Text, Default: defaultContentType,
	},
	{
		Name: "headers", Label: "Headers", Kind: operation.LongText,
		Help: "One “Name: value” per line. Credentials belong into a connection.",
	},
	{
		Name: "connection", Label: "Connection", Kind: operation.Connection,
		Help: "Signs the requests in. The URL is then below the connection's.",
	},
	{
		Name: "key_column", Label: "Key column", Kind: operation.Text,
		Help: "A column by which people know a line; it is shown beside the line's number.",
	},
	{Name: "concurrency", Label: "Requests at a time", Kind: operation.Number, Default: "4", Help: "1 to 16."},
	{Name: "rate", Label: "Requests per second", Kind: operation.Number, Default: "10", Help: "1 to 1000, repeated attempts included."},
	{
		Name: "attempts", Label: "Attempts per line", Kind: operation.Number, Default: "5",
		Help: "1 to 10. Another attempt is made after HTTP 408, 429, 5xx, and when no answer comes.",
	},
	{Name: "timeout_seconds", Label: "Seconds to wait for an answer", Kind: operation.Number, Default: "30", Help: "1 to 100."},
}

const (
	defaultMethod      = http.MethodPost
	defaultContentType = "application/json"
)

// row is one line to send, with its item's key.
type row struct {
	table.Row
	key string
}
