package api

import (
	"context"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/find"
)

// viewed is the part of a list that a view of one class narrows, at the clock reading that it names or now.
func (s *Server) viewed(ctx context.Context, part func(links.List) links.List) (links.List, models.Filter, error) {
	list, err := links.Parse(query(ctx))
	if err != nil {
		return list, models.Filter{}, err
	}
	list = part(list)
	if list.AsOf.IsZero() {
		if list.AsOf, err = s.store.Now(ctx); err != nil {
			return list, models.Filter{}, err
		}
	}
	filter, err := find.Filter(ctx, s.store, access.From(ctx).Scope(), list)
	return list, filter, err
}

// SystemListStuck groups what is likely stuck by cause and task queue.
func (s *Server) SystemListStuck(ctx context.Context, _ SystemListStuckRequestObject) (SystemListStuckResponseObject, error) {
	list, filter, err := s.viewed(ctx, links.List.OfStuck)
	if err != nil {
		return nil, err
	}
	groups, err := s.store.StuckGroups(ctx, access.From(ctx).Scope(), filter)
	if err != nil {
		return nil, err
	}
	of := func(f models.Filter) string { return find.List(f, list.Workspace, list.Tenant).Values().Encode() }
	out := StuckGroupsJSONResponse{
		AsOf: filter.AsOf, Groups: make([]StuckGroup, len(groups)), List: of(models.BucketLikelyStuck.Filter(filter, filter.AsOf)),
	}
	for i, g := range groups {
		step := g.NextStep()
		out.Runs += g.Runs
		out.Groups[i] = StuckGroup{
			Cause: optional(Cause(g.Cause)), Queue: g.Queue, Runs: g.Runs, Workspaces: g.Workspaces, Claimed: g.Claimed,
			Badge: g.Badge().Label, Headline: g.Headline(), Note: g.Note(),
			NextStep: NextStep{Kind: NextStepKind(step.Kind), Label: step.Label, Text: step.Text},
			Since:    g.Since, NewestAt: g.Newest, LastHeartbeatAt: happened(g.LastHeard), CheckedAt: happened(g.CheckedAt),
			List: of(g.Filter(filter, filter.AsOf)),
		}
	}
	return SystemListStuck200JSONResponse{out}, nil
}
