package httpbatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/opstruth/opstruth/internal/upload"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/operation/connection"
)

type artifactProducer = func(io.Writer) error

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

// withDefaults fills in what was left out.
func (in Input) withDefaults() Input {
	in.Method = cmp.Or(strings.TrimSpace(in.Method), defaultMethod)
	in.ContentType = cmp.Or(strings.TrimSpace(in.ContentType), defaultContentType)
	in.Concurrency, in.Rate = cmp.Or(in.Concurrency, 4), cmp.Or(in.Rate, 10)
	in.Attempts, in.Timeout = cmp.Or(in.Attempts, 5), cmp.Or(in.Timeout, 30)
	return in
}

// validate refuses what is wrong whatever the file holds.
func validate(in Input) error {
	wrong := operation.FieldErrors{}
	for _, n := range []struct {
		name  string
		value int
		most  int
	}{{"concurrency", in.Concurrency, 16}, {"rate", in.Rate, 1000}, {"attempts", in.Attempts, 10}, {"timeout_seconds", in.Timeout, 100}} {
		if n.value < 0 || n.value > n.most {
			wrong[n.name] = fmt.Sprintf("must be 1 to %d", n.most)
		}
	}
	if _, err := compile(in, connectionBase(in)); err != nil {
		var field *fieldError
		if !errors.As(err, &field) {
			return err
		}
		wrong[field.name] = field.Error()
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

// connectionBase stands for a connection's URL where it is not known yet.
func connectionBase(in Input) *url.URL {
	if in.Connection == "" {
		return nil
	}
	t, _, absolute := strings.Cut(in.URL, "://")
	if absolute && (t == "http" || t == "https") { // whether it is the connection's is found out with it
		return nil
	}
	return &url.URL{Scheme: "https", Host: "connection.invalid"}
}

// fieldError is what is wrong with one field.
type fieldError struct {
	name string
	err  error
}

func (e *fieldError) Error() string { return e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

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

// prepare reads a run's file and templates, and checks that they go together. Its error is a *fieldError where the input
// is to be corrected.
func (b *batch) prepare(ctx context.Context, tenantID string, in Input, base *url.URL) (recipe, models.Upload, error) {
	u, err := upload.Of(ctx, b.store, models.Engine(), tenantID, in.File)
	if errors.Is(err, upload.ErrNotOwn) {
		return recipe{}, u, &fieldError{"file", err}
	}
	if err != nil {
		return recipe{}, u, err
	}
	r, err := compile(in, base)
	if err == nil {
		err = r.fit(u.Columns)
	}
	if err == nil && in.KeyColumn != "" && !slices.Contains(u.Columns, in.KeyColumn) {
		err = &fieldError{"key_column", fmt.Errorf("%q is not a column of the file; it has %s", in.KeyColumn, listed(u.Columns))}
	}
	return r, u, err
}

// target says what is sent where, and refuses templates that the file does not fit.
func (b *batch) target(ctx context.Context, tenantID string, in Input) (string, error) {
	var base *url.URL
	to := ""
	if in.Connection != "" {
		c, err := connection.Of(ctx, b.store, tenantID, in.Connection)
		if errors.Is(err, connection.ErrNotOwn) {
			return "", operation.FieldErrors{"connection": err.Error()}
		}
		if err != nil {
			return "", err
		}
		if base, err = webURL(c.BaseURL); err != nil {
			return "", operation.FieldErrors{"connection": "its URL " + err.Error()}
		}
		to = c.Name
	}
	r, u, err := b.prepare(ctx, tenantID, in, base)
	var field *fieldError
	if errors.As(err, &field) {
		return "", operation.FieldErrors{field.name: field.Error()}
	}
	if err != nil {
		return "", err
	}
	if to == "" {
		to = r.url.host()
	}
	return u.Name + " to " + to, nil
}

// host names where requests go, with placeholders where it depends on the line.
func (a address) host() string {
	var out strings.Builder
	for _, p := range a.template {
		if p.column != "" {
			out.WriteString("{" + p.column + "}")
		}
		out.WriteString(p.literal)
	}
	_, rest, ok := strings.Cut(out.String(), "://")
	if !ok {
		return out.String()
	}
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}
