package web

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/fault"
	"github.com/opstruth/opstruth/web/find"
	"github.com/opstruth/opstruth/web/page"
)

const (
	exportRows  = 100_000         // of one file
	exportChunk = 500             // rows of one read
	exportLimit = 2 * time.Minute // one export, all its reads included
	exportStall = 30 * time.Second
)

// bom tells spreadsheets that the text is UTF-8.
const bom = "\ufeff"

// export is the list that the page shows, whole, as a file for spreadsheets.
func (s *server) export(c *gin.Context, a access.Access) error {
	list, err := listOf(c.Request.URL.Query())
	if err != nil {
		return err
	}
	ctx, scope := c.Request.Context(), a.Scope()
	filter, err := find.Filter(ctx, s.Store, scope, list)
	if err != nil {
		return err
	}
	if filter.AsOf.IsZero() { // all rows are told at one moment
		if filter.AsOf, err = s.Store.Now(ctx); err != nil {
			return err
		}
	}
	n, err := s.Store.CountRuns(ctx, scope, filter, exportRows)
	if err != nil {
		return err
	}
	if n > exportRows {
		return &fault.Invalid{Detail: fmt.Sprintf("more than %d runs match, which is the most that one file holds; narrow the filters, for example to a shorter time, and export again", exportRows)}
	}
	frame, err := s.frame(c, a)
	if err != nil {
		return err
	}
	c.Header("Content-Type", "text/csv; charset=utf-8")
	c.Header("Content-Disposition", `attachment; filename="runs-`+filter.AsOf.UTC().Format("2006-01-02T150405Z")+`.csv"`)
	c.Status(http.StatusOK)
	if c.Request.Method == http.MethodHead {
		return nil
	}
	return s.writeExport(ctx, c.Writer, frame, func(after string) (models.RunPage, error) {
		return s.Store.ListRuns(ctx, scope, filter, models.Page{Cursor: after, Limit: exportChunk})
	}, filter.AsOf)
}

// writeExport writes page after page. What fails after the beginning is told in the file's last line, since it cannot
// be told otherwise any more.
func (s *server) writeExport(ctx context.Context, to http.ResponseWriter, f page.Frame, read func(after string) (models.RunPage, error), now time.Time) error {
	out, wire := csv.NewWriter(to), http.NewResponseController(to)
	if _, err := to.Write([]byte(bom)); err != nil {
		return nil //nolint:nilerr // the reader has gone
	}
	_ = out.Write(page.ExportHeader()) // what fails is told by Flush
	written, after := 0, ""
	for {
		_ = wire.SetWriteDeadline(time.Now().Add(exportStall)) // where there is a connection
		p, err := read(after)
		if err != nil {
			s.Logger.ErrorContext(ctx, "export ended early", "rows", written, "error", err)
			_ = out.Write([]string{fmt.Sprintf("This file is not complete: reading failed after %d runs. Export again.", written)})
		}
		for _, r := range p.Runs {
			_ = out.Write(f.ExportRow(r, now))
		}
		written += len(p.Runs)
		if p.Next != "" && written >= exportRows {
			_ = out.Write([]string{fmt.Sprintf("This file is not complete: it holds the first %d runs. Narrow the filters.", written)})
			p.Next = ""
		}
		out.Flush()
		if out.Error() != nil || p.Next == "" {
			return nil //nolint:nilerr // done, or the reader has gone; what could not be read is told in the file
		}
		after = p.Next
	}
}
