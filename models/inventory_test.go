package models_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// inventories reads snapshots of one connection, one run each.
type inventories struct {
	t          *testing.T
	s          *models.Store
	w          modelstest.World
	connection string
}

func newInventories(t *testing.T, s *models.Store) *inventories {
	t.Helper()
	w := modelstest.Seed(t, s)
	c, err := s.SaveConnection(t.Context(), models.Connection{TenantID: w.North.ID, Name: "directory", BaseURL: "https://x", Auth: models.AuthNone})
	require.NoError(t, err)
	return &inventories{t, s, w, c.ID}
}

// read stores a snapshot: objects by collection as "id=body"; a collection whose name ends in "!" is not read to its end.
func (i *inventories) read(collections map[string][]string) models.Run {
	i.t.Helper()
	run := modelstest.Running(i.t, i.s, i.w.NewRun())
	var names []string
	for _, name := range []string{"devices", "users", "users!"} {
		if _, ok := collections[name]; ok {
			names = append(names, trim(name))
		}
	}
	inv, err := i.s.BeginInventory(i.t.Context(), run.ID, i.connection, names)
	require.NoError(i.t, err)
	require.Len(i.t, inv.Collections, len(names))
	for name, objects := range collections {
		c := models.InventoryCollection{Name: trim(name), Pages: 1, Complete: name == trim(name)}
		if !c.Complete {
			c.Problem = "HTTP 500"
		}
		require.NoError(i.t, i.s.SaveInventoryPage(i.t.Context(), run.ID, c, stored(objects)))
	}
	return run
}

func (i *inventories) ended(collections map[string][]string) models.Run {
	return modelstest.Finish(i.t, i.s, i.read(collections), lifecycle.Succeeded)
}

func trim(name string) string {
	if name[len(name)-1] == '!' {
		return name[:len(name)-1]
	}
	return name
}

func stored(objects []string) []models.InventoryObject {
	var out []models.InventoryObject
	for _, o := range objects {
		out = append(out, models.InventoryObject{ID: o[:1], Name: "n" + o[:1], Hash: o[2:], Body: o[2:]})
	}
	return out
}

// diff tells added, changed and removed ids.
func (i *inventories) diff(run models.Run, collection string) (base, story string) {
	i.t.Helper()
	var changed []string
	d, err := i.s.InventoryDiff(i.t.Context(), run.ID, collection, func(c models.InventoryChange) error {
		changed = append(changed, c.ID+":"+c.Before+">"+c.After)
		return nil
	})
	require.NoError(i.t, err)
	ids := func(objects []models.InventoryObject) (out []string) {
		for _, o := range objects {
			out = append(out, o.ID+o.Name)
		}
		return out
	}
	return d.BaseRunID, fmt.Sprint(ids(d.Added), changed, ids(d.Removed))
}

func TestInventoryIsComparedWithTheNewestCompleteReading(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		i := newInventories(t, s)
		first := i.ended(map[string][]string{"users": {"a=1", "b=1", "c=1"}, "devices": {"x=1"}})
		base, story := i.diff(first, "users")
		require.Empty(t, base)
		require.Equal(t, "[] [] []", story)

		second := i.ended(map[string][]string{"users": {"a=1", "b=2", "d=1"}})
		base, story = i.diff(second, "users")
		require.Equal(t, first.ID, base)
		require.Equal(t, "[dnd] [b:1>2] [cnc]", story)

		partial := i.ended(map[string][]string{"users!": {"a=9", "e=1"}})
		base, story = i.diff(partial, "users")
		require.Equal(t, second.ID, base)
		require.Equal(t, "[ene] [a:1>9] []", story, "what was not read is not removed")

		last := i.read(map[string][]string{"users": {"a=1"}, "devices": {}})
		base, story = i.diff(last, "users")
		require.Equal(t, second.ID, base, "not the partial one")
		require.Equal(t, "[] [] [bnb dnd]", story)
		base, story = i.diff(last, "devices")
		require.Equal(t, first.ID, base, "the newest that has read this collection")
		require.Equal(t, "[] [] [xnx]", story)
		_, err := s.Inventory(t.Context(), partial.ID)
		require.ErrorIs(t, err, models.ErrNotFound, "nothing can be compared with it any more")
	})
}

func TestInventoryOfAnEndedRunStaysAsItIs(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		i := newInventories(t, s)
		run := i.ended(map[string][]string{"users": {"a=1"}})
		late := models.InventoryCollection{Name: "users", Pages: 2, Complete: true}
		err := s.SaveInventoryPage(t.Context(), run.ID, late, stored([]string{"b=1"}))
		require.ErrorIs(t, err, lifecycle.ErrEnded)
		inv, err := s.Inventory(t.Context(), run.ID)
		require.NoError(t, err)
		require.Equal(t, []models.InventoryCollection{{Name: "users", Pages: 1, Complete: true, Objects: 1}}, inv.Collections)
	})
}

func TestInventoryPageMayBeStoredAgain(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		i := newInventories(t, s)
		run := i.read(map[string][]string{"users!": {"a=1", "b=1"}})
		again, err := s.BeginInventory(t.Context(), run.ID, i.connection, []string{"others"})
		require.NoError(t, err)
		require.Equal(t, []models.InventoryCollection{{Name: "users", Pages: 1, Problem: "HTTP 500", Objects: 2}}, again.Collections)
		var many []models.InventoryObject
		for n := range 1200 {
			many = append(many, models.InventoryObject{ID: fmt.Sprint(n), Name: "n", Hash: "h", Body: "{}"})
		}
		c := models.InventoryCollection{Name: "users", Pages: 2, Complete: true}
		for range 2 {
			require.NoError(t, s.SaveInventoryPage(t.Context(), run.ID, c, append(many, stored([]string{"b=2"})...)))
		}
		inv, err := s.Inventory(t.Context(), run.ID)
		require.NoError(t, err)
		require.Equal(t, int64(1202), inv.Collections[0].Objects)
	})
}
