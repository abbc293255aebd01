package apiclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

var errAway = errors.New("reach the console")

// Error is a call that was answered, but not served.
type Error struct {
	Status  int
	Problem Problem // empty where it was not the API that answered
	text    string
}

func (e *Error) Error() string { return e.text }

// refusal words an answer that is not what was asked for.
func refusal(answer *http.Response, kind string, body []byte) *Error {
	e := &Error{Status: answer.StatusCode}
	if kind == "application/problem+json" && json.Unmarshal(body, &e.Problem) == nil && e.Problem.Title != "" {
		e.text = e.Problem.Title + ": " + e.Problem.Detail
		if n := e.Problem.Instance; n != nil {
			e.text += " (request " + *n + ")"
		}
		return e
	}
	e.Problem = Problem{}
	if to := answer.Header.Get("Location"); to != "" {
		e.text = fmt.Sprintf("the console's address redirects to %s: use that address", to)
		return e
	}
	e.text = fmt.Sprintf("what answered is not the API (%s, %q): check the console's address", answer.Status, kind)
	return e
}

// Passing reports whether the same call may well succeed in a moment: nothing answered, or what answered
// was overloaded or away.
func Passing(err error) bool {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Status >= http.StatusInternalServerError || refused.Status == http.StatusTooManyRequests
	}
	return errors.Is(err, errAway)
}
