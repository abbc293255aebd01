package api

import (
	"context"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/find"
)

func (s *Server) summary(ctx context.Context) (SummaryJSONResponse, error) {
	list, err := links.Parse(query(ctx))
	if err != nil {
		return SummaryJSONResponse{}, err
	}
	scope := access.From(ctx).Scope()
	filter, err := find.Filter(ctx, s.store, scope, list)
	if err != nil {
		return SummaryJSONResponse{}, err
	}
	sum, err := s.store.Summary(ctx, scope, filter)
	if err != nil {
		return SummaryJSONResponse{}, err
	}
	of := func(b models.Bucket) string {
		return find.List(b.Filter(filter, sum.Now), list.Workspace, list.Tenant).Values().Encode()
	}
	followUps, yes := filter, true
	followUps.AsOf, followUps.Class, followUps.Open = sum.Now, lifecycle.TerminalFollowUp, &yes
	return SummaryJSONResponse{
		AsOf: sum.Now, Active: sum.Active, Queued: sum.Queued, Running: sum.Running, ActiveStaleAttention: sum.LikelyStuck,
		TerminalFollowUp:       sum.FollowUpRecent + sum.FollowUpOlder,
		TerminalFollowUpRecent: sum.FollowUpRecent, TerminalFollowUpOlder: sum.FollowUpOlder, Succeeded24h: sum.Succeeded24h,
		Lists: SummaryLists{
			Active: of(models.BucketActive), Queued: of(models.BucketQueued), Running: of(models.BucketRunning),
			ActiveStaleAttention:   of(models.BucketLikelyStuck),
			TerminalFollowUp:       find.List(followUps, list.Workspace, list.Tenant).Values().Encode(),
			TerminalFollowUpRecent: of(models.BucketFollowUpRecent), TerminalFollowUpOlder: of(models.BucketFollowUpOlder),
			Succeeded24h: of(models.BucketSucceeded24h),
		},
	}, nil
}

// GetSummary counts the runs within the member's scope.
func (s *Server) GetSummary(ctx context.Context, _ GetSummaryRequestObject) (GetSummaryResponseObject, error) {
	out, err := s.summary(ctx)
	return GetSummary200JSONResponse{out}, err
}

// SystemGetSummary counts the runs of all workspaces.
func (s *Server) SystemGetSummary(ctx context.Context, _ SystemGetSummaryRequestObject) (SystemGetSummaryResponseObject, error) {
	out, err := s.summary(ctx)
	return SystemGetSummary200JSONResponse{out}, err
}
