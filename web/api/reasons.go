package api

import (
	"context"

	"github.com/opstruth/opstruth/web/access"
)

func (s *Server) reasons(ctx context.Context, limit *int) (ReasonListJSONResponse, error) {
	a := access.From(ctx)
	groups, total, err := s.store.Reasons(ctx, a.Scope(), a.Run.ID, page(nil, limit).Limit)
	if err != nil {
		return ReasonListJSONResponse{}, err
	}
	out := ReasonListJSONResponse{Reasons: make([]Reason, len(groups)), Total: total, Failed: a.Run.Facts.Counts.Failed}
	for i, g := range groups {
		out.Reasons[i] = Reason{Text: g.Reason, Items: g.Items, Key: g.Example.Key, Message: g.Example.Message}
	}
	return out, nil
}

// ListReasons is why a run's items failed.
func (s *Server) ListReasons(ctx context.Context, r ListReasonsRequestObject) (ListReasonsResponseObject, error) {
	out, err := s.reasons(ctx, r.Params.Limit)
	return ListReasons200JSONResponse{out}, err
}

// SystemListReasons is why the items of a run of any workspace failed.
func (s *Server) SystemListReasons(ctx context.Context, r SystemListReasonsRequestObject) (SystemListReasonsResponseObject, error) {
	out, err := s.reasons(ctx, r.Params.Limit)
	return SystemListReasons200JSONResponse{out}, err
}
