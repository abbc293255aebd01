package api

import (
	"context"
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
)

// ListNotifications is a part of the caller's messages about runs that ended.
func (s *Server) ListNotifications(ctx context.Context, r ListNotificationsRequestObject) (ListNotificationsResponseObject, error) {
	box := access.From(ctx).Mailbox()
	list, err := s.store.Notifications(ctx, box, r.Params.Unread != nil && *r.Params.Unread, page(r.Params.Cursor, r.Params.Limit))
	if err != nil {
		return nil, err
	}
	unread, err := s.store.UnreadNotifications(ctx, box)
	if err != nil {
		return nil, err
	}
	out := NotificationListJSONResponse{
		Notifications: make([]Notification, len(list.Notes)), Unread: unread, NextCursor: optional(list.Next), AsOf: list.Now,
	}
	for i, n := range list.Notes {
		out.Notifications[i] = notificationOf(n, list.Now)
	}
	return ListNotifications200JSONResponse{out}, nil
}

// notificationOf is a message as the API tells it at now.
func notificationOf(n models.Notification, now time.Time) Notification {
	r, t := n.Run, n.Run.Truth(now)
	title, text := t.Notification()
	return Notification{
		Run: n.RunID, Read: n.Read, CreatedAt: n.CreatedAt, Title: title, Text: text, Badge: t.Badge().Label, Marks: marksOf(t),
		ProblemClass: ProblemClass(t.ProblemClass), StaleLineage: t.StaleLineage,
		Workspace: r.WorkspaceSlug, Tenant: optional(r.TenantSlug), Type: r.Facts.Type, Target: r.Facts.Target,
		Link: links.FromNotification(n.RunID, r.WorkspaceSlug, r.TenantSlug, t.ProblemClass), AsOf: now,
	}
}

// ReadNotification marks the caller's message about a run as read.
func (s *Server) ReadNotification(ctx context.Context, r ReadNotificationRequestObject) (ReadNotificationResponseObject, error) {
	box := access.From(ctx).Mailbox()
	if err := s.store.ReadNotification(ctx, box, r.Run); err != nil {
		return nil, err
	}
	note, now, err := s.store.Notification(ctx, box, r.Run)
	if err != nil {
		return nil, err
	}
	return ReadNotification200JSONResponse{NotificationJSONResponse(notificationOf(note, now))}, nil
}

// ReadNotifications marks all of the caller's messages as read.
func (s *Server) ReadNotifications(ctx context.Context, r ReadNotificationsRequestObject) (ReadNotificationsResponseObject, error) {
	box := access.From(ctx).Mailbox()
	upTo := time.Time{}
	if r.Params.UpTo != nil {
		upTo = *r.Params.UpTo
	}
	if err := s.store.ReadNotifications(ctx, box, upTo); err != nil {
		return nil, err
	}
	unread, err := s.store.UnreadNotifications(ctx, box)
	if err != nil {
		return nil, err
	}
	return ReadNotifications200JSONResponse{UnreadCountJSONResponse{Unread: unread}}, nil
}
