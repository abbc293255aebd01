package api

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/table"
	"github.com/opstruth/opstruth/internal/upload"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/find"
)

// UploadFile takes in a file for a tenant that the parameters name.
func (s *Server) UploadFile(ctx context.Context, r UploadFileRequestObject) (UploadFileResponseObject, error) {
	a := access.From(ctx)
	workspace, tenant, err := find.Place(ctx, s.store, a.Scope(), r.Params.Workspace, r.Params.Tenant)
	if err != nil {
		return nil, err
	}
	if err := a.Permit(auth.Operate, workspace.ID); err != nil {
		return nil, err
	}
	begun := models.Upload{WorkspaceID: workspace.ID, TenantID: tenant.ID, Name: value(r.Params.Name), UserID: a.User.ID}
	u, err := upload.Receive(ctx, s.store, begun, r.Body, s.uploadBytes)
	var size *table.SizeError
	var file *table.FileError
	if errors.As(err, &size) || errors.As(err, &file) || errors.Is(err, models.ErrUploadsFull) {
		// Whoever is still sending does not see the answer. The body is bounded by the route.
		_, _ = io.Copy(io.Discard, r.Body)
	}
	if err == nil {
		u, err = s.store.Upload(ctx, a.Scope(), u.ID)
	}
	if err != nil {
		return nil, err
	}
	return UploadFile201JSONResponse{
		Id: u.ID, Name: u.Name, Format: UploadFormat(u.Format), Columns: u.Columns, Lines: u.Lines, Size: u.Size,
		CreatedAt: u.CreatedAt.Truncate(time.Microsecond),
	}, nil
}
