package httpbatch

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/opstruth/opstruth/internal/table"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
)

// resultsName is the run's artifact: the file's columns, and beside them what came of each line.
const resultsName = "results.csv"

var resultColumns = []string{"line", "outcome", "http_status", "attempts", "code", "message", "response"}

// finish writes the results, one part of the file after the other.
func (b *batch) finish(ctx context.Context, run *operation.Run[Input]) error {
	u, err := b.store.Upload(ctx, models.Engine(), run.Input.File)
	if err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	return b.store.WriteArtifact(ctx, run.ID, resultsName, "text/csv; charset=utf-8", func(w io.Writer) error {
		out := csv.NewWriter(w)
		if err := out.Write(append(slices.Clone(u.Columns), resultHeader(u.Columns)...)); err != nil {
			return err
		}
		for after := int64(0); ; {
			rows, last, err := b.part(ctx, run, after)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				break
			}
			items, err := b.recorded(ctx, run.ID, rows)
			if err != nil {
				return err
			}
			for _, line := range rows {
				if err := out.Write(result(line, len(u.Columns), items)); err != nil {
					return err
				}
			}
			after = last
		}
		out.Flush()
		return out.Error()
	})
}

// resultHeader names the results' columns, apart from the file's.
func resultHeader(columns []string) []string {
	names := slices.Clone(resultColumns)
	for i, name := range names {
		for slices.Contains(columns, name) {
			name = "result_" + name
		}
		names[i] = name
	}
	return names
}

func result(line row, columns int, items map[string]models.Item) []string {
	out := make([]string, columns, columns+len(resultColumns))
	copy(out, line.Values)
	number := strconv.FormatInt(line.Line, 10)
	i, known := items[line.key]
	if !known {
		return append(out, number, "not_sent", "", "", "", "", "")
	}
	var d detail
	_ = json.Unmarshal(i.Detail, &d) // without it the end still stands
	status := ""
	if d.Status > 0 {
		status = strconv.Itoa(d.Status)
	}
	return append(out, number, string(i.State), status, strconv.Itoa(d.Attempts), i.Code, table.Inert(i.Message), table.Inert(d.Response))
}
