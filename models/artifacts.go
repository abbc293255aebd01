package models

import (
	"bytes"
	"context"
	"fmt"

	"gorm.io/gorm"
)

// SaveArtifact stores a file of an active run; the same name again replaces it. After the end it changes nothing,
// like RecordItems.
func (s *Store) SaveArtifact(ctx context.Context, runID, name, contentType string, body []byte) error {
	if body == nil {
		body = []byte{}
	}
	name, contentType = storable(name), storable(contentType)
	err := s.Write(ctx, func(tx *gorm.DB) error { return s.putArtifact(tx, runID, name, contentType, int64(len(body)), body) })
	return s.orLate(ctx, runID, err, fmt.Sprintf("artifact %q", name))
}

func (s *Store) putArtifact(tx *gorm.DB, runID, name, contentType string, size int64, body []byte) error {
	_, now, err := s.lockActive(tx, runID)
	if err != nil {
		return err
	}
	if err := tx.Exec(`DELETE FROM run_artifact_parts WHERE run_id = ? AND name = ?`, runID, name).Error; err != nil {
		return err
	}
	return tx.Exec(`INSERT INTO run_artifacts (run_id, name, content_type, size, created_at, body) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (run_id, name) DO UPDATE SET content_type = excluded.content_type, size = excluded.size,
			created_at = excluded.created_at, body = excluded.body`,
		runID, name, contentType, size, toMicros(now), body).Error
}

type artifactRow struct {
	Name, ContentType string
	Size, CreatedAt   int64
	Body              []byte
}

func (row artifactRow) artifact() Artifact {
	return Artifact{Name: row.Name, ContentType: row.ContentType, Size: row.Size, CreatedAt: fromMicros(row.CreatedAt), Body: row.Body}
}

// Artifacts lists a run's files without their bodies.
func (s *Store) Artifacts(ctx context.Context, sc Scope, runID string) ([]Artifact, error) {
	var rows []artifactRow
	err := s.readOf(ctx, sc, runID, func(db *gorm.DB) error {
		return db.Raw(`SELECT name, content_type, size, created_at FROM run_artifacts WHERE run_id = ? ORDER BY name`, runID).Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("list artifacts: %w", err)
	}
	artifacts := make([]Artifact, len(rows))
	for i, row := range rows {
		artifacts[i] = row.artifact()
	}
	return artifacts, nil
}

// ArtifactInfo reads what is known of one file, without its body: ArtifactTo writes that.
func (s *Store) ArtifactInfo(ctx context.Context, sc Scope, runID, name string) (Artifact, error) {
	row, err := s.artifact(ctx, sc, runID, name, `name, content_type, size, created_at`)
	return row.artifact(), err
}

// Artifact reads one file with its whole body; ArtifactTo spares the memory.
func (s *Store) Artifact(ctx context.Context, sc Scope, runID, name string) (Artifact, error) {
	row, err := s.artifact(ctx, sc, runID, name, `name, content_type, size, created_at, body`)
	if err != nil {
		return Artifact{}, err
	}
	a := row.artifact()
	if int64(len(a.Body)) < a.Size { // it was written in parts
		var whole bytes.Buffer
		err = s.ArtifactTo(ctx, sc, runID, name, &whole)
		a.Body = whole.Bytes()
	}
	return a, err
}

func (s *Store) artifact(ctx context.Context, sc Scope, runID, name, columns string) (artifactRow, error) {
	var rows []artifactRow
	err := s.readOf(ctx, sc, runID, func(db *gorm.DB) error {
		return db.Raw(`SELECT `+columns+` FROM run_artifacts WHERE run_id = ? AND name = ?`, runID, storable(name)).Scan(&rows).Error
	})
	if err != nil {
		err = fmt.Errorf("read artifact: %w", err)
	}
	return only(rows, "artifact", err)
}
