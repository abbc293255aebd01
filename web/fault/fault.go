// Package fault turns errors into answers. Its one table says which status each error has and what a
// person may read about it; everything else is an internal error whose cause stays in the log.
package fault

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/feed"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/internal/table"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
)

// Fault is an error as its reader is told about it.
type Fault struct {
	Status     int
	Title      string
	Detail     string // what is wrong and what to do
	Fields     []Field
	RetryAfter int // seconds; 0: not said
}

// Field is what is wrong with one field or parameter.
type Field struct{ Name, Detail string }

// Internal reports whether the cause is ours and belongs into the log.
func (f Fault) Internal() bool { return f.Status >= http.StatusInternalServerError }

var internal = Fault{
	Status: http.StatusInternalServerError, Title: "Something went wrong",
	Detail: "This is an error of opstruth, not of the run. Try again; if it stays, tell platform staff the request number.",
}

// meanings lists the errors that have a meaning of their own, in the order of asking. Where Detail is empty
// the error's own text is safe to show.
var meanings = []struct {
	err   error
	fault Fault
}{
	{models.ErrNotFound, Fault{Status: 404, Title: "Not found", Detail: "There is nothing here, or nothing that you may see. Check the address, or ask an owner of the workspace for access."}},
	{auth.ErrAnonymous, Fault{Status: 401, Title: "Not signed in", Detail: "Sign in, or send a personal API token in the header Authorization: Bearer <token>."}},
	{auth.ErrBadToken, Fault{Status: 401, Title: "Token refused"}},
	{auth.ErrWrongCredentials, Fault{Status: 401, Title: "Sign-in refused"}},
	{auth.ErrNotAdmitted, Fault{Status: 403, Title: "No access"}},
	{auth.ErrForbidden, Fault{Status: 403, Title: "Not permitted", Detail: "Your role lets you see this but not do it. Ask an owner of the workspace."}},
	{auth.ErrLinkSpent, Fault{Status: 410, Title: "Link is spent"}},
	{models.ErrBadCursor, Fault{Status: 400, Title: "Invalid cursor", Detail: "The cursor does not belong to this list. Start again without one."}},
	{models.ErrIdempotencyConflict, Fault{Status: 409, Title: "Idempotency key used before", Detail: "This idempotency key has started a run with other input. Send a new key, or the same input."}},
	{models.ErrUploadsFull, Fault{Status: 409, Title: "Too many unused files"}},
	{lifecycle.ErrEnded, Fault{Status: 409, Title: "Run has ended", Detail: "The run has ended; nothing of it can be changed any more. Look at it again."}},
	{lifecycle.ErrOvertaken, Fault{Status: 409, Title: "Run has changed", Detail: "The run changed meanwhile. Look at it again."}},
	{lifecycle.ErrNotAllowed, Fault{Status: 409, Title: "Not possible now", Detail: "The run's present state does not permit this. Look at it again."}},
	{ErrTooLarge, Fault{Status: 413, Title: "Request too large"}},
	{ErrCrossOrigin, Fault{Status: 403, Title: "Request refused"}},
	{ErrMethod, Fault{Status: 405, Title: "Method not allowed"}},
	{feed.ErrFull, Fault{Status: 503, Title: "Too many streams", RetryAfter: 30}},
	{feed.ErrClosed, Fault{Status: 503, Title: "No stream", RetryAfter: 5}},
	{context.DeadlineExceeded, Fault{Status: 503, Title: "Took too long", Detail: "The record database did not answer in time. Try again in a moment.", RetryAfter: 5}},
}

var (
	// ErrTooLarge refuses a request body over the limit.
	ErrTooLarge = errors.New("the request's body is too large")
	// ErrCrossOrigin refuses a change that another site's page asked for.
	ErrCrossOrigin = errors.New("the request came from another site; open the console and try again there")
	// ErrMethod refuses a method that the path does not know.
	ErrMethod = errors.New("this address does not know that method")
)

// Invalid refuses a request whose fields are wrong.
type Invalid struct {
	Detail string
	Fields []Field
}

func (e *Invalid) Error() string { return "request is not valid: " + e.Detail }

// Of is what an error means to its reader.
func Of(err error) Fault {
	var (
		invalid *Invalid
		param   *links.BadParam
		fields  operation.FieldErrors
		active  models.ErrAlreadyActive
		many    *auth.TooManyAttempts
		large   *http.MaxBytesError
		unknown *start.UnknownTypeError
		size    *table.SizeError
		file    *table.FileError
	)
	switch {
	case errors.As(err, &invalid):
		return Fault{Status: 400, Title: "Request is not valid", Detail: invalid.Detail, Fields: invalid.Fields}
	case errors.As(err, &unknown):
		return Fault{Status: 422, Title: "Unknown operation type", Detail: unknown.Error(), Fields: []Field{{"type", "is not a known operation type"}}}
	case errors.As(err, &param):
		return Fault{Status: 400, Title: "Parameter is not valid", Detail: param.Error(), Fields: []Field{{param.Name, "want " + param.Want}}}
	case errors.As(err, &fields):
		return Fault{Status: 422, Title: "Input is not valid", Detail: fields.Detail(), Fields: inputFields(fields)}
	case errors.As(err, &active):
		return Fault{Status: 409, Title: "Already active", Detail: active.Error()}
	case errors.As(err, &many):
		return Fault{Status: 429, Title: "Too many attempts", Detail: many.Error(), RetryAfter: many.Seconds()}
	case errors.As(err, &size):
		return Fault{Status: 413, Title: "File too large", Detail: size.Error()}
	case errors.As(err, &file):
		return Fault{Status: 422, Title: "File is not valid", Detail: file.Error()}
	case errors.As(err, &large):
		err = ErrTooLarge
	}
	for _, row := range meanings {
		if errors.Is(err, row.err) {
			f := row.fault
			if f.Detail == "" {
				f.Detail = row.err.Error()
			}
			return f
		}
	}
	return internal
}

func inputFields(wrong operation.FieldErrors) []Field {
	var fields []Field
	for name, detail := range wrong {
		switch name {
		case "workspace", "tenant":
		case "":
			name = "input"
		default:
			name = "input." + name
		}
		fields = append(fields, Field{name, detail})
	}
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}
