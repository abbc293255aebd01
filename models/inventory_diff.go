package models

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// InventoryDiff is how one collection of a snapshot differs from its newest complete reading before.
type InventoryDiff struct {
	BaseRunID string            // the run whose reading it is compared with; empty when there is none
	Added     []InventoryObject // without bodies
	Removed   []InventoryObject // without bodies; none where the collection was not read to its end
}

// InventoryChange is an object that differs. The bodies are as before and as now.
type InventoryChange struct {
	ID     string `gorm:"column:object_id"`
	Name   string
	Before string
	After  string
}

// changesAtOnce bounds how many bodies one query returns.
const changesAtOnce = 500

// InventoryDiff compares one collection of a run's snapshot with the newest snapshot before, of the same connection, that
// has read it to its end. Objects are listed by id; each changed one is handed to changed as it is found.
func (s *Store) InventoryDiff(ctx context.Context, runID, collection string, changed func(InventoryChange) error) (InventoryDiff, error) {
	var d InventoryDiff
	err := s.inventoryDiff(ctx, runID, collection, &d, changed)
	if err != nil {
		return InventoryDiff{}, fmt.Errorf("compare %s of run %s: %w", collection, runID, err)
	}
	return d, nil
}

func (s *Store) inventoryDiff(ctx context.Context, runID, collection string, d *InventoryDiff, changed func(InventoryChange) error) error {
	var at struct {
		Now, Base, BaseRun string
		Complete           bool
	}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT n.id AS now, c.complete, COALESCE(b.id, '') AS base, COALESCE(b.run_id, '') AS base_run
			FROM inventory_snapshots n
			JOIN inventory_collections c ON c.snapshot_id = n.id AND c.name = ?
			LEFT JOIN inventory_snapshots b ON b.id = (
				SELECT o.id FROM inventory_snapshots o JOIN inventory_collections oc ON oc.snapshot_id = o.id
				WHERE o.connection_id = n.connection_id AND oc.name = c.name AND oc.complete AND (o.created_at, o.id) < (n.created_at, n.id)
				ORDER BY o.created_at DESC, o.id DESC LIMIT 1)
			WHERE n.run_id = ?`, collection, runID).Scan(&at).Error
	})
	if err != nil || at.Base == "" {
		return err
	}
	d.BaseRunID = at.BaseRun
	if d.Added, err = s.onlyIn(ctx, at.Now, at.Base, collection); err != nil {
		return err
	}
	if at.Complete {
		if d.Removed, err = s.onlyIn(ctx, at.Base, at.Now, collection); err != nil {
			return err
		}
	}
	for after := ""; ; {
		var batch []InventoryChange
		err := s.read(ctx, func(db *gorm.DB) error {
			return db.Raw(`SELECT n.object_id, n.name, b.body AS before, n.body AS after
				FROM inventory_objects n
				JOIN inventory_objects b ON b.snapshot_id = ? AND b.collection = n.collection AND b.object_id = n.object_id
				WHERE n.snapshot_id = ? AND n.collection = ? AND n.object_id > ? AND n.hash <> b.hash
				ORDER BY n.object_id LIMIT ?`, at.Base, at.Now, collection, after, changesAtOnce).Scan(&batch).Error
		})
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, c := range batch {
			if err := changed(c); err != nil {
				return err
			}
		}
		after = batch[len(batch)-1].ID
	}
}

// onlyIn lists the objects of one snapshot that another one has not.
func (s *Store) onlyIn(ctx context.Context, snapshot, other, collection string) ([]InventoryObject, error) {
	var objects []InventoryObject
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT o.object_id, o.name FROM inventory_objects o
			WHERE o.snapshot_id = ? AND o.collection = ? AND NOT EXISTS (
				SELECT 1 FROM inventory_objects x WHERE x.snapshot_id = ? AND x.collection = o.collection AND x.object_id = o.object_id)
			ORDER BY o.object_id`, snapshot, collection, other).Scan(&objects).Error
	})
	return objects, err
}
