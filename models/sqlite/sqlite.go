// Package sqlite opens the store on an SQLite file, for the program that needs nothing beside itself.
package sqlite

import (
	"context"
	"errors"

	"github.com/opstruth/opstruth/models"
)

// Open opens the store in the file at path.
func Open(ctx context.Context, path string) (*models.Store, error) {
	return nil, errors.New("query is not written yet")
}
