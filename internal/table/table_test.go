package table_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/table"
)

var limits = table.Limits{Bytes: 4 << 20, Lines: 1000}

func read(in io.Reader) (table.File, []table.Row, error) {
	var rows []table.Row
	f, err := table.Read(in, limits, func(r table.Row) error { rows = append(rows, r); return nil })
	return f, rows, err
}

func TestFilesAreRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in      string
		format  string
		columns []string
		rows    []table.Row
	}{
		"CSV":                       {"a,b\n1,2\n", table.CSV, []string{"a", "b"}, []table.Row{{2, []string{"1", "2"}}}},
		"without an end of line":    {"a,b\n1,2", table.CSV, []string{"a", "b"}, []table.Row{{2, []string{"1", "2"}}}},
		"with a byte order mark":    {"\ufeffa,b\r\n1,2\r\n", table.CSV, []string{"a", "b"}, []table.Row{{2, []string{"1", "2"}}}},
		"lines within quotes":       {"a,b\n\"x\r\ny\",\"say \"\"hi\"\"\"\n\n3,4\n", table.CSV, []string{"a", "b"}, []table.Row{{2, []string{"x\ny", `say "hi"`}}, {5, []string{"3", "4"}}}},
		"semicolons":                {"a;b\n1;2,5\n", table.CSV, []string{"a", "b"}, []table.Row{{2, []string{"1", "2,5"}}}},
		"one column":                {"a\nx;y\n", table.CSV, []string{"a"}, []table.Row{{2, []string{"x;y"}}}},
		"JSON Lines":                {"{\"a\":\"x\",\"b\":1}\n\n{\"c\":[1, {\"d\":2}],\"a\":null,\"b\":1e2}\n", table.JSONL, []string{"a", "b", "c"}, []table.Row{{1, []string{"x", "1"}}, {3, []string{"", "1e2", `[1,{"d":2}]`}}}},
		"JSON Lines without an end": {"\ufeff {\"a\":true}", table.JSONL, []string{"a"}, []table.Row{{1, []string{"true"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, rows, err := read(strings.NewReader(c.in))
			require.NoError(t, err)
			require.Equal(t, table.File{Format: c.format, Columns: c.columns, Lines: int64(len(c.rows)), Size: int64(len(c.in))}, f)
			require.Equal(t, c.rows, rows)
		})
	}
}

func TestWrongFilesAreRefusedByLineAndReason(t *testing.T) {
	t.Parallel()
	var long strings.Builder
	long.WriteString("a,b\n")
	for i := range 600 {
		if i == 510 {
			long.WriteString("x,\"y\"z,\n") // line 512
		}
		fmt.Fprintf(&long, "%d,y\n", i)
	}
	for name, c := range map[string]struct{ in, want string }{
		"empty":               {"", "the file is empty"},
		"blank":               {" \n\n", "the file is empty"},
		"header alone":        {"a,b\n", "the file has a header and no line below it"},
		"line 512":            {long.String(), "line 512: a quoted field goes wrong at character 5; write a quote within quotes twice, and close every quote"},
		"too few fields":      {"a,b\n1,2\n3\n", "line 3: it has 1 fields and the header has 2"},
		"quote within":        {"a,b\nx\"y,2\n", "line 2: there is a quote in the middle of a field, at character 2"},
		"open quote":          {"a,b\n1,2\n\"x,2\n3,4\n", "line 3: a quoted field that begins here goes wrong in line 4"},
		"duplicate header":    {"a,b,a\n1,2,3\n", `line 1: column "a" is there twice, as column 1 and 3; give each a name of its own`},
		"column without name": {"a,,c\n1,2,3\n", "line 1: column 2 has no name"},
		"not UTF-8":           {"a,b\n1,2\ncaf\xe9,2\n", "line 3: it is not UTF-8 text; save the file as UTF-8"},
		"UTF-16":              {"\xff\xfea\x00", "the file is UTF-16 text; save it as UTF-8"},
		"spreadsheet":         {"PK\x03\x04xxxx", "the file is a spreadsheet or an archive; save it as CSV or JSON Lines"},
		"zero byte":           {"a,b\n1,\x00\n", "line 2: it holds a zero byte"},
		"JSON array":          {"[{\"a\":1}]", "the file is one JSON array; write one object per line instead (JSON Lines)"},
		"JSON cut":            {"{\"a\":1}\n{\"a\":\n", "line 2: it is not JSON: unexpected end of JSON input"},
		"JSON twice":          {"{\"a\":1,\"a\":2}\n", `line 1: "a" is there twice`},
		"JSON after":          {"{\"a\":1}\n{\"a\":1} x\n", "line 2: it is not JSON"},
		"not an object":       {"{\"a\":1}\n3\n", "line 2: it is not a JSON object; write one object per line"},
		"JSON not UTF-8":      {"{\"a\":\"\xff\"}\n", "line 1: it is not UTF-8 text"},
		"long line":           {"a\n" + strings.Repeat("x", 1<<20+1), "line 2: it is longer than 1 MB"},
		"too many lines":      {"a\n" + strings.Repeat("x\n", 1001), "line 1002: this is more than 1000 lines, the limit; split the file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := read(strings.NewReader(c.in))
			var wrong *table.FileError
			require.ErrorAs(t, err, &wrong)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// endless is a file without an end; it counts what was read of it.
type endless struct{ n int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "12,3\n"[(e.n+int64(i))%5]
	}
	e.n += int64(len(p))
	return len(p), nil
}

func TestALargeFileIsGivenUpAtTheLimit(t *testing.T) {
	t.Parallel()
	in := &endless{}
	_, err := table.Read(in, table.Limits{Bytes: 4 << 20, Lines: 1 << 40}, func(table.Row) error { return nil })
	var size *table.SizeError
	require.ErrorAs(t, err, &size)
	require.EqualError(t, err, "the file is larger than 4 MB, the limit here; split it")
	require.Less(t, in.n, int64(5<<20))
}

func TestALargeFileOfOneLineIsTooLargeFirst(t *testing.T) {
	t.Parallel()
	_, _, err := read(strings.NewReader(strings.Repeat("x", 5<<20)))
	var size *table.SizeError
	require.ErrorAs(t, err, &size)
}

func TestWhatGoesWrongElsewhereIsNotTheFiles(t *testing.T) {
	t.Parallel()
	gone := errors.New("connection is gone")
	_, _, err := read(io.MultiReader(strings.NewReader("a,b\n1,2\n"), &failing{gone}))
	require.ErrorIs(t, err, gone)
	_, err = table.Read(strings.NewReader("a\n1\n"), limits, func(table.Row) error { return gone })
	require.ErrorIs(t, err, gone)
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }
