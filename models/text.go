package models

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/opstruth/opstruth/lifecycle"
)

// storable is a text as every database stores it. PostgreSQL refuses zero bytes and broken UTF-8, which others' words
// hold now and then: they must not make a write fail that is then repeated for ever.
func storable(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

func storableChange(c lifecycle.Change) lifecycle.Change {
	for _, text := range []*string{&c.Actor, &c.Note, &c.Failure.Code, &c.Failure.Message, &c.Wait.Reason, &c.Wait.By} {
		*text = storable(*text)
	}
	return c
}

func storableObjects(objects []InventoryObject) []InventoryObject {
	objects = slices.Clone(objects)
	for i := range objects {
		o := &objects[i]
		o.ID, o.Name, o.Body = storable(o.ID), storable(o.Name), storable(o.Body)
	}
	return objects
}

func storableItems(items []Item) []Item {
	items = slices.Clone(items)
	for i := range items {
		item := &items[i]
		for _, text := range []*string{&item.Key, &item.Code, &item.Message} {
			*text = storable(*text)
		}
		item.Detail = []byte(storable(string(item.Detail)))
	}
	return items
}
