package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/feed"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/act"
	"github.com/opstruth/opstruth/web/find"
)

// Server answers the operations of the document. Who asks, and for which run, package access found out.
type Server struct {
	store   *models.Store
	actions *act.Actions
	feed    *feed.Feed // nil: nothing is streamed

	uploadBytes int64 // the largest file that is taken in
}

var _ StrictServerInterface = (*Server)(nil)

// New returns one handler per operation of the document, by its operation id. An error that a handler
// meets is handed to fail.
func New(store *models.Store, actions *act.Actions, changes *feed.Feed, uploadBytes int64, fail func(*gin.Context, error)) *ServerInterfaceWrapper {
	strict := NewStrictHandlerWithOptions(&Server{store: store, actions: actions, feed: changes, uploadBytes: uploadBytes}, nil, StrictGinServerOptions{
		RequestErrorHandlerFunc:  func(c *gin.Context, err error) { fail(c, badBody(err)) },
		HandlerErrorFunc:         fail,
		ResponseErrorHandlerFunc: fail,
	})
	return &ServerInterfaceWrapper{
		Handler:      strict,
		ErrorHandler: func(c *gin.Context, err error, _ int) { fail(c, badParam(err)) },
	}
}

// query is the request's own, for the one parser of filters.
func query(ctx context.Context) url.Values {
	if c, ok := ctx.(*gin.Context); ok {
		return c.Request.URL.Query()
	}
	return url.Values{}
}

func page(cursor *string, limit *int) models.Page {
	p := models.Page{Limit: 50}
	if cursor != nil {
		p.Cursor = *cursor
	}
	if limit != nil {
		p.Limit = *limit
	}
	return p
}

func (s *Server) listRuns(ctx context.Context, cursor *string, limit *int) (RunListJSONResponse, error) {
	list, err := links.Parse(query(ctx))
	if err != nil {
		return RunListJSONResponse{}, err
	}
	a := access.From(ctx)
	scope := a.Scope()
	filter, err := find.Filter(ctx, s.store, scope, list)
	if err != nil {
		return RunListJSONResponse{}, err
	}
	runs, err := s.store.ListRuns(ctx, scope, filter, page(cursor, limit))
	if err != nil {
		return RunListJSONResponse{}, err
	}
	out := RunListJSONResponse{Runs: make([]Run, len(runs.Runs)), NextCursor: optional(runs.Next), AsOf: runs.Now}
	for i, r := range runs.Runs {
		out.Runs[i] = runOf(a.Plane, r, runs.Now)
	}
	return out, nil
}

// ListRuns lists runs within the member's scope.
func (s *Server) ListRuns(ctx context.Context, r ListRunsRequestObject) (ListRunsResponseObject, error) {
	out, err := s.listRuns(ctx, r.Params.Cursor, r.Params.Limit)
	return ListRuns200JSONResponse{out}, err
}

// SystemListRuns lists runs of all workspaces.
func (s *Server) SystemListRuns(ctx context.Context, r SystemListRunsRequestObject) (SystemListRunsResponseObject, error) {
	out, err := s.listRuns(ctx, r.Params.Cursor, r.Params.Limit)
	return SystemListRuns200JSONResponse{out}, err
}

func theRun(ctx context.Context) RunJSONResponse {
	a := access.From(ctx)
	return RunJSONResponse(runOf(a.Plane, a.Run, a.Now))
}

// GetRun is one run.
func (s *Server) GetRun(ctx context.Context, _ GetRunRequestObject) (GetRunResponseObject, error) {
	return GetRun200JSONResponse{theRun(ctx)}, nil
}

// SystemGetRun is one run of any workspace.
func (s *Server) SystemGetRun(ctx context.Context, _ SystemGetRunRequestObject) (SystemGetRunResponseObject, error) {
	return SystemGetRun200JSONResponse{theRun(ctx)}, nil
}

func (s *Server) timeline(ctx context.Context, cursor *string, limit *int) (TimelineJSONResponse, error) {
	a := access.From(ctx)
	events, next, err := s.store.Timeline(ctx, a.Scope(), a.Run.ID, page(cursor, limit))
	if err != nil {
		return TimelineJSONResponse{}, err
	}
	out := TimelineJSONResponse{Events: make([]Event, len(events)), NextCursor: optional(next)}
	for i, e := range events {
		out.Events[i] = eventOf(e)
	}
	return out, nil
}

// GetTimeline is what happened to a run.
func (s *Server) GetTimeline(ctx context.Context, r GetTimelineRequestObject) (GetTimelineResponseObject, error) {
	out, err := s.timeline(ctx, r.Params.Cursor, r.Params.Limit)
	return GetTimeline200JSONResponse{out}, err
}

// SystemGetTimeline is what happened to a run of any workspace.
func (s *Server) SystemGetTimeline(ctx context.Context, r SystemGetTimelineRequestObject) (SystemGetTimelineResponseObject, error) {
	out, err := s.timeline(ctx, r.Params.Cursor, r.Params.Limit)
	return SystemGetTimeline200JSONResponse{out}, err
}

func (s *Server) items(ctx context.Context, state *ItemState, cursor *string, limit *int) (ItemListJSONResponse, error) {
	a := access.From(ctx)
	filter := models.ItemFilter{}
	if state != nil {
		filter.State = models.ItemState(*state)
	}
	items, next, err := s.store.Items(ctx, a.Scope(), a.Run.ID, filter, page(cursor, limit))
	if err != nil {
		return ItemListJSONResponse{}, err
	}
	out := ItemListJSONResponse{Items: make([]Item, len(items)), NextCursor: optional(next)}
	for i, item := range items {
		out.Items[i] = Item{
			Key: item.Key, State: ItemState(item.State), Code: item.Code, Message: item.Message, Detail: item.Detail, At: item.At,
		}
	}
	return out, nil
}

// ListItems is what a run worked on.
func (s *Server) ListItems(ctx context.Context, r ListItemsRequestObject) (ListItemsResponseObject, error) {
	out, err := s.items(ctx, r.Params.State, r.Params.Cursor, r.Params.Limit)
	return ListItems200JSONResponse{out}, err
}

// SystemListItems is what a run of any workspace worked on.
func (s *Server) SystemListItems(ctx context.Context, r SystemListItemsRequestObject) (SystemListItemsResponseObject, error) {
	out, err := s.items(ctx, r.Params.State, r.Params.Cursor, r.Params.Limit)
	return SystemListItems200JSONResponse{out}, err
}

// ServeDocument answers with the document itself.
func ServeDocument(c *gin.Context) { c.Data(http.StatusOK, "application/yaml", Document) }
