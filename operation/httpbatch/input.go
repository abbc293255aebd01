package httpbatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/opstruth/opstruth/internal/upload"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/operation/connection"
)

type artifactProducer = func(io.Writer) error

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
