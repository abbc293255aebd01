package api

import (
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
	info, err := s.store.ArtifactInfo(ctx, a.Scope(), a.Run.ID, r.Name)
	if err != nil {
		return nil, err
	}
	return file{Artifact: info, write: func(w http.ResponseWriter) error {
		return s.store.ArtifactTo(ctx, a.Scope(), a.Run.ID, info.Name, w)
	}}, nil
}

// Download writes the headers of an artifact's download. It is never shown as a page of ours, whatever its content claims
// to be.
func Download(h http.Header, a models.Artifact) {
	h.Set("Content-Type", a.ContentType)
	h.Set("Content-Length", strconv.FormatInt(a.Size, 10))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Name}))
	h.Set("Content-Security-Policy", "sandbox")
}

// file is a download, piece by piece.
type file struct {
	models.Artifact
	write func(http.ResponseWriter) error
}

func (f file) VisitGetArtifactResponse(w http.ResponseWriter) error {
	Download(w.Header(), f.Artifact)
	w.WriteHeader(http.StatusOK)
	return f.write(w)
}
