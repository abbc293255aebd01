package sampleapi

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// maxAttempts bounds the idempotency keys that are remembered for one tenant; beyond it all are forgotten.
const maxAttempts = 100_000

// account is what a caller wants made. Answer says how the API is to behave about it, so that a file of accounts can show
// what a batch does about failures.
type account struct {
	Email  string `json:"email"`
	Answer string `json:"answer"`
}

// The values of account.Answer; any other is served.
const (
	answerBusy    = "busy"    // 429 at first
	answerFlaky   = "flaky"   // 500 at first
	answerBroken  = "broken"  // 500 always
	answerRefused = "refused" // 422
	answerHang    = "hang"    // none, until the caller gives up
)

// createAccount pretends to make an account. It honours idempotency keys: the same key makes nothing a second time.
func (a *API) createAccount(w http.ResponseWriter, r *http.Request) {
	var allowed bool
	var latency time.Duration
	known := a.change(r.PathValue("tenant"), func(s *state) { allowed, latency = s.allows(r, a.now()), s.knobs.Latency })
	var wish account
	switch {
	case !known:
		writeError(w, http.StatusNotFound, "ResourceNotFound", "There is no such tenant.")
		return
	case !allowed:
		writeError(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is missing, wrong or has expired.")
		return
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&wish); err != nil || wish.Email == "" {
		writeError(w, http.StatusBadRequest, "BadRequest", "The body must be a JSON object with an email.")
		return
	}
	attempt := 0
	a.change(r.PathValue("tenant"), func(s *state) { attempt = s.attempt(r.Header.Get("Idempotency-Key")) })
	wait := time.NewTimer(latency)
	defer wait.Stop()
	select {
	case <-r.Context().Done():
		return
	case <-wait.C:
	}
	switch {
	case wish.Answer == answerHang:
		<-r.Context().Done()
	case wish.Answer == answerBusy && attempt == 1:
		w.Header().Set("Retry-After", strconv.Itoa(3))
		writeError(w, http.StatusTooManyRequests, "TooManyRequests", "Too many requests.")
	case wish.Answer == answerBroken, wish.Answer == answerFlaky && attempt == 1:
		writeError(w, http.StatusInternalServerError, "generalException", "The account could not be made.")
	case wish.Answer == answerRefused:
		writeError(w, http.StatusUnprocessableEntity, "InvalidRequest", wish.Email+" is not an address of this organisation.")
	default:
		writeJSON(w, http.StatusCreated, map[string]any{"email": wish.Email, "made": true})
	}
}

// attempt counts how often a key came.
func (s *state) attempt(key string) int {
	if s.attempts == nil || len(s.attempts) >= maxAttempts {
		s.attempts = map[string]int{}
	}
	s.attempts[key]++
	return s.attempts[key]
}
