package operation

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// FormInput makes an input of a submitted start form: values by field name. It
// only translates; Parse says whether the input is right. What cannot be
// translated is named in a FieldErrors.
func (d Definition) FormInput(form map[string][]string) (json.RawMessage, error) {
	input, wrong := map[string]any{}, FieldErrors{}
	for _, f := range d.Fields {
		values := slices.DeleteFunc(slices.Clone(form[f.Name]), func(v string) bool { return strings.TrimSpace(v) == "" })
		if len(values) == 0 {
			continue
		}
		value, problem := f.value(values)
		if problem != "" {
			wrong[f.Name] = problem
			continue
		}
		input[f.Name] = value
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return json.Marshal(input)
}

func (f Field) value(values []string) (value any, problem string) {
	first := strings.TrimSpace(values[0])
	switch f.Kind {
	case Number:
		n, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return nil, "must be a whole number"
		}
		return n, ""
	case Bool:
		return first == "true" || first == "on" || first == "1", ""
	case Choice:
		if !f.offers(first) {
			return nil, "must be one of the choices"
		}
		return first, ""
	case Choices:
		if slices.ContainsFunc(values, func(v string) bool { return !f.offers(v) }) {
			return nil, "must be some of the choices"
		}
		return values, ""
	case LongText:
		return strings.TrimSpace(strings.ReplaceAll(values[0], "\r\n", "\n")), ""
	case Text, Connection, File:
	}
	return first, ""
}

func (f Field) offers(value string) bool {
	return slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == value })
}
