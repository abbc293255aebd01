package inventory

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation/odata"
)

// maxID is the longest id of an object, in bytes.
const maxID = 500

// maxName is the longest name that is kept, in characters.
const maxName = 200

// convert makes objects that can be compared of a page's. An object that is on
// the page twice counts once, as it is there last.
func convert(page []json.RawMessage) ([]models.InventoryObject, error) {
	objects := make([]models.InventoryObject, 0, len(page))
	at := make(map[string]int, len(page))
	for n, raw := range page {
		o, err := object(raw)
		if err != nil {
			return nil, &odata.ContentError{What: fmt.Sprintf("object %d %v", n+1, err)}
		}
		if i, twice := at[o.ID]; twice {
			objects[i] = o
			continue
		}
		at[o.ID] = len(objects)
		objects = append(objects, o)
	}
	return objects, nil
}

// object keeps an object in one canonical form. What the protocol adds to it,
// such as its etag, is no part of the configuration.
func object(raw json.RawMessage) (models.InventoryObject, error) {
	var fields map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&fields); err != nil || fields == nil {
		return models.InventoryObject{}, fmt.Errorf("is not a JSON object")
	}
	for name := range fields {
		if strings.HasPrefix(name, "@odata.") {
			delete(fields, name)
		}
	}
	id, _ := fields["id"].(string)
	if number, ok := fields["id"].(json.Number); ok {
		id = number.String()
	}
	if id == "" || len(id) > maxID || strings.ContainsRune(id, 0) {
		return models.InventoryObject{}, fmt.Errorf("has no usable id")
	}
	body, err := json.Marshal(fields) // with sorted names
	if err != nil {
		return models.InventoryObject{}, fmt.Errorf("cannot be kept: %w", err)
	}
	sum := sha256.Sum256(body)
	return models.InventoryObject{ID: id, Name: name(fields, id), Hash: hex.EncodeToString(sum[:]), Body: string(body)}, nil
}

// name is what people call the object.
func name(fields map[string]any, id string) string {
	for _, field := range []string{"displayName", "name", "userPrincipalName", "title"} {
		if s, _ := fields[field].(string); strings.TrimSpace(s) != "" {
			r := []rune(strings.TrimSpace(s))
			return string(r[:min(len(r), maxName)])
		}
	}
	return id
}

// differing names the fields in which two canonical bodies differ.
func differing(before, after string) ([]string, error) {
	var b, a map[string]json.RawMessage
	if err := json.Unmarshal([]byte(before), &b); err != nil {
		return nil, fmt.Errorf("read the object as it was: %w", err)
	}
	if err := json.Unmarshal([]byte(after), &a); err != nil {
		return nil, fmt.Errorf("read the object as it is: %w", err)
	}
	var names []string
	for name, value := range a {
		if !bytes.Equal(b[name], value) {
			names = append(names, name)
		}
	}
	for name := range b {
		if _, kept := a[name]; !kept {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
