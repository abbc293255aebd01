package table

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// jsonLines reads one JSON object per line. The columns are all names that some object has, in the order of their
// first use.
func (r *reader) jsonLines() (columns []string, err error) {
	places := map[string]int{}
	for line := int64(1); ; line++ {
		raw, err := r.line()
		if errors.Is(err, io.EOF) && len(raw) == 0 {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, withLine(err, line)
		}
		if raw = bytes.TrimSpace(raw); len(raw) == 0 {
			continue
		}
		if wrong := checkText(string(raw)); wrong != "" {
			return nil, &FileError{Line: line, Reason: wrong}
		}
		row := Row{Line: line}
		err = object(raw, func(name, value string) string {
			place, known := places[name]
			if !known {
				if wrong := checkColumn(name, columns); wrong != "" {
					return wrong
				}
				place, places[name] = len(columns), len(columns)
				columns = append(columns, name)
			}
			for len(row.Values) <= place {
				row.Values = append(row.Values, "")
			}
			row.Values[place] = value
			return ""
		})
		if err != nil {
			return nil, withLine(err, line)
		}
		if err := r.add(row); err != nil {
			return nil, err
		}
	}
	return columns, nil
}

// line reads one line of bounded length.
func (r *reader) line() ([]byte, error) {
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxRecord {
			return nil, &FileError{Reason: "it is longer than " + Size(maxRecord)}
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

func withLine(err error, line int64) error {
	var e *FileError
	if errors.As(err, &e) && e.Line == 0 {
		return &FileError{Line: line, Reason: e.Reason}
	}
	return err
}

// object reads the members of a JSON object, each name once.
func object(raw []byte, member func(name, value string) (wrong string)) error {
	if raw[0] != '{' {
		return &FileError{Reason: "it is not a JSON object; write one object per line"}
	}
	if !json.Valid(raw) {
		var any json.RawMessage
		return &FileError{Reason: fmt.Sprintf("it is not JSON: %v", json.Unmarshal(raw, &any))}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if seen[name] {
			return &FileError{Reason: fmt.Sprintf("%q is there twice", name)}
		}
		seen[name] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if wrong := member(name, text(value)); wrong != "" {
			return &FileError{Reason: wrong}
		}
	}
	return nil
}

// text is a string itself, nothing for null, and the JSON of everything else.
func text(value json.RawMessage) string {
	var s string
	switch {
	case string(value) == "null":
		return ""
	case json.Unmarshal(value, &s) == nil:
		return s
	}
	var compact bytes.Buffer
	if json.Compact(&compact, value) != nil {
		return string(value)
	}
	return compact.String()
}
