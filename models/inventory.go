package models

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// InventoryCollection is how far one collection of a snapshot was read.
type InventoryCollection struct {
	Name     string
	Pages    int64
	Complete bool   // read to its end
	Problem  string // why it was not
	Objects  int64  // read only
}

// InventoryObject is one configuration object of a tenant. Objects with equal hashes are equal.
type InventoryObject struct {
	ID   string `gorm:"column:object_id"`
	Name string
	Hash string
	Body string // canonical JSON
}

// Inventory is a run's snapshot: all that it reads over one connection.
type Inventory struct {
	ID          string
	Collections []InventoryCollection // in the order of reading
}

// BeginInventory makes a run's snapshot with the collections that are to be read, or returns the one that it has. Snapshots
// of the same connection that no later run can be compared with any more go.
func (s *Store) BeginInventory(ctx context.Context, runID, connectionID string, collections []string) (Inventory, error) {
	id, err := newID()
	if err != nil {
		return Inventory{}, err
	}
	err = s.Write(ctx, func(tx *gorm.DB) error {
		if _, _, err := s.lockActive(tx, runID); err != nil {
			return err
		}
		made := tx.Exec(`INSERT INTO inventory_snapshots (id, workspace_id, tenant_id, connection_id, run_id, created_at)
			SELECT ?, workspace_id, tenant_id, ?, id, `+s.clock+` FROM operation_runs WHERE id = ?
			ON CONFLICT (run_id) DO NOTHING`, id, connectionID, runID)
		if made.Error != nil || made.RowsAffected == 0 {
			return made.Error
		}
		for place, name := range collections {
			err := tx.Exec(`INSERT INTO inventory_collections (snapshot_id, name, place, problem) VALUES (?, ?, ?, 'it was not read')`,
				id, name, place).Error
			if err != nil {
				return err
			}
		}
		return s.pruneInventory(tx, connectionID)
	})
	if err = s.orLate(ctx, runID, err, "an inventory snapshot"); err != nil {
		return Inventory{}, err
	}
	return s.Inventory(ctx, runID)
}

// pruneInventory keeps of a connection's ended runs only those snapshots that hold the newest complete reading of some
// collection. Bodies are large, and the differences between older ones are kept as artifacts.
func (s *Store) pruneInventory(tx *gorm.DB, connectionID string) error {
	return tx.Exec(`DELETE FROM inventory_snapshots WHERE connection_id = ?
		AND run_id IN (SELECT id FROM operation_runs WHERE status = 'completed')
		AND id NOT IN (
			SELECT c.snapshot_id FROM inventory_collections c JOIN inventory_snapshots s ON s.id = c.snapshot_id
			WHERE s.connection_id = ? AND c.complete AND NOT EXISTS (
				SELECT 1 FROM inventory_collections newer JOIN inventory_snapshots n ON n.id = newer.snapshot_id
				WHERE n.connection_id = s.connection_id AND newer.name = c.name AND newer.complete
					AND (n.created_at, n.id) > (s.created_at, s.id)))`, connectionID, connectionID).Error
}

// Inventory reads a run's snapshot without its objects. It is for the engine alone: it is not scoped.
func (s *Store) Inventory(ctx context.Context, runID string) (Inventory, error) {
	var inv Inventory
	err := s.read(ctx, func(db *gorm.DB) error {
		if err := db.Raw(`SELECT id FROM inventory_snapshots WHERE run_id = ?`, runID).Scan(&inv.ID).Error; err != nil {
			return err
		}
		return db.Raw(`SELECT c.name, c.pages, c.complete, c.problem,
				(SELECT COUNT(*) FROM inventory_objects o WHERE o.snapshot_id = c.snapshot_id AND o.collection = c.name) AS objects
			FROM inventory_collections c WHERE c.snapshot_id = ? ORDER BY c.place`, inv.ID).Scan(&inv.Collections).Error
	})
	if err == nil && inv.ID == "" {
		err = ErrNotFound
	}
	if err != nil {
		return Inventory{}, fmt.Errorf("read the inventory of run %s: %w", runID, err)
	}
	return inv, nil
}

// objectsPerInsert keeps a statement's parameters far below what the databases allow.
const objectsPerInsert = 500

// SaveInventoryPage stores a page's objects with how far the collection is read now. An object that was stored before is
// replaced, so that a page may be stored again; a page itself holds no object twice. After the run's end it changes nothing, like RecordItems.
func (s *Store) SaveInventoryPage(ctx context.Context, runID string, c InventoryCollection, objects []InventoryObject) error {
	c.Problem, objects = storable(c.Problem), storableObjects(objects)
	err := s.Write(ctx, func(tx *gorm.DB) error {
		if _, _, err := s.lockActive(tx, runID); err != nil {
			return err
		}
		var snapshot string
		if err := tx.Raw(`SELECT id FROM inventory_snapshots WHERE run_id = ?`, runID).Scan(&snapshot).Error; err != nil {
			return err
		}
		for chunk := range slices.Chunk(objects, objectsPerInsert) {
			values, args := make([]string, len(chunk)), make([]any, 0, 6*len(chunk))
			for i, o := range chunk {
				values[i] = "(?, ?, ?, ?, ?, ?)"
				args = append(args, snapshot, c.Name, o.ID, o.Name, o.Hash, o.Body)
			}
			err := tx.Exec(`INSERT INTO inventory_objects (snapshot_id, collection, object_id, name, hash, body)
				VALUES `+strings.Join(values, ", ")+`
				ON CONFLICT (snapshot_id, collection, object_id) DO UPDATE SET name = excluded.name, hash = excluded.hash, body = excluded.body`,
				args...).Error
			if err != nil {
				return err
			}
		}
		return tx.Exec(`UPDATE inventory_collections SET pages = ?, complete = ?, problem = ? WHERE snapshot_id = ? AND name = ?`,
			c.Pages, c.Complete, c.Problem, snapshot, c.Name).Error
	})
	return s.orLate(ctx, runID, err, fmt.Sprintf("page %d of %s", c.Pages, c.Name))
}
