package api

import (
	"context"
	"net/url"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/act"
	"github.com/opstruth/opstruth/web/find"
)

// after reads the run again once it was changed.
func (s *Server) after(ctx context.Context, changed error) (RunJSONResponse, error) {
	if changed != nil {
		return RunJSONResponse{}, changed
	}
	out, err := s.started(ctx, access.From(ctx).Run.ID)
	return RunJSONResponse(out), err
}

// CancelRun asks the run to end.
func (s *Server) CancelRun(ctx context.Context, _ CancelRunRequestObject) (CancelRunResponseObject, error) {
	out, err := s.after(ctx, s.actions.Cancel(ctx, access.From(ctx)))
	return CancelRun200JSONResponse{out}, err
}

// SystemCancelRun asks a run of any workspace to end.
func (s *Server) SystemCancelRun(ctx context.Context, _ SystemCancelRunRequestObject) (SystemCancelRunResponseObject, error) {
	out, err := s.after(ctx, s.actions.Cancel(ctx, access.From(ctx)))
	return SystemCancelRun200JSONResponse{out}, err
}

// AcknowledgeRun takes note of a follow-up.
func (s *Server) AcknowledgeRun(ctx context.Context, r AcknowledgeRunRequestObject) (AcknowledgeRunResponseObject, error) {
	out, err := s.after(ctx, s.actions.Acknowledge(ctx, access.From(ctx), r.Body.Note))
	return AcknowledgeRun200JSONResponse{out}, err
}

// SystemAcknowledgeRun takes note of a follow-up of any workspace.
func (s *Server) SystemAcknowledgeRun(ctx context.Context, r SystemAcknowledgeRunRequestObject) (SystemAcknowledgeRunResponseObject, error) {
	out, err := s.after(ctx, s.actions.Acknowledge(ctx, access.From(ctx), r.Body.Note))
	return SystemAcknowledgeRun200JSONResponse{out}, err
}

// ReopenRun takes the note back.
func (s *Server) ReopenRun(ctx context.Context, _ ReopenRunRequestObject) (ReopenRunResponseObject, error) {
	out, err := s.after(ctx, s.actions.Reopen(ctx, access.From(ctx)))
	return ReopenRun200JSONResponse{out}, err
}

// SystemReopenRun takes the note on a run of any workspace back.
func (s *Server) SystemReopenRun(ctx context.Context, _ SystemReopenRunRequestObject) (SystemReopenRunResponseObject, error) {
	out, err := s.after(ctx, s.actions.Reopen(ctx, access.From(ctx)))
	return SystemReopenRun200JSONResponse{out}, err
}

// ClaimRun says that the caller looks after the run.
func (s *Server) ClaimRun(ctx context.Context, _ ClaimRunRequestObject) (ClaimRunResponseObject, error) {
	out, err := s.after(ctx, s.actions.Claim(ctx, access.From(ctx)))
	return ClaimRun200JSONResponse{out}, err
}

// SystemClaimRun says that the caller looks after a run of any workspace.
func (s *Server) SystemClaimRun(ctx context.Context, _ SystemClaimRunRequestObject) (SystemClaimRunResponseObject, error) {
	out, err := s.after(ctx, s.actions.Claim(ctx, access.From(ctx)))
	return SystemClaimRun200JSONResponse{out}, err
}

// ReleaseRun says that nobody looks after the run any more.
func (s *Server) ReleaseRun(ctx context.Context, _ ReleaseRunRequestObject) (ReleaseRunResponseObject, error) {
	out, err := s.after(ctx, s.actions.Release(ctx, access.From(ctx)))
	return ReleaseRun200JSONResponse{out}, err
}

// SystemReleaseRun says that nobody looks after a run of any workspace any more.
func (s *Server) SystemReleaseRun(ctx context.Context, _ SystemReleaseRunRequestObject) (SystemReleaseRunResponseObject, error) {
	out, err := s.after(ctx, s.actions.Release(ctx, access.From(ctx)))
	return SystemReleaseRun200JSONResponse{out}, err
}

// RetryRun starts a new run with the input of this one.
func (s *Server) RetryRun(ctx context.Context, r RetryRunRequestObject) (RetryRunResponseObject, error) {
	run, created, err := s.retry(ctx, r.Params.IdempotencyKey)
	if err != nil || !created {
		return RetryRun200JSONResponse{RunJSONResponse(run)}, err
	}
	return RetryRun201JSONResponse{Body: run, Headers: RetryRun201ResponseHeaders{Location: location(links.Admin, run.Id)}}, nil
}

// SystemRetryRun starts a new run with the input of one of any workspace.
func (s *Server) SystemRetryRun(ctx context.Context, r SystemRetryRunRequestObject) (SystemRetryRunResponseObject, error) {
	run, created, err := s.retry(ctx, r.Params.IdempotencyKey)
	if err != nil || !created {
		return SystemRetryRun200JSONResponse{RunJSONResponse(run)}, err
	}
	return SystemRetryRun201JSONResponse{Body: run, Headers: SystemRetryRun201ResponseHeaders{Location: location(links.System, run.Id)}}, nil
}

func (s *Server) retry(ctx context.Context, key *string) (Run, bool, error) {
	run, created, err := s.actions.Retry(ctx, access.From(ctx), value(key))
	if err != nil {
		return Run{}, false, err
	}
	out, err := s.started(ctx, run.ID)
	return out, created, err
}

// StartRun starts an operation in a workspace that the request's body names.
func (s *Server) StartRun(ctx context.Context, r StartRunRequestObject) (StartRunResponseObject, error) {
	a := access.From(ctx)
	workspace, tenant, err := find.Place(ctx, s.store, a.Scope(), r.Body.Workspace, value(r.Body.Tenant))
	if err != nil {
		return nil, err
	}
	if err := a.Permit(auth.Operate, workspace.ID); err != nil {
		return nil, err
	}
	wish := act.Wish{
		Type: r.Body.Type, WorkspaceID: workspace.ID, TenantID: tenant.ID,
		IdempotencyKey: value(r.Params.IdempotencyKey),
	}
	if r.Body.Input != nil {
		wish.Input = *r.Body.Input
	}
	run, created, err := s.actions.Start(ctx, a.Principal, wish)
	if err != nil {
		return nil, err
	}
	out, err := s.started(ctx, run.ID)
	if err != nil || !created {
		return StartRun200JSONResponse{RunJSONResponse(out)}, err
	}
	return StartRun201JSONResponse{Body: out, Headers: StartRun201ResponseHeaders{Location: location(links.Admin, run.ID)}}, nil
}

// started reads a run as it is now.
func (s *Server) started(ctx context.Context, id string) (Run, error) {
	a := access.From(ctx)
	run, now, err := s.store.Run(ctx, a.Scope(), id)
	if err != nil {
		return Run{}, err
	}
	return runOf(a.Plane, run, now), nil
}

func location(p links.Plane, id string) string {
	path := "/api/v1/runs/"
	if p == links.System {
		path = "/api/v1/system/runs/"
	}
	return (&url.URL{Path: path + id}).String()
}
