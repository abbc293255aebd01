package sampleapi

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	defaultPageSize = 100
	maxPageSize     = 999
)

// position is where a reading stands. It travels in the next link, so that the reading stays in one generation while the
// tenant drifts on.
type position struct{ generation, offset, top int }

func (p position) token() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d.%d", p.generation, p.offset, p.top))
}

func parsePosition(token string) (position, bool) {
	var p position
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return p, false
	}
	_, err = fmt.Sscanf(string(raw), "%d.%d.%d", &p.generation, &p.offset, &p.top)
	return p, err == nil && p.generation >= 0 && p.offset >= 0 && p.top >= 1 && p.top <= maxPageSize
}

// page is the body of an answer.
type page struct {
	Context  string   `json:"@odata.context"`
	NextLink string   `json:"@odata.nextLink,omitempty"`
	Value    []Object `json:"value"`
}

func (a *API) listObjects(w http.ResponseWriter, r *http.Request) {
	tenant, name := r.PathValue("tenant"), r.PathValue("collection")
	top, token, err := query(r.URL.Query())
	if err != nil {
		writeError(w, http.StatusBadRequest, "BadRequest", err.Error())
		return
	}
	var body page
	var refused *refusal
	var latency time.Duration
	known := a.change(tenant, func(s *state) {
		latency = s.knobs.Latency
		body, refused = s.read(r, name, top, token, a.now())
	})
	if !known {
		refused = &refusal{status: http.StatusNotFound, code: "ResourceNotFound", message: "There is no such tenant."}
	}
	if latency > 0 {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(latency):
		}
	}
	if refused != nil {
		if refused.retryAfter != "" {
			w.Header().Set("Retry-After", refused.retryAfter)
		}
		writeError(w, refused.status, refused.code, refused.message)
		return
	}
	writeJSON(w, http.StatusOK, body)
}

// query reads $top, 0 when it is not given, and $skiptoken.
func query(q url.Values) (top int, token string, err error) {
	if raw := q.Get("$top"); raw != "" {
		top, err = strconv.Atoi(raw)
		if err != nil || top < 1 || top > maxPageSize {
			return 0, "", fmt.Errorf("$top must be a number from 1 to %d", maxPageSize)
		}
	}
	return top, q.Get("$skiptoken"), nil
}

func (s *state) read(r *http.Request, name string, top int, token string, now time.Time) (page, *refusal) {
	if !s.allows(r, now) {
		return page{}, &refusal{status: http.StatusUnauthorized, code: "InvalidAuthenticationToken",
			message: "Access token is missing, wrong or has expired."}
	}
	c, ok := lookup(name)
	if !ok {
		return page{}, &refusal{status: http.StatusBadRequest, code: "BadRequest",
			message: "Resource not found for the segment '" + name + "'."}
	}
	at := position{generation: s.generation, top: defaultPageSize}
	if token != "" {
		if at, ok = parsePosition(token); !ok || at.generation > s.generation {
			return page{}, &refusal{status: http.StatusBadRequest, code: "BadRequest", message: "$skiptoken is not one of ours."}
		}
	} else if top > 0 {
		at.top = top
	}
	if no := s.refuse(name, at.offset/at.top+1, now); no != nil {
		return page{}, no
	}
	s.stats.Pages++
	return s.page(r, c, at), nil
}

func (s *state) page(r *http.Request, c collection, at position) page {
	origin := "http://" + r.Host
	path := "/" + url.PathEscape(s.ID) + "/v1.0/"
	size := c.size(s.Size)
	end := min(at.offset+at.top, size)
	p := page{Context: origin + path + "$metadata#" + c.name, Value: s.objects(c, at.generation, min(at.offset, size), end)}
	next := position{generation: at.generation, offset: end, top: at.top}
	if s.knobs.Endless[c.name] && end == size {
		next.offset = 0
	}
	if next.offset < size {
		if s.knobs.NextLink != "" {
			origin = s.knobs.NextLink
		}
		p.NextLink = origin + path + c.name + "?" + url.Values{"$skiptoken": {next.token()}}.Encode()
	}
	return p
}

// listCollections is the OData service document: which collections there are.
func (a *API) listCollections(w http.ResponseWriter, r *http.Request) {
	var allowed bool
	known := a.change(r.PathValue("tenant"), func(s *state) { allowed = s.allows(r, a.now()) })
	switch {
	case !known:
		writeError(w, http.StatusNotFound, "ResourceNotFound", "There is no such tenant.")
	case !allowed:
		writeError(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is missing, wrong or has expired.")
	default:
		type entry struct {
			Name string `json:"name"`
			Kind string `json:"kind"`
			URL  string `json:"url"`
		}
		entries := []entry{}
		for _, name := range Collections() {
			entries = append(entries, entry{name, "EntitySet", name})
		}
		writeJSON(w, http.StatusOK, map[string]any{
			"@odata.context": "http://" + r.Host + "/" + url.PathEscape(r.PathValue("tenant")) + "/v1.0/$metadata", "value": entries,
		})
	}
}
