package api

import (
	"context"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/find"
)

// SystemListFailures groups what ended and needs follow-up by how it ended.
func (s *Server) SystemListFailures(ctx context.Context, _ SystemListFailuresRequestObject) (SystemListFailuresResponseObject, error) {
	list, filter, err := s.viewed(ctx, links.List.OfFailures)
	if err != nil {
		return nil, err
	}
	scope, yes := access.From(ctx).Scope(), true
	sum, err := s.store.Summary(ctx, scope, filter)
	if err != nil {
		return nil, err
	}
	filter.Class, filter.Open = lifecycle.TerminalFollowUp, &yes
	groups, err := s.store.FailureGroups(ctx, scope, filter)
	if err != nil {
		return nil, err
	}
	of := func(f models.Filter) string { return find.List(f, list.Workspace, list.Tenant).Values().Encode() }
	out := FailureGroupsJSONResponse{
		AsOf: filter.AsOf, Runs: sum.FollowUpRecent + sum.FollowUpOlder, List: of(filter), Groups: make([]FailureGroup, len(groups)),
	}
	for i, g := range groups {
		out.Groups[i] = FailureGroup{
			Type: g.Type, Outcome: Outcome(g.Outcome), Reconciled: g.Reconciled, Cause: optional(Cause(g.Cause)),
			Failure: string(g.Key), Code: g.Code, Runs: g.Runs, Workspaces: g.Workspaces, StaleLineage: g.Lineage, Badge: g.Badge().Label,
			List: of(g.Filter(filter)),
		}
		example := &out.Groups[i].Example
		example.Run, example.Message, example.EndedAt = g.Example.RunID, g.Example.Message, g.Example.EndedAt
	}
	return SystemListFailures200JSONResponse{out}, nil
}
