// Package apitest holds what the API answers in tests against its document, by another implementation of
// OpenAPI than the one that the server checks requests with. It also remembers which operations were
// answered, so that none goes untested.
package apitest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"

	"github.com/opstruth/opstruth/web/api"
)

// Prefix is that of every address of the API.
const Prefix = "/api/"

var document = sync.OnceValues(func() (validator.Validator, error) {
	doc, err := libopenapi.NewDocument(api.Document)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(doc, config.WithFormatAssertions(), config.WithStrictMode(),
		config.WithStrictIgnoredHeadersExtra(byOthers...))
	return v, errors.Join(errs...)
})

// byOthers are headers that every page and answer of the console carries: no operation's own.
var byOthers = []string{
	"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy",
	"Cross-Origin-Resource-Policy", "Permissions-Policy", "Cache-Control", "X-Request-Id", "Www-Authenticate", "Retry-After",
	"Strict-Transport-Security", "X-Accel-Buffering",
}

// operations of the document, by method and path as it writes them.
var operations = sync.OnceValues(func() (map[string]string, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			all[method+" "+path] = operation.OperationID
		}
	}
	return all, nil
})

var (
	mu       sync.Mutex // the validator is not said to be safe for concurrent use
	answered = map[string]bool{}
	refused  = map[string]bool{}
)

// Conforms says what is wrong with an answer of the API, by its document. An address or method that the
// document does not know must be answered with a problem, like any error.
func Conforms(r *http.Request, status int, header http.Header, body []byte) error {
	v, err := document()
	if err != nil {
		return fmt.Errorf("read the document: %w", err)
	}
	id, err := operationOf(r)
	if err != nil {
		return err
	}
	asked := r
	if r.URL.Path == Prefix+"v1/openapi.yaml" {
		return nil // the document itself
	}
	if id == "" {
		if status < http.StatusBadRequest {
			return fmt.Errorf("%s %s answers %d, and is not in the document", r.Method, r.URL.Path, status)
		}
		asked = httptest.NewRequestWithContext(r.Context(), http.MethodGet, "/api/v1/summary", nil) // whose errors are like all others
	}
	mu.Lock()
	defer mu.Unlock()
	_, errs := v.ValidateHttpResponse(asked, &http.Response{
		StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: asked,
	})
	var wrong []string
	for _, e := range errs {
		wrong = append(wrong, strings.TrimSpace(e.Message+": "+e.Reason))
		for _, s := range e.SchemaValidationErrors {
			wrong = append(wrong, s.FieldPath+": "+s.Reason)
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s %s answers %d against the document: %s; the body was %s", r.Method, r.URL, status, strings.Join(wrong, "; "), body)
	}
	if status < http.StatusBadRequest {
		answered[id] = true
	} else {
		refused[id] = true
	}
	return nil
}

func operationOf(r *http.Request) (string, error) {
	all, err := operations()
	if err != nil {
		return "", fmt.Errorf("read the document: %w", err)
	}
	best := ""
	for place, id := range all {
		method, path, _ := strings.Cut(place, " ")
		if method == r.Method && fits(path, r.URL.EscapedPath()) && (best == "" || !strings.Contains(path, "{")) {
			best = id
		}
	}
	return best, nil
}

func fits(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(w, g string) bool { return w == g || strings.HasPrefix(w, "{") && g != "" })
}

// Unseen lists the operations of which no test has seen an answer, or none has seen a refusal.
func Unseen() ([]string, error) {
	all, err := operations()
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	mu.Lock()
	defer mu.Unlock()
	var unseen []string
	for _, id := range all {
		if !answered[id] {
			unseen = append(unseen, id+" was never answered")
		}
		if !refused[id] {
			unseen = append(unseen, id+" was never refused")
		}
	}
	slices.Sort(unseen)
	return unseen, nil
}
