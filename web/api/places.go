package api

import (
	"context"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/find"
)

func (s *Server) tenants(ctx context.Context, workspace, cursor *string, limit *int) (TenantListJSONResponse, error) {
	places, next, err := s.store.TenantPlaces(ctx, access.From(ctx).Scope(), value(workspace), page(cursor, limit))
	if err != nil {
		return TenantListJSONResponse{}, err
	}
	out := TenantListJSONResponse{Tenants: make([]TenantPlace, len(places)), NextCursor: optional(next)}
	for i, p := range places {
		out.Tenants[i] = TenantPlace{Workspace: p.Workspace, Tenant: p.Slug, Name: p.Name}
	}
	return out, nil
}

// ListTenants lists the tenants within the member's scope.
func (s *Server) ListTenants(ctx context.Context, r ListTenantsRequestObject) (ListTenantsResponseObject, error) {
	out, err := s.tenants(ctx, r.Params.Workspace, r.Params.Cursor, r.Params.Limit)
	return ListTenants200JSONResponse{out}, err
}

// SystemListTenants lists the tenants of all workspaces.
func (s *Server) SystemListTenants(ctx context.Context, r SystemListTenantsRequestObject) (SystemListTenantsResponseObject, error) {
	out, err := s.tenants(ctx, r.Params.Workspace, r.Params.Cursor, r.Params.Limit)
	return SystemListTenants200JSONResponse{out}, err
}

// ListConnections lists the connections of a tenant that the parameters name.
func (s *Server) ListConnections(ctx context.Context, r ListConnectionsRequestObject) (ListConnectionsResponseObject, error) {
	a := access.From(ctx)
	workspace, tenant, err := find.Place(ctx, s.store, a.Scope(), r.Params.Workspace, r.Params.Tenant)
	if err != nil {
		return nil, err
	}
	if err := a.Permit(auth.Operate, workspace.ID); err != nil {
		return nil, err
	}
	connections, err := s.store.Connections(ctx, a.Scope(), tenant.ID)
	if err != nil {
		return nil, err
	}
	out := ConnectionListJSONResponse{Connections: make([]Connection, len(connections))}
	for i, c := range connections {
		out.Connections[i] = Connection{Id: c.ID, Name: c.Name, BaseUrl: c.BaseURL, Auth: ConnectionAuth(c.Auth)}
	}
	return ListConnections200JSONResponse{out}, nil
}
