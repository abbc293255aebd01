package models

import (
	"context"
	"fmt"
	"io"

	"gorm.io/gorm"
)

// artifactPartBytes is how much of a large artifact is in memory at a time.
const artifactPartBytes = 1 << 20

// WriteArtifact stores a file of an active run as it is produced, piece by piece, so that its size does not matter. It
// appears once it is whole; the same name again replaces it. After the run's end it changes nothing, like RecordItems.
// Until then the parts have a name of their own: of two attempts that write the file at the same time, of which one is cut
// off, each writes its own.
func (s *Store) WriteArtifact(ctx context.Context, runID, name, contentType string, produce func(io.Writer) error) error {
	name, contentType = storable(name), storable(contentType)
	id, err := newID()
	if err != nil {
		return err
	}
	w := &artifactWriter{ctx: ctx, s: s, runID: runID, name: unfinished + id + name}
	if err = produce(w); err == nil {
		err = w.flush()
	}
	if err == nil {
		err = s.Write(ctx, func(tx *gorm.DB) error {
			if err := s.putArtifact(tx, runID, name, contentType, w.size, []byte{}); err != nil {
				return err
			}
			return w.finish(tx, name)
		})
	}
	if err != nil {
		_, _ = s.exec(context.WithoutCancel(ctx), `DELETE FROM run_artifact_parts WHERE run_id = ? AND name = ?`, runID, w.name)
	}
	return s.orLate(ctx, runID, err, fmt.Sprintf("artifact %q", name))
}

// unfinished, an id and the name of the file name the parts of one that is being written.
const unfinished = "\x01"

// artifactWriter stores what is written to it in parts.
type artifactWriter struct {
	ctx   context.Context //nolint:containedctx // it lives within one call
	s     *Store
	runID string
	name  string
	place int64
	size  int64
	part  []byte
}

func (w *artifactWriter) Write(p []byte) (int, error) {
	w.part = append(w.part, p...)
	w.size += int64(len(p))
	if len(w.part) < artifactPartBytes {
		return len(p), nil
	}
	return len(p), w.flush()
}

func (w *artifactWriter) flush() error {
	if len(w.part) == 0 {
		return nil
	}
	err := w.s.Write(w.ctx, func(tx *gorm.DB) error {
		if _, _, err := w.s.lockActive(tx, w.runID); err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO run_artifact_parts (run_id, name, place, body) VALUES (?, ?, ?, ?)`, w.runID, w.name, w.place, w.part).Error
	})
	if err != nil {
		return fmt.Errorf("store part %d: %w", w.place, err)
	}
	w.place++
	w.part = w.part[:0]
	return nil
}

// finish gives the parts the file's name, and removes those that nobody has finished.
func (w *artifactWriter) finish(tx *gorm.DB, name string) error {
	var written int64
	if err := tx.Raw(`SELECT COUNT(*) FROM run_artifact_parts WHERE run_id = ? AND name = ?`, w.runID, w.name).Scan(&written).Error; err != nil {
		return err
	}
	if written != w.place {
		return fmt.Errorf("another attempt has written the file meanwhile; %d parts of %d are left", written, w.place)
	}
	err := tx.Exec(`DELETE FROM run_artifact_parts WHERE run_id = ? AND SUBSTR(name, 1, 1) = ? AND SUBSTR(name, ?) = ? AND name <> ?`,
		w.runID, unfinished, len(w.name)-len(name)+1, name, w.name).Error
	if err != nil {
		return err
	}
	return tx.Exec(`UPDATE run_artifact_parts SET name = ? WHERE run_id = ? AND name = ?`, name, w.runID, w.name).Error
}

// ArtifactTo writes a file's body to w, one part in memory at a time. What is missing or outside the scope writes nothing.
func (s *Store) ArtifactTo(ctx context.Context, sc Scope, runID, name string, w io.Writer) error {
	query, args := `SELECT body FROM run_artifacts WHERE run_id = ? AND name = ? AND LENGTH(body) > 0`, []any{runID, name}
	for place := int64(0); ; place++ {
		var bodies [][]byte
		err := s.readOf(ctx, sc, runID, func(db *gorm.DB) error { return db.Raw(query, args...).Scan(&bodies).Error })
		if err != nil {
			return fmt.Errorf("read artifact %q: %w", name, err)
		}
		if len(bodies) > 0 {
			if _, err := w.Write(bodies[0]); err != nil {
				return err
			}
		}
		if len(bodies) == 0 && place > 0 {
			return nil
		}
		query, args = `SELECT body FROM run_artifact_parts WHERE run_id = ? AND name = ? AND place = ?`, []any{runID, name, place}
	}
}
