package httpbatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/opstruth/opstruth/internal/upload"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
)

// keyRunes is how much of a key column's value is kept in an item's key.
const keyRunes = 80

// itemKey is a line's, such that keys sort as the lines do.
func itemKey(line int64, key string) string {
	k := fmt.Sprintf("%08d", line)
	if key = clip(key, keyRunes); key != "" {
		k += " " + key
	}
	return k
}

// title names a line for people; the key beside it tells which one it is.
func (r row) title() string {
	return fmt.Sprintf("Line %d", r.Line)
}

// check stops the run before any work where its file, templates or credential do not serve.
func (b *batch) check(ctx context.Context, run *operation.Run[Input]) error {
	s, err := b.sender(ctx, run)
	if err != nil {
		return err
	}
	return s.checkTokens()
}

// plan counts the lines, and says which of them a retry leaves out.
func (b *batch) plan(ctx context.Context, run *operation.Run[Input]) (operation.Plan, error) {
	u, err := b.store.Upload(ctx, models.Engine(), run.Input.File)
	if err != nil {
		return operation.Plan{}, fmt.Errorf("read the file: %w", err)
	}
	p := operation.Plan{Total: u.Lines}
	if run.RetryOf == "" {
		return p, nil
	}
	before, _, err := b.store.Run(ctx, models.Engine(), run.RetryOf)
	if err != nil {
		return p, fmt.Errorf("read the run that this one retries: %w", err)
	}
	if done := before.Facts.Counts.Succeeded + before.Facts.Counts.Skipped; done > 0 {
		p.Note = fmt.Sprintf("%d succeeded in the run that this one retries: not sent again", done)
	}
	return p, nil
}

// do sends the lines of one part of the file.
func (b *batch) do(ctx context.Context, run *operation.Run[Input], cursor string) (operation.Next, error) {
	after, err := cursorLine(cursor)
	if err != nil {
		return operation.Next{}, err
	}
	rows, last, err := b.part(ctx, run, after)
	if err != nil || len(rows) == 0 {
		return operation.Done(), err
	}
	due, err := b.due(ctx, run, rows)
	if err != nil {
		return operation.Next{}, err
	}
	if len(due) > 0 {
		s, err := b.sender(ctx, run)
		if err == nil {
			err = s.checkTokens()
		}
		if err != nil {
			return operation.Next{}, midway(err)
		}
		if err := s.all(ctx, due, run.Record); err != nil {
			return operation.Next{}, midway(err)
		}
	}
	return operation.More(strconv.FormatInt(last, 10)), nil
}

func cursorLine(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	after, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil {
		return 0, operation.Permanent(fmt.Errorf("read the cursor %q: %w", cursor, err))
	}
	return after, nil
}

// part reads the lines of the file's next part; none at its end.
func (b *batch) part(ctx context.Context, run *operation.Run[Input], after int64) (rows []row, last int64, err error) {
	part, ok, err := b.store.UploadPart(ctx, run.Input.File, after)
	if err != nil || !ok {
		return nil, 0, err
	}
	lines, err := upload.Rows(part)
	if err != nil {
		return nil, 0, operation.Permanent(err)
	}
	key := -1
	if run.Input.KeyColumn != "" {
		u, err := b.store.Upload(ctx, models.Engine(), run.Input.File)
		if err != nil {
			return nil, 0, fmt.Errorf("read the file: %w", err)
		}
		key = slices.Index(u.Columns, run.Input.KeyColumn)
	}
	for _, line := range lines {
		rows = append(rows, row{line, itemKey(line.Line, line.Value(key))})
	}
	return rows, part.LastLine, nil
}

// recorded are the ends of a part's lines in a run.
func (b *batch) recorded(ctx context.Context, runID string, rows []row) (map[string]models.Item, error) {
	items, err := b.store.RecordedItems(ctx, runID, itemKey(rows[0].Line, ""), itemKey(rows[len(rows)-1].Line+1, ""))
	if err != nil {
		return nil, fmt.Errorf("read the lines that are done: %w", err)
	}
	return items, nil
}

// due are the lines that are still to be sent: not those that have ended, as after a crash, nor those that succeeded in
// the run that this one retries, which are recorded as skipped.
func (b *batch) due(ctx context.Context, run *operation.Run[Input], rows []row) ([]row, error) {
	ended, err := b.recorded(ctx, run.ID, rows)
	if err != nil {
		return nil, err
	}
	before := map[string]models.Item{}
	if run.RetryOf != "" {
		if before, err = b.recorded(ctx, run.RetryOf, rows); err != nil {
			return nil, err
		}
	}
	var due []row
	for _, line := range rows {
		if _, known := ended[line.key]; known {
			continue
		}
		if was, known := before[line.key]; known && was.State != operation.ItemFailed {
			i := item(line, answer{}, 0)
			i.State, i.Message, i.Detail = operation.ItemSkipped, "it succeeded before and was not sent again", was.Detail
			run.Record(i)
			continue
		}
		due = append(due, line)
	}
	return due, nil
}

// midway makes what would have blocked the run end it as failed: lines were sent.
func midway(err error) error {
	var blocked *operation.BlockedError
	if errors.As(err, &blocked) {
		return operation.Permanent(err)
	}
	return err
}
