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
	given, err := members(raw, fields)
	if err != nil {
		return in, err
	}
	return in, required(given, fields)
}

// members are an input's members by name. The standard library would take a field's name in any case of its letters, and
// more than once: whoever looked a field up by its name, as the check of a connection does, would see another value.
func members(raw json.RawMessage, fields []Field) (map[string]json.RawMessage, error) {
	given := map[string]json.RawMessage{}
	dec := json.NewDecoder(bytes.NewReader(raw))
	switch begin, err := dec.Token(); {
	case err != nil || begin != nil && begin != json.Delim('{'):
		return nil, FieldErrors{"": "must be a JSON object"}
	case begin == nil:
		return given, nil
	}
	for dec.More() {
		token, err := dec.Token()
		name, ok := token.(string)
		var value json.RawMessage
		if err != nil || !ok || dec.Decode(&value) != nil {
			return nil, FieldErrors{"": "must be a JSON object"}
		}
		for _, f := range fields {
			if f.Name != name && strings.EqualFold(f.Name, name) {
				return nil, FieldErrors{name: "is not a field of this operation type, which has " + f.Name}
			}
		}
		if _, twice := given[name]; twice {
			return nil, FieldErrors{name: "is given twice"}
		}
		given[name] = value
	}
	return given, nil
}

// required names every required field that is missing or empty.
func required(given map[string]json.RawMessage, fields []Field) error {
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
