package httpbatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strings"
)

// payload is a body with placeholders.
type payload struct {
	template template
	json     bool
	form     bool
	quoted   []bool // of each piece of a JSON body: it stands within a string
}

// parsePayload reads a body. In JSON a value is escaped within quotes; outside of them it has to be JSON itself, such
// as a number. In a form it is escaped, so that it does not leave its field.
func parsePayload(text, contentType string) (payload, error) {
	if text == "" {
		return payload{}, nil
	}
	t, err := parseTemplate(text)
	if err != nil {
		return payload{}, err
	}
	p := payload{template: t, json: isJSON(contentType), form: isForm(contentType)}
	if !p.json {
		return p, nil
	}
	within, escaped := false, false
	for _, piece := range t {
		p.quoted = append(p.quoted, within)
		for _, c := range []byte(piece.literal) {
			switch {
			case escaped:
				escaped = false
			case within && c == '\\':
				escaped = true
			case c == '"':
				within = !within
			}
		}
	}
	trial, err := p.expand(func(string) string { return "1" })
	if err != nil {
		return payload{}, err
	}
	if !json.Valid([]byte(trial)) {
		var value any
		return payload{}, fmt.Errorf("is not JSON once it is filled in: %w", json.Unmarshal([]byte(trial), &value))
	}
	return p, nil
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}

func isForm(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == "application/x-www-form-urlencoded"
}

// expand makes the body of one line.
func (p payload) expand(value func(string) string) (string, error) {
	switch {
	case p.json:
		return p.template.expand(value, p.encode)
	case p.form:
		return p.template.expand(value, inForm)
	}
	return p.template.expand(value, plain)
}

func inForm(_ int, _, value string) (string, error) { return url.QueryEscape(value), nil }

func (p payload) encode(i int, column, value string) (string, error) {
	if p.quoted[i] {
		return inString(value), nil
	}
	value = strings.TrimSpace(value)
	if value == "" {
		return "null", nil
	}
	if !json.Valid([]byte(value)) {
		return "", badValue("%q in column %s is not a number, true, false or other JSON; put quotes around {%s} in the body to send it as text", clip(value, 60), column, column)
	}
	return value, nil
}

// inString is a text as it stands between the quotes of a JSON string.
func inString(s string) string {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always has JSON
	quoted := strings.TrimSuffix(out.String(), "\n")
	return quoted[1 : len(quoted)-1]
}

var errContentType = errors.New("must be a content type, such as application/json")

func checkContentType(s string) error {
	if _, _, err := mime.ParseMediaType(s); s != "" && err != nil {
		return errContentType
	}
	return nil
}
