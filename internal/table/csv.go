package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// separator is the comma, unless the header has none and one of its substitutes: some programs write them.
func separator(head []byte) rune {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	for _, s := range ",;\t" {
		if bytes.ContainsRune(line, s) {
			return s
		}
	}
	return ','
}

// csv reads RFC 4180 with a header.
func (r *reader) csv(comma rune) (columns []string, err error) {
	in := csv.NewReader(r.in)
	in.Comma = comma
	header, err := in.Read()
	if err != nil {
		return nil, csvError(err, 0, 0)
	}
	for _, name := range header {
		name = strings.TrimSpace(name)
		wrong := checkText(name)
		if wrong == "" {
			wrong = checkColumn(name, columns)
		}
		if wrong != "" {
			line, _ := in.FieldPos(0)
			return nil, &FileError{Line: int64(line), Reason: wrong}
		}
		columns = append(columns, name)
	}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvError(err, len(record), len(columns))
		}
		at, _ := in.FieldPos(0)
		size := 0
		for i, value := range record {
			if wrong := checkText(value); wrong != "" {
				line, _ := in.FieldPos(i)
				return nil, &FileError{Line: int64(line), Reason: wrong}
			}
			size += len(value)
		}
		if size > maxRecord {
			return nil, &FileError{Line: int64(at), Reason: "it is longer than " + Size(maxRecord)}
		}
		if err := r.add(Row{Line: int64(at), Values: record}); err != nil {
			return nil, err
		}
	}
	if r.count == 0 {
		return nil, &FileError{Reason: "the file has a header and no line below it"}
	}
	return columns, nil
}

// csvError words what the standard library found.
func csvError(err error, got, want int) error {
	var parse *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return &FileError{Reason: "the file is empty"}
	case !errors.As(err, &parse):
		return err
	}
	line := int64(parse.StartLine)
	switch {
	case errors.Is(parse.Err, csv.ErrFieldCount):
		return &FileError{Line: line, Reason: fmt.Sprintf("it has %d fields and the header has %d", got, want)}
	case errors.Is(parse.Err, csv.ErrQuote) && parse.Line > parse.StartLine:
		return &FileError{Line: line, Reason: fmt.Sprintf("a quoted field that begins here goes wrong in line %d; write a quote within quotes twice, and close every quote", parse.Line)}
	case errors.Is(parse.Err, csv.ErrQuote):
		return &FileError{Line: line, Reason: fmt.Sprintf("a quoted field goes wrong at character %d; write a quote within quotes twice, and close every quote", parse.Column)}
	case errors.Is(parse.Err, csv.ErrBareQuote):
		return &FileError{Line: line, Reason: fmt.Sprintf("there is a quote in the middle of a field, at character %d; put the whole field in quotes and write the quote twice", parse.Column)}
	}
	return &FileError{Line: line, Reason: parse.Err.Error()}
}
