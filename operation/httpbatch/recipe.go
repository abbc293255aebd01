package httpbatch

import (
	"fmt"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

// recipe makes requests of lines.
type recipe struct {
	method      template
	url         address
	body        payload
	contentType string
	headers     []header
	columns     []string
}

type header struct {
	name  string
	value template
}

// compile reads the templates. Its error is a *fieldError.
func compile(in Input, base *url.URL) (r recipe, err error) {
	in = in.withDefaults()
	if r.method, err = parseTemplate(in.Method); err != nil {
		return r, &fieldError{"method", err}
	}
	if len(r.method) == 1 && r.method[0].column == "" && !slices.Contains(methods, strings.ToUpper(in.Method)) {
		return r, &fieldError{"method", fmt.Errorf("must be one of %s, or a {column} that holds one", strings.Join(methods, ", "))}
	}
	if r.url, err = parseAddress(in.URL, base); err != nil {
		return r, &fieldError{"url", err}
	}
	if err := checkContentType(in.ContentType); err != nil {
		return r, &fieldError{"content_type", err}
	}
	r.contentType = in.ContentType
	if r.body, err = parsePayload(in.Body, in.ContentType); err != nil {
		return r, &fieldError{"body", err}
	}
	if r.headers, err = parseHeaders(in.Headers); err != nil {
		return r, &fieldError{"headers", err}
	}
	return r, nil
}

// ours are headers that a line may not set, and why.
var ours = map[string]string{
	"Authorization":       "credentials are kept in a connection, where they are encrypted",
	"Proxy-Authorization": "credentials are kept in a connection, where they are encrypted",
	"Cookie":              "credentials are kept in a connection, where they are encrypted",
	"Content-Type":        "it has a field of its own",
	"Idempotency-Key":     "opstruth sets it for each line",
	"Host":                "it follows from the URL",
	"Content-Length":      "it follows from the body",
	"Transfer-Encoding":   "it follows from the body",
	"Connection":          "it belongs to the transport",
	"Upgrade":             "it belongs to the transport",
	"Te":                  "it belongs to the transport",
	"Trailer":             "it belongs to the transport",
}

func parseHeaders(text string) ([]header, error) {
	var headers []header
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
		if !ok || !httpguts.ValidHeaderFieldName(name) {
			return nil, fmt.Errorf("must be lines of “Name: value”; %q is not one", clip(line, 60))
		}
		if why := ours[name]; why != "" {
			return nil, fmt.Errorf("must not set %s: %s", name, why)
		}
		t, err := parseTemplate(strings.TrimSpace(value))
		if err != nil {
			return nil, err
		}
		headers = append(headers, header{name, t})
	}
	return headers, nil
}

// fit names the first placeholder that the file has no column for.
func (r *recipe) fit(columns []string) error {
	r.columns = columns
	all := []struct {
		field string
		t     template
	}{{"method", r.method}, {"url", r.url.template}, {"body", r.body.template}}
	for _, h := range r.headers {
		all = append(all, struct {
			field string
			t     template
		}{"headers", h.value})
	}
	for _, one := range all {
		if err := one.t.unknown(columns); err != nil {
			return &fieldError{one.field, err}
		}
	}
	return nil
}
