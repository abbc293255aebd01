package sampleapi

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"
)

// maxTokens bounds the tokens kept for one tenant; a client that takes more loses its oldest.
const maxTokens = 1000

// issueToken is an OAuth2 token endpoint for the client credentials grant (RFC 6749, section 4.4).
func (a *API) issueToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		refuseToken(w, http.StatusBadRequest, "invalid_request", "the body is not a form")
		return
	}
	if r.PostForm.Get("grant_type") != "client_credentials" {
		refuseToken(w, http.StatusBadRequest, "unsupported_grant_type", "only client_credentials is served")
		return
	}
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	var token string
	var ttl time.Duration
	known := a.change(r.PathValue("tenant"), func(s *state) {
		if s.Auth != AuthClientCredentials || !equal(id, s.ClientID) || !equal(secret, s.ClientSecret) {
			return
		}
		token, ttl = rand.Text(), s.TokenTTL
		s.keep(token, a.now())
		s.stats.Tokens++
	})
	switch {
	case !known:
		refuseToken(w, http.StatusBadRequest, "invalid_request", "there is no such tenant")
	case token == "":
		refuseToken(w, http.StatusUnauthorized, "invalid_client", "the client id or its secret is wrong")
	default:
		w.Header().Set("Cache-Control", "no-store")
		writeJSON(w, http.StatusOK, map[string]any{
			"token_type": "Bearer", "expires_in": int(ttl.Seconds()), "access_token": token,
		})
	}
}

func (s *state) keep(token string, now time.Time) {
	oldest := ""
	for t, expires := range s.tokens {
		if !now.Before(expires) {
			delete(s.tokens, t)
		} else if oldest == "" || expires.Before(s.tokens[oldest]) {
			oldest = t
		}
	}
	if len(s.tokens) >= maxTokens {
		delete(s.tokens, oldest)
	}
	s.tokens[token] = now.Add(s.TokenTTL)
}

// allows tells whether the request may read the tenant.
func (s *state) allows(r *http.Request, now time.Time) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	bearer := strings.EqualFold(scheme, "Bearer")
	switch s.Auth {
	case AuthNone, "":
		return true
	case AuthBearer:
		return bearer && equal(token, s.Token)
	case AuthClientCredentials:
		expires, ok := s.tokens[token]
		return bearer && ok && now.Before(expires)
	}
	return false
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func refuseToken(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, map[string]any{"error": code, "error_description": description})
}
