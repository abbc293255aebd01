package api

import (
	"context"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/find"
)

// SystemListStuck groups what is likely stuck by cause and task queue.
func (s *Server) SystemListStuck(ctx context.Context, _ SystemListStuckRequestObject) (SystemListStuckResponseObject, error) {
	list, err := links.Parse(query(ctx))
	if err != nil {
		return nil, err
	}
	scope := access.From(ctx).Scope()
	filter, err := find.Filter(ctx, s.store, scope, list)
	if err != nil {
		return nil, err
	}
	if filter.AsOf.IsZero() {
		if filter.AsOf, err = s.store.Now(ctx); err != nil {
			return nil, err
		}
	}
	groups, err := s.store.StuckGroups(ctx, scope, filter)
	if err != nil {
		return nil, err
	}
	out := StuckGroupsJSONResponse{AsOf: filter.AsOf, Groups: make([]StuckGroup, len(groups))}
	for i, g := range groups {
		step := g.NextStep()
		out.Groups[i] = StuckGroup{
			Cause: optional(Cause(g.Cause)), Queue: g.Queue, Runs: g.Runs, Workspaces: g.Workspaces, Claimed: g.Claimed,
			Badge: g.Badge().Label, Headline: g.Headline(), Note: g.Note(),
			NextStep: NextStep{Kind: NextStepKind(step.Kind), Label: step.Label, Text: step.Text},
			Since:    g.Since, NewestAt: g.Newest, LastHeartbeatAt: happened(g.LastHeard), CheckedAt: happened(g.CheckedAt),
			List: find.List(g.Filter(filter, filter.AsOf), list.Workspace, list.Tenant).Values().Encode(),
		}
	}
	return SystemListStuck200JSONResponse{out}, nil
}
