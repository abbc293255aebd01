// Package upload takes in files for operations: it checks and stores them as they arrive, in parts of whole records.
// Nothing is left of a file that is refused.
package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/opstruth/opstruth/internal/table"
	"github.com/opstruth/opstruth/models"
)

// MaxLines is the largest number of records in one file.
const MaxLines = 100_000

// A part is what one step of an operation works on: small enough to be repeated, large enough that a file has few.
const (
	partLines = 1000
	partBytes = 1 << 20
)

// dropWithin bounds the removal of a refused file.
const dropWithin = 10 * time.Second

// Store is what is needed of the record store.
type Store interface {
	BeginUpload(ctx context.Context, u models.Upload) (id string, err error)
	AddUploadPart(ctx context.Context, id string, p models.UploadPart) error
	CompleteUpload(ctx context.Context, u models.Upload) (id string, err error)
	DropUpload(ctx context.Context, id string) error
}

// Receive reads a file to its end and stores it. u says whose it is and how it is named. A file that is not as it should
// be is refused with a *table.FileError or a *table.SizeError, one more than there may be with models.ErrUploadsFull.
func Receive(ctx context.Context, s Store, u models.Upload, body io.Reader, maxBytes int64) (_ models.Upload, err error) {
	u.Name, u.Size = nameOf(u.Name), maxBytes
	if u.ID, err = s.BeginUpload(ctx, u); err != nil {
		return models.Upload{}, err
	}
	begun := u.ID
	defer func() {
		if err != nil {
			undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropWithin)
			defer cancel()
			_ = s.DropUpload(undo, begun) // nobody sees what stays, and it goes with time
		}
	}()
	p := parts{ctx: ctx, store: s, id: u.ID}
	digest := sha256.New()
	file, err := table.Read(io.TeeReader(body, digest), table.Limits{Bytes: maxBytes, Lines: MaxLines}, p.add)
	if err == nil {
		err = p.flush()
	}
	if err != nil {
		return models.Upload{}, err
	}
	u.Format, u.Columns, u.Lines, u.Size = file.Format, file.Columns, file.Lines, file.Size
	u.Digest = hex.EncodeToString(digest.Sum(nil))
	u.ID, err = s.CompleteUpload(ctx, u)
	return u, err
}

// nameOf makes a file's name fit to be shown: its last element, without what does not print.
func nameOf(given string) string {
	name := path.Base(strings.ReplaceAll(given, `\`, "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "")))
	if r := []rune(name); len(r) > 120 {
		name = string(r[:120])
	}
	if name == "" || name == "." || name == "/" {
		return "upload"
	}
	return name
}

// parts gathers records.
type parts struct {
	ctx   context.Context //nolint:containedctx // it lives within one call
	store Store
	id    string
	rows  []table.Row
	size  int
}

func (p *parts) add(r table.Row) error {
	p.rows = append(p.rows, r)
	for _, v := range r.Values {
		p.size += len(v) + 3
	}
	if len(p.rows) < partLines && p.size < partBytes {
		return nil
	}
	return p.flush()
}

func (p *parts) flush() error {
	if len(p.rows) == 0 {
		return nil
	}
	body, err := json.Marshal(p.rows)
	if err != nil {
		return fmt.Errorf("encode lines: %w", err)
	}
	part := models.UploadPart{FirstLine: p.rows[0].Line, LastLine: p.rows[len(p.rows)-1].Line, Body: body}
	p.rows, p.size = nil, 0
	return p.store.AddUploadPart(p.ctx, p.id, part)
}

// Rows reads the records of a part.
func Rows(p models.UploadPart) ([]table.Row, error) {
	var rows []table.Row
	if err := json.Unmarshal(p.Body, &rows); err != nil {
		return nil, fmt.Errorf("read lines %d to %d of an upload: %w", p.FirstLine, p.LastLine, err)
	}
	return rows, nil
}
