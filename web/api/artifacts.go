package api

import (
	"bytes"
	"context"
	"mime"
	"net/http"
	"strconv"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
)

// ListArtifacts are the files that a run produced.
func (s *Server) ListArtifacts(ctx context.Context, _ ListArtifactsRequestObject) (ListArtifactsResponseObject, error) {
	a := access.From(ctx)
	list, err := s.store.Artifacts(ctx, a.Scope(), a.Run.ID)
	if err != nil {
		return nil, err
	}
	out := ArtifactListJSONResponse{Artifacts: make([]Artifact, len(list))}
	for i, x := range list {
		out.Artifacts[i] = Artifact{Name: x.Name, ContentType: x.ContentType, Size: x.Size, CreatedAt: x.CreatedAt}
	}
	return ListArtifacts200JSONResponse{out}, nil
}

// GetArtifact downloads one of them.
func (s *Server) GetArtifact(ctx context.Context, r GetArtifactRequestObject) (GetArtifactResponseObject, error) {
	a := access.From(ctx)
	found, err := s.store.Artifact(ctx, a.Scope(), a.Run.ID, r.Name)
	return file(found), err
}

// file is a download. It is never shown as a page of ours, whatever its content claims to be.
type file models.Artifact

func (f file) VisitGetArtifactResponse(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Content-Type", f.ContentType)
	h.Set("Content-Length", strconv.Itoa(len(f.Body)))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Security-Policy", "sandbox")
	w.WriteHeader(http.StatusOK)
	_, err := bytes.NewReader(f.Body).WriteTo(w)
	return err
}
