package httpbatch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// piece is a literal, or a placeholder where column is not empty.
type piece struct {
	literal string
	column  string
}

// template is text with {column} placeholders.
type template []piece

// parseTemplate reads a text. A brace begins a placeholder where a letter, a digit or an underscore follows it, so that
// JSON needs no care; two braces stand for one that begins none.
func parseTemplate(text string) (template, error) {
	var t template
	var literal strings.Builder
	for len(text) > 0 {
		at := strings.IndexByte(text, '{')
		if at < 0 {
			break
		}
		literal.WriteString(text[:at])
		text = text[at+1:]
		switch {
		case strings.HasPrefix(text, "{"):
			literal.WriteByte('{')
			text = text[1:]
			continue
		case !beginsName(text):
			literal.WriteByte('{')
			continue
		}
		end := strings.IndexAny(text, "}{\"\n")
		if end < 0 || text[end] != '}' {
			return nil, fmt.Errorf("the placeholder {%s is not closed; write {{ for a brace that begins none", firstWord(text))
		}
		if literal.Len() > 0 {
			t = append(t, piece{literal: literal.String()})
			literal.Reset()
		}
		t = append(t, piece{column: text[:end]})
		text = text[end+1:]
	}
	if literal.WriteString(text); literal.Len() > 0 {
		t = append(t, piece{literal: literal.String()})
	}
	return t, nil
}

func beginsName(text string) bool {
	for _, r := range text {
		return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
	}
	return false
}

func firstWord(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		return text
	}
	return text[:end]
}

// unknown names the first placeholder that is no column, and the columns there are.
func (t template) unknown(columns []string) error {
	for _, p := range t {
		if p.column != "" && !slices.Contains(columns, p.column) {
			return fmt.Errorf("{%s} is not a column of the file; it has %s", p.column, listed(columns))
		}
	}
	return nil
}

// listed names columns, some of them where there are many.
func listed(columns []string) string {
	const most = 20
	names := make([]string, 0, most)
	for _, c := range columns[:min(len(columns), most)] {
		names = append(names, "{"+c+"}")
	}
	if more := len(columns) - len(names); more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), more)
	}
	return strings.Join(names, ", ")
}

// expand fills the placeholders in; each gets its value as write makes it. The i of write is the piece's place.
func (t template) expand(value func(column string) string, write func(i int, column, value string) (string, error)) (string, error) {
	var out strings.Builder
	for i, p := range t {
		if p.column == "" {
			out.WriteString(p.literal)
			continue
		}
		text, err := write(i, p.column, value(p.column))
		if err != nil {
			return "", err
		}
		out.WriteString(text)
	}
	return out.String(), nil
}

// plain takes values as they are.
func plain(_ int, _, value string) (string, error) { return value, nil }

// valueError says that a line's value cannot be used where the template has it. Nothing is sent for the line.
type valueError struct{ reason string }

func (e *valueError) Error() string { return e.reason }

func badValue(format string, args ...any) error { return &valueError{fmt.Sprintf(format, args...)} }

func isBadValue(err error) bool {
	var v *valueError
	return errors.As(err, &v)
}
