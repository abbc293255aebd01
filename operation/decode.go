package operation

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// decode reads an input strictly: what the form requires must be there, and
// what the type does not know is refused rather than ignored.
func decode[In any](raw json.RawMessage, fields []Field) (In, error) {
	var in In
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = json.RawMessage("{}")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return in, fieldError(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return in, FieldErrors{"": "must be one JSON object"}
	}
	return in, required(raw, fields)
}

// required names every required field that is missing or empty.
func required(raw json.RawMessage, fields []Field) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil {
		return FieldErrors{"": "must be a JSON object"}
	}
	missing := FieldErrors{}
	for _, f := range fields {
		switch string(given[f.Name]) {
		case "", "null", `""`, "[]":
			if f.Required {
				missing[f.Name] = "is required"
			}
		}
	}
	if len(missing) > 0 {
		return missing
	}
	return nil
}

func fieldError(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return FieldErrors{wrong.Field: "must be " + kindName(wrong.Type.Kind().String()) + ", not " + wrong.Value}
	}
	// The standard library has no type for this error.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return FieldErrors{strings.Trim(name, `"`): "is not a field of this operation type"}
	}
	return FieldErrors{"": "must be a JSON object: " + err.Error()}
}

func kindName(kind string) string {
	switch {
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "uint"):
		return "a whole number"
	case strings.HasPrefix(kind, "float"):
		return "a number"
	case kind == "bool":
		return "true or false"
	case kind == "string":
		return "text"
	case kind == "slice":
		return "a list"
	}
	return "an object"
}
