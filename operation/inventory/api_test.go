package inventory

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// entity is one object of the API.
type entity map[string]any

// api is a collection API that a test changes while it serves.
type api struct {
	*httptest.Server
	mu          sync.Mutex
	order       []string
	collections map[string][]entity
	pageSize    int
	token       string // wanted, if any
	// refuse may answer in the data's place: page counts from 1; a collection of "" is the service document.
	refuse func(w http.ResponseWriter, collection string, page int) bool
	next   func(collection string, page int, link string) string // may bend a next link
	asked  []string
}

func newAPI(t *testing.T) *api {
	t.Helper()
	a := &api{pageSize: 10, collections: map[string][]entity{}}
	a.Server = httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(a.Close)
	return a
}

func (a *api) set(collection string, objects ...entity) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.collections[collection]; !known {
		a.order = append(a.order, collection)
	}
	a.collections[collection] = append([]entity{}, objects...)
}

func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token != "" && r.Header.Get("Authorization") != "Bearer "+a.token {
		fail(w, http.StatusUnauthorized, "InvalidToken", "wrong token")
		return
	}
	collection := strings.Trim(strings.TrimPrefix(r.URL.Path, "/v1.0"), "/")
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		page = 1
	}
	a.asked = append(a.asked, fmt.Sprintf("%s %d", collection, page))
	if a.refuse != nil && a.refuse(w, collection, page) {
		return
	}
	if collection == "" {
		a.list(w)
		return
	}
	objects, known := a.collections[collection]
	if !known {
		fail(w, http.StatusNotFound, "NotFound", "no such collection")
		return
	}
	from, to := min((page-1)*a.pageSize, len(objects)), min(page*a.pageSize, len(objects))
	link := ""
	if to < len(objects) {
		link = fmt.Sprintf("http://%s/v1.0/%s?page=%d", r.Host, collection, page+1)
	}
	if a.next != nil {
		link = a.next(collection, page, link)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"value": objects[from:to], "@odata.nextLink": link})
}

func (a *api) list(w http.ResponseWriter) {
	entries := []entity{{"name": "Me", "kind": "Singleton", "url": "me"}, {"name": "odd", "url": "../../etc"}}
	for _, name := range a.order {
		entries = append(entries, entity{"name": name, "kind": "EntitySet", "url": name})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"value": entries})
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": code, "message": message}})
}

// people are n users; change gives some another job.
func people(from, to int, changed ...int) []entity {
	out := []entity{}
	for i := from; i < to; i++ {
		o := entity{"id": fmt.Sprintf("u%03d", i), "displayName": fmt.Sprintf("User %d", i), "job": "analyst", "@odata.etag": fmt.Sprint(len(changed))}
		for _, c := range changed {
			if c == i {
				o["job"] = "lead"
			}
		}
		out = append(out, o)
	}
	return out
}
