package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/opstruth/opstruth/internal/links"
)

// sessionLifetime is how long a sign-in lasts. It is not prolonged by use, so that reading writes nothing.
const sessionLifetime = 12 * time.Hour

// What a session holds: who signed in, and on which plane, so that its token opens no other.
const (
	userKey  = "user"
	planeKey = "plane"
)

// SessionStore keeps sessions under the hash of their token.
type SessionStore interface{ scs.CtxStore }

// sessions are kept apart per plane: each has a cookie of its own, so that one never opens the other.
type sessions map[links.Plane]*scs.SessionManager

func newSessions(store SessionStore, secure bool) sessions {
	all := sessions{}
	for plane, path := range map[links.Plane]string{links.Admin: "/", links.System: "/system"} {
		m := scs.New()
		m.Store = store
		m.Lifetime = sessionLifetime
		m.HashTokenInStore = true
		m.Cookie.Name = "opstruth_" + string(plane)
		m.Cookie.Path = path
		m.Cookie.HttpOnly = true
		m.Cookie.Persist = true
		m.Cookie.SameSite = http.SameSiteLaxMode
		m.Cookie.Secure = secure
		all[plane] = m
	}
	return all
}

// Begin starts a session under a fresh token and sets its cookie.
func (s *Service) Begin(w http.ResponseWriter, r *http.Request, p Principal) error {
	m := s.sessions[p.Plane]
	ctx, err := m.Load(r.Context(), "")
	if err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	m.Put(ctx, userKey, p.User.ID)
	m.Put(ctx, planeKey, string(p.Plane))
	token, expiry, err := m.Commit(ctx)
	if err != nil {
		return fmt.Errorf("store session: %w", err)
	}
	m.WriteSessionCookie(ctx, w, token, expiry)
	return nil
}

// End ends the plane's session, if there is one, and removes its cookie.
func (s *Service) End(w http.ResponseWriter, r *http.Request, plane links.Plane) error {
	m := s.sessions[plane]
	ctx, err := s.load(r, plane)
	if errors.Is(err, ErrAnonymous) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := m.Destroy(ctx); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	m.WriteSessionCookie(ctx, w, "", time.Time{})
	return nil
}

// BySession is who is signed in on the plane, or ErrAnonymous.
func (s *Service) BySession(r *http.Request, plane links.Plane) (Principal, error) {
	ctx, err := s.load(r, plane)
	if err != nil {
		return Principal{}, err
	}
	m := s.sessions[plane]
	userID := m.GetString(ctx, userKey)
	if userID == "" || m.GetString(ctx, planeKey) != string(plane) {
		return Principal{}, ErrAnonymous
	}
	p, err := s.byID(ctx, plane, userID)
	if errors.Is(err, ErrNotAdmitted) {
		return Principal{}, ErrAnonymous // the last right was taken away while signed in
	}
	return p, err
}

func (s *Service) load(r *http.Request, plane links.Plane) (context.Context, error) {
	m := s.sessions[plane]
	cookie, err := r.Cookie(m.Cookie.Name)
	if err != nil || cookie.Value == "" {
		return nil, ErrAnonymous
	}
	ctx, err := m.Load(r.Context(), cookie.Value)
	if err != nil {
		return nil, fmt.Errorf("read session: %w", err)
	}
	return ctx, nil
}
