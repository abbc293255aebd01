package upload

import (
	"context"
	"errors"
	"fmt"

	"github.com/opstruth/opstruth/models"
)

// ErrNotOwn refuses a file that a tenant does not have, whoever has it. It reads as what is wrong with a field.
var ErrNotOwn = errors.New("is not an uploaded file of this tenant, or was removed because no run used it for a day; upload it again")

// Finder finds complete uploads within a scope.
type Finder interface {
	Upload(ctx context.Context, sc models.Scope, id string) (models.Upload, error)
}

// Of finds a tenant's own upload.
func Of(ctx context.Context, s Finder, sc models.Scope, tenantID, id string) (models.Upload, error) {
	u, err := s.Upload(ctx, sc, id)
	if errors.Is(err, models.ErrNotFound) || (err == nil && u.TenantID != tenantID) {
		return models.Upload{}, ErrNotOwn
	}
	if err != nil {
		return models.Upload{}, fmt.Errorf("find the uploaded file: %w", err)
	}
	return u, nil
}
