// Package table reads files of many lines, CSV or JSON Lines, record by record. It keeps one record in memory at a time
// and refuses, naming the line and what is wrong there, whatever a later reader could take in two ways.
package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The formats that are read.
const (
	CSV   = "csv"
	JSONL = "jsonl"
)

// Bounds of one file beside its caller's.
const (
	maxColumns    = 200
	maxColumnName = 100
	maxRecord     = 1 << 20 // bytes
)

// Row is one record. A value that a record does not have is empty; Values may be shorter than the file's columns.
type Row struct {
	Line   int64    `json:"l"` // of the file, from 1, where the record begins
	Values []string `json:"v"` // text; what is no string in JSON Lines is its JSON
}

// Value is the value of a column by its place.
func (r Row) Value(column int) string {
	if column < 0 || column >= len(r.Values) {
		return ""
	}
	return r.Values[column]
}

// File is what is known of a file that was read to its end.
type File struct {
	Format  string
	Columns []string
	Lines   int64 // records
	Size    int64 // bytes
}

// Limits bound a file.
type Limits struct {
	Bytes int64
	Lines int64
}

// FileError says what is wrong with a file. Line is 0 where it is the file as a whole.
type FileError struct {
	Line   int64
	Reason string
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return e.Reason
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
}

// SizeError refuses a file over the limit.
type SizeError struct{ Limit int64 }

func (e *SizeError) Error() string {
	return "the file is larger than " + Size(e.Limit) + ", the limit here; split it"
}

// Size tells a number of bytes in words.
func Size(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// Read reads a file to its end and hands on each record. Its errors are a *FileError, a *SizeError, each's own, and r's.
func Read(r io.Reader, l Limits, each func(Row) error) (File, error) {
	counted := &counter{r: r, limit: l.Bytes}
	in := bufio.NewReaderSize(counted, 64<<10)
	read := reader{in: in, lines: l.Lines, each: each}
	f, err := read.file()
	if counted.over { // whatever else seems wrong follows from the cut
		return File{}, &SizeError{l.Bytes}
	}
	if counted.long {
		rest, err := io.Copy(io.Discard, io.LimitReader(r, l.Bytes-counted.n+1))
		if err == nil && counted.n+rest > l.Bytes { // that is the first thing to say of it
			return File{}, &SizeError{l.Bytes}
		}
		return File{}, &FileError{Line: counted.ended + 1, Reason: "it is longer than " + Size(maxRecord)}
	}
	if err != nil {
		return File{}, err
	}
	f.Lines, f.Size = read.count, counted.n
	return f, nil
}

// counter ends a file that is over its limit, or has a line that is.
type counter struct {
	r     io.Reader
	n     int64
	limit int64
	over  bool

	ended int64 // lines
	since int   // bytes since the last of them
	long  bool
}

var errOver = errors.New("file is over its limit")

func (c *counter) Read(p []byte) (int, error) {
	if c.over || c.long {
		return 0, errOver
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	for part := p[:n]; len(part) > 0; {
		at := bytes.IndexByte(part, '\n')
		if at < 0 {
			c.since += len(part)
			break
		}
		c.since += at
		if c.since > maxRecord {
			break
		}
		c.ended, c.since, part = c.ended+1, 0, part[at+1:]
	}
	if c.since > maxRecord { // before a reader keeps it all to find its end
		c.long = true
		return 0, errOver
	}
	if c.n > c.limit {
		c.over = true
		return 0, errOver
	}
	return n, err
}

type reader struct {
	in    *bufio.Reader
	lines int64
	count int64
	each  func(Row) error
}

func (r *reader) file() (File, error) {
	head, err := r.in.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return File{}, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}), bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return File{}, &FileError{Reason: "the file is UTF-16 text; save it as UTF-8"}
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return File{}, &FileError{Reason: "the file is a spreadsheet or an archive; save it as CSV or JSON Lines"}
	case bytes.HasPrefix(head, bom):
		_, _ = r.in.Discard(len(bom)) // they were peeked at
		head = head[len(bom):]
	}
	text := bytes.TrimLeftFunc(head, unicode.IsSpace)
	switch {
	case len(text) == 0 && err != nil:
		return File{}, &FileError{Reason: "the file is empty"}
	case len(text) > 0 && text[0] == '[':
		return File{}, &FileError{Reason: "the file is one JSON array; write one object per line instead (JSON Lines)"}
	case len(text) > 0 && text[0] == '{':
		columns, err := r.jsonLines()
		return File{Format: JSONL, Columns: columns}, err
	}
	columns, err := r.csv(separator(head))
	return File{Format: CSV, Columns: columns}, err
}

var bom = []byte{0xEF, 0xBB, 0xBF}

// add hands on a record.
func (r *reader) add(row Row) error {
	r.count++
	if r.count > r.lines {
		return &FileError{Line: row.Line, Reason: fmt.Sprintf("this is more than %d lines, the limit; split the file", r.lines)}
	}
	return r.each(row)
}

// checkText refuses what is no text.
func checkText(s string) string {
	switch {
	case !utf8.ValidString(s):
		return "it is not UTF-8 text; save the file as UTF-8"
	case strings.ContainsRune(s, 0):
		return "it holds a zero byte, which text does not have"
	}
	return ""
}

// checkColumn refuses a column's name that nobody could refer to.
func checkColumn(name string, before []string) string {
	switch {
	case name == "":
		return fmt.Sprintf("column %d has no name", len(before)+1)
	case utf8.RuneCountInString(name) > maxColumnName:
		return fmt.Sprintf("the name of column %d is longer than %d characters", len(before)+1, maxColumnName)
	case len(before) >= maxColumns:
		return fmt.Sprintf("there are more than %d columns", maxColumns)
	}
	for i, other := range before {
		if other == name {
			return fmt.Sprintf("column %q is there twice, as column %d and %d; give each a name of its own", name, i+1, len(before)+1)
		}
	}
	return ""
}
