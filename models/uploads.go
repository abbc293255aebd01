package models

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// UnusedUploadsStay is for how long an upload stays that no run works on.
const UnusedUploadsStay = 24 * time.Hour

// What a workspace may keep of uploads that no run names: so many, which together take so many times the largest file.
const (
	MostUnusedUploads   = 1000
	MostUnusedInLargest = 32
)

// Upload is a file that a tenant's operations may read. It stays for as long as a run names it in its input, so that the
// run can be retried.
type Upload struct {
	ID          string
	WorkspaceID string
	TenantID    string
	Name        string // the file's, as people know it
	Format      string
	Columns     []string
	Lines       int64  // records, without a header
	Size        int64  // bytes that were received
	Digest      string // of the whole file
	UserID      string
	CreatedAt   time.Time
}

// UploadPart is a run of whole records. The store does not know what is in Body.
type UploadPart struct {
	FirstLine int64 // of the file, where its first record begins
	LastLine  int64 // where its last record begins
	Body      []byte
}

// BeginUpload makes an upload that nobody sees until CompleteUpload; u.Size is the most that it may come to. Uploads that
// no run has named for a day go. ErrUploadsFull where the workspace keeps as much without use as it may; of several that
// begin at one moment each may be the last.
func (s *Store) BeginUpload(ctx context.Context, u Upload) (id string, err error) {
	if id, err = newID(); err != nil {
		return "", err
	}
	err = s.Write(ctx, func(tx *gorm.DB) error {
		if err := s.pruneUploads(tx); err != nil {
			return err
		}
		if err := unusedFit(tx, u); err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO uploads (id, workspace_id, tenant_id, name, size, user_id, created_at, sent_at)
			VALUES (?, ?, ?, ?, ?, NULLIF(?, ''), `+s.clock+`, `+s.clock+`)`, id, u.WorkspaceID, u.TenantID, u.Name, u.Size, u.UserID).Error
	})
	if errors.Is(err, ErrUploadsFull) {
		return "", ErrUploadsFull // people read it
	}
	if err != nil {
		return "", fmt.Errorf("begin upload: %w", err)
	}
	return id, nil
}

// unusedFit refuses an upload that is one too many beside those of its workspace that no run names. What still arrives
// counts as large as it may become.
func unusedFit(tx *gorm.DB, u Upload) error {
	var kept struct{ Files, Bytes int64 }
	err := tx.Raw(`SELECT COUNT(*) AS files, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes FROM uploads WHERE workspace_id = ? AND NOT used`,
		u.WorkspaceID).Scan(&kept).Error
	if err == nil && (kept.Files >= MostUnusedUploads || kept.Bytes+u.Size > MostUnusedInLargest*u.Size) {
		err = ErrUploadsFull
	}
	return err
}

// UseUploads notes that a run names these uploads: they stay, and count as unused no more. What nobody noted is found out
// before it would go.
func (s *Store) UseUploads(ctx context.Context, ids []string) error {
	if _, err := s.exec(ctx, `UPDATE uploads SET used = TRUE WHERE id IN ? AND NOT used`, ids); err != nil {
		return fmt.Errorf("note uploads as used: %w", err)
	}
	return nil
}

// pruneUploads removes old uploads that no run's input names. One that is found named is not asked about again.
func (s *Store) pruneUploads(tx *gorm.DB) error {
	before := UnusedUploadsStay.Microseconds()
	err := tx.Exec(`UPDATE uploads SET used = TRUE WHERE NOT used AND complete AND sent_at < `+s.clock+` - ? AND EXISTS (
		SELECT 1 FROM operation_runs r WHERE r.tenant_id = uploads.tenant_id AND r.queued_at >= uploads.created_at
			AND r.input LIKE '%' || uploads.id || '%')`, before).Error
	if err != nil {
		return err
	}
	return tx.Exec(`DELETE FROM uploads WHERE NOT used AND sent_at < `+s.clock+` - ?`, before).Error
}

// AddUploadPart stores the next records of an upload.
func (s *Store) AddUploadPart(ctx context.Context, id string, p UploadPart) error {
	_, err := s.exec(ctx, `INSERT INTO upload_parts (upload_id, first_line, last_line, body) VALUES (?, ?, ?, ?)`, id, p.FirstLine, p.LastLine, p.Body)
	if err != nil {
		return fmt.Errorf("store lines %d to %d of upload %s: %w", p.FirstLine, p.LastLine, id, err)
	}
	return nil
}

// CompleteUpload makes an upload visible, with what is known of it now: format, columns, lines, size and digest. Where
// the tenant has uploaded the same file before, it returns that upload's id, and this one is dropped.
func (s *Store) CompleteUpload(ctx context.Context, u Upload) (id string, err error) {
	columns, err := json.Marshal(u.Columns)
	if err != nil {
		return "", fmt.Errorf("complete upload: %w", err)
	}
	type row struct{ ID string }
	for {
		rows, err := s.exec(ctx, `UPDATE uploads SET format = ?, columns = ?, line_count = ?, size = ?, digest = ?, complete = TRUE WHERE id = ?`,
			u.Format, string(columns), u.Lines, u.Size, u.Digest, u.ID)
		switch {
		case err == nil && rows == 0:
			return "", fmt.Errorf("complete upload: %w", ErrNotFound)
		case err == nil:
			return u.ID, nil
		case !s.d.UniqueErr(err):
			return "", fmt.Errorf("complete upload: %w", err)
		}
		same, err := written[row](ctx, s, "upload", `UPDATE uploads SET sent_at = `+s.clock+`
			WHERE complete AND digest = ? AND name = ? AND tenant_id = (SELECT tenant_id FROM uploads WHERE id = ?) RETURNING id`, u.Digest, u.Name, u.ID)
		if errors.Is(err, ErrNotFound) {
			continue // it went this instant
		}
		if err == nil {
			err = s.DropUpload(ctx, u.ID)
		}
		return same.ID, err
	}
}

// DropUpload removes an upload that was not completed.
func (s *Store) DropUpload(ctx context.Context, id string) error {
	if _, err := s.exec(ctx, `DELETE FROM uploads WHERE id = ? AND NOT complete`, id); err != nil {
		return fmt.Errorf("drop upload: %w", err)
	}
	return nil
}

// Upload finds a complete upload of a tenant that the scope opens.
func (s *Store) Upload(ctx context.Context, sc Scope, id string) (Upload, error) {
	visible, args, err := sc.tenants("u.workspace_id", "u.tenant_id")
	if err != nil {
		return Upload{}, err
	}
	type row struct {
		ID, WorkspaceID, TenantID, Name, Format, Columns, UserID string
		LineCount, Size, CreatedAt                               int64
	}
	r, err := one[row](ctx, s, "upload", `SELECT u.id, u.workspace_id, u.tenant_id, u.name, u.format, u.columns, u.line_count, u.size,
		COALESCE(u.user_id, '') AS user_id, u.created_at FROM uploads u WHERE u.id = ? AND u.complete AND `+visible, append([]any{id}, args...)...)
	if err != nil {
		return Upload{}, err
	}
	u := Upload{
		ID: r.ID, WorkspaceID: r.WorkspaceID, TenantID: r.TenantID, Name: r.Name, Format: r.Format, Lines: r.LineCount,
		Size: r.Size, UserID: r.UserID, CreatedAt: fromMicros(r.CreatedAt),
	}
	if err := json.Unmarshal([]byte(r.Columns), &u.Columns); err != nil {
		return Upload{}, fmt.Errorf("read the columns of upload %s: %w", id, err)
	}
	return u, nil
}

// UploadPart reads the part with the first record that begins after a line; false where there is none. It is for the
// engine, which has checked the run's tenant before.
func (s *Store) UploadPart(ctx context.Context, id string, afterLine int64) (p UploadPart, ok bool, err error) {
	p, err = one[UploadPart](ctx, s, "upload", `SELECT first_line, last_line, body FROM upload_parts
		WHERE upload_id = ? AND last_line > ? ORDER BY last_line LIMIT 1`, id, afterLine)
	if errors.Is(err, ErrNotFound) {
		return UploadPart{}, false, nil
	}
	return p, err == nil, err
}
