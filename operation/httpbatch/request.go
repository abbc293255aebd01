package httpbatch

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/net/http/httpguts"
)

// message is one line's request, ready to be sent any number of times.
type message struct {
	method string
	url    *url.URL
	body   string
	header http.Header
}

// message makes a line's request. A value that does not fit is a *valueError.
func (r *recipe) message(line row, firstTry uuid.UUID) (message, error) {
	value := func(column string) string { return line.Value(slices.Index(r.columns, column)) }
	method, err := r.method.expand(value, plain)
	if err != nil {
		return message{}, err
	}
	m := message{method: strings.ToUpper(strings.TrimSpace(method)), header: http.Header{}}
	if !slices.Contains(methods, m.method) {
		return m, badValue("%q is not one of the methods %s", clip(method, 20), strings.Join(methods, ", "))
	}
	if m.url, err = r.url.expand(value); err != nil {
		return m, err
	}
	if m.body, err = r.body.expand(value); err != nil {
		return m, err
	}
	for _, h := range r.headers {
		text, err := h.value.expand(value, plain)
		if err != nil {
			return m, err
		}
		if !httpguts.ValidHeaderFieldValue(text) {
			return m, badValue("the value of header %s has a character that headers cannot have", h.name)
		}
		m.header.Add(h.name, text)
	}
	if m.body != "" {
		m.header.Set("Content-Type", r.contentType)
	}
	// The same for every attempt of the line, by whichever worker and in whichever retry of the run: what may have been
	// done without an answer is not done twice where the API honours it.
	m.header.Set("Idempotency-Key", uuid.NewSHA1(firstTry, []byte(line.key)).String())
	return m, nil
}
