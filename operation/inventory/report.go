package inventory

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
)

// DiffName and summaryName are the artifacts of a run.
const (
	DiffName    = "diff.json"
	summaryName = "summary.txt"
)

// Diff is what changed since each collection's last complete reading.
type Diff struct {
	Connection  string       `json:"connection"`
	First       bool         `json:"first"`    // no collection was read before
	Complete    bool         `json:"complete"` // every collection was read to its end
	Objects     int64        `json:"objects"`  // in the snapshot
	Added       []Object     `json:"added"`
	Changed     []Object     `json:"changed"`
	Removed     []Object     `json:"removed"`
	Missing     []Missing    `json:"missing"`
	Collections []Collection `json:"collections"`
}

// Object is one object that differs.
type Object struct {
	Collection string   `json:"collection"`
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Fields     []string `json:"fields,omitempty"` // that changed
}

// Missing is what was not read. Its objects are not told as removed.
type Missing struct {
	Collection string `json:"collection"`
	FromPage   int64  `json:"from_page"`
	Reason     string `json:"reason"`
}

// Collection is how one collection fared.
type Collection struct {
	Name         string `json:"name"`
	Complete     bool   `json:"complete"`
	Pages        int64  `json:"pages"`
	Objects      int64  `json:"objects"`
	ComparedWith string `json:"compared_with,omitempty"` // run id; none for a first reading
	Added        int    `json:"added"`
	Changed      int    `json:"changed"`
	Removed      int    `json:"removed"`
}

// finish compares the snapshot and stores what came out.
func (s *syncer) finish(ctx context.Context, run *operation.Run[Input]) error {
	inv, err := s.store.Inventory(ctx, run.ID)
	if err != nil {
		return err
	}
	d := Diff{
		Connection: run.Target, First: true, Complete: true,
		Added: []Object{}, Changed: []Object{}, Removed: []Object{}, Missing: []Missing{}, Collections: []Collection{},
	}
	for _, c := range inv.Collections {
		if err := s.compare(ctx, run.ID, c, &d); err != nil {
			return err
		}
	}
	raw, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("write the diff: %w", err)
	}
	if err := run.Artifact(ctx, DiffName, "application/json", raw); err != nil {
		return err
	}
	return run.Artifact(ctx, summaryName, "text/plain; charset=utf-8", []byte(d.summary()))
}

func (s *syncer) compare(ctx context.Context, runID string, c models.InventoryCollection, d *Diff) error {
	changed := len(d.Changed)
	diff, err := s.store.InventoryDiff(ctx, runID, c.Name, func(change models.InventoryChange) error {
		fields, err := differing(change.Before, change.After)
		d.Changed = append(d.Changed, Object{Collection: c.Name, ID: change.ID, Name: change.Name, Fields: fields})
		return err
	})
	if err != nil {
		return err
	}
	d.Added = append(d.Added, listed(c.Name, diff.Added)...)
	d.Removed = append(d.Removed, listed(c.Name, diff.Removed)...)
	d.First = d.First && diff.BaseRunID == ""
	d.Complete = d.Complete && c.Complete
	d.Objects += c.Objects
	if !c.Complete {
		d.Missing = append(d.Missing, Missing{Collection: c.Name, FromPage: c.Pages + 1, Reason: c.Problem})
	}
	d.Collections = append(d.Collections, Collection{
		Name: c.Name, Complete: c.Complete, Pages: c.Pages, Objects: c.Objects, ComparedWith: diff.BaseRunID,
		Added: len(diff.Added), Changed: len(d.Changed) - changed, Removed: len(diff.Removed),
	})
	return nil
}

func listed(collection string, objects []models.InventoryObject) []Object {
	out := make([]Object, len(objects))
	for i, o := range objects {
		out[i] = Object{Collection: collection, ID: o.ID, Name: o.Name}
	}
	return out
}
