package httpbatch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opstruth/opstruth/internal/upload"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const tenant = "tenant"

// memory is a record store without a database, so that tests can have a clock of their own.
type memory struct {
	mu          sync.Mutex
	uploads     map[string]models.Upload
	parts       map[string][]models.UploadPart
	items       map[string]map[string]models.Item // by run
	retryOf     map[string]string
	connections map[string]models.Connection
	artifacts   map[string]string
}

func newMemory() *memory {
	return &memory{
		uploads: map[string]models.Upload{}, parts: map[string][]models.UploadPart{}, items: map[string]map[string]models.Item{},
		retryOf: map[string]string{}, connections: map[string]models.Connection{}, artifacts: map[string]string{},
	}
}

func (m *memory) BeginUpload(_ context.Context, u models.Upload) (string, error) {
	u.ID = uuid.NewString()
	m.uploads[u.ID] = u
	return u.ID, nil
}

func (m *memory) AddUploadPart(_ context.Context, id string, p models.UploadPart) error {
	m.parts[id] = append(m.parts[id], p)
	return nil
}

func (m *memory) CompleteUpload(_ context.Context, u models.Upload) (string, error) {
	m.uploads[u.ID] = u
	return u.ID, nil
}

func (m *memory) DropUpload(_ context.Context, id string) error { delete(m.uploads, id); return nil }

func (m *memory) Upload(_ context.Context, _ models.Scope, id string) (models.Upload, error) {
	u, ok := m.uploads[id]
	if !ok {
		return u, models.ErrNotFound
	}
	return u, nil
}

func (m *memory) UploadPart(_ context.Context, id string, after int64) (models.UploadPart, bool, error) {
	for _, p := range m.parts[id] {
		if p.LastLine > after {
			return p, true, nil
		}
	}
	return models.UploadPart{}, false, nil
}

func (m *memory) Connection(_ context.Context, id string) (models.Connection, error) {
	c, ok := m.connections[id]
	if !ok {
		return c, models.ErrNotFound
	}
	return c, nil
}

func (m *memory) RecordedItems(_ context.Context, runID, from, before string) (map[string]models.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]models.Item{}
	for key, i := range m.items[runID] {
		if key >= from && key < before {
			out[key] = i
		}
	}
	return out, nil
}

func (m *memory) FirstTry(_ context.Context, runID string) (string, error) {
	for m.retryOf[runID] != "" {
		runID = m.retryOf[runID]
	}
	return runID, nil
}

func (m *memory) Run(_ context.Context, _ models.Scope, id string) (models.Run, time.Time, error) {
	r := models.Run{ID: id}
	r.Facts.Counts = counts(m.items[id], 0)
	return r, time.Now(), nil
}

func (m *memory) WriteArtifact(_ context.Context, _, name, _ string, produce artifactProducer) error {
	var out bytes.Buffer
	err := produce(&out)
	m.artifacts[name] = out.String()
	return err
}

func counts(items map[string]models.Item, total int64) lifecycle.Counts {
	c := lifecycle.Counts{Total: total}
	for _, i := range items {
		c.Processed++
		switch i.State {
		case operation.ItemFailed:
			c.Failed++
		case operation.ItemSkipped:
			c.Skipped++
		case operation.ItemSucceeded:
			c.Succeeded++
		}
	}
	return c
}

// request is one that the other side received.
type request struct {
	at     time.Time
	method string
	url    string
	body   string
	header http.Header
}

// side is the other side: it answers by what a test says, and remembers what it received.
type side struct {
	mu       sync.Mutex
	answer   func(r *http.Request, body string, nth int) *http.Response // nth counts this URL's requests from 1
	received []request
	times    map[string]int
}

func (s *side) RoundTrip(r *http.Request) (*http.Response, error) {
	raw := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		raw = string(b)
	}
	s.mu.Lock()
	if s.times == nil {
		s.times = map[string]int{}
	}
	s.times[r.URL.String()]++
	nth := s.times[r.URL.String()]
	s.received = append(s.received, request{time.Now(), r.Method, r.URL.String(), raw, r.Header.Clone()})
	s.mu.Unlock()
	res := reply(200, "fine")
	if s.answer != nil {
		res = s.answer(r, raw, nth)
	}
	if res == nil { // it hangs
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	res.Request = r
	return res, nil
}

func reply(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// bench runs the type in the place of the engine.
type bench struct {
	t     *testing.T
	store *memory
	side  *side
	batch *batch
	run   operation.Info
	input Input

	mu     sync.Mutex
	held   []string
	lost   func(operation.Item) bool // an item that never reaches the record
	onItem func(n int)
	note   string
	total  int64
}

func newBench(t *testing.T, file string, in Input) *bench {
	t.Helper()
	b := &bench{t: t, store: newMemory(), side: &side{}, input: in, run: operation.Info{ID: uuid.NewString(), TenantID: tenant, Type: Name}}
	u, err := upload.Receive(t.Context(), b.store, models.Upload{Name: "people.csv", TenantID: tenant}, strings.NewReader(file), 32<<20)
	require.NoError(t, err)
	b.input.File = u.ID
	b.batch = &batch{
		store: b.store, limits: defaultLimits,
		http:   &http.Client{Transport: b.side, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		unseal: func(_ string, sealed []byte) ([]byte, error) { return sealed, nil },
	}
	return b
}

func (b *bench) Item(i operation.Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lost != nil && b.lost(i) {
		return
	}
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	if b.store.items[b.run.ID] == nil {
		b.store.items[b.run.ID] = map[string]models.Item{}
	}
	if _, known := b.store.items[b.run.ID][i.Key]; !known {
		b.store.items[b.run.ID][i.Key] = i
	}
	if b.onItem != nil {
		b.onItem(len(b.store.items[b.run.ID]))
	}
}

func (b *bench) SetTotal(_ context.Context, n int64) error              { b.total = n; return nil }
func (b *bench) Artifact(context.Context, string, string, []byte) error { return nil }
func (b *bench) Hold(ctx context.Context, d time.Duration, reason string) error {
	b.mu.Lock()
	b.held = append(b.held, fmt.Sprintf("%s %s", d, reason))
	b.mu.Unlock()
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *bench) definition() operation.Definition { return define(b.batch) }

func (b *bench) info() operation.Info {
	b.t.Helper()
	raw, err := json.Marshal(b.input)
	require.NoError(b.t, err)
	b.run.Input = raw
	return b.run
}

// target is what a start answers.
func (b *bench) target() (string, error) {
	raw, err := json.Marshal(b.input)
	require.NoError(b.t, err)
	return b.definition().Target(b.t.Context(), tenant, raw)
}

// all does the run from its begin to its end.
func (b *bench) all(ctx context.Context) (lifecycle.Outcome, error) {
	d, i := b.definition(), b.info()
	if err := d.Check(ctx, b, i); err != nil {
		return "", err
	}
	plan, err := d.Plan(ctx, b, i)
	if err != nil {
		return "", err
	}
	b.note, b.total = plan.Note, plan.Total
	for next := operation.More(plan.Cursor); !next.Done; {
		if next, err = d.Do(ctx, b, i, next.Cursor); err != nil {
			return "", err
		}
	}
	if err := d.Finish(ctx, b, i); err != nil {
		return "", err
	}
	outcome, _ := counts(b.store.items[b.run.ID], plan.Total).End()
	return outcome, nil
}

// again is a retry of the run.
func (b *bench) again() {
	old := b.run.ID
	b.run.ID, b.run.RetryOf = uuid.NewString(), old
	b.store.retryOf[b.run.ID] = old
	b.side.received = nil
}

func (b *bench) keys(state models.ItemState) []string {
	var keys []string
	for key, i := range b.store.items[b.run.ID] {
		if i.State == state {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (b *bench) item(line int64) models.Item { return b.store.items[b.run.ID][itemKey(line, "")] }

// people is a CSV file of n lines with the columns id and name.
func people(n int) string {
	var out strings.Builder
	out.WriteString("id,name\n")
	for i := range n {
		fmt.Fprintf(&out, "u%d,Person %d\n", i+1, i+1)
	}
	return out.String()
}

func (s *side) idempotencyKeys() map[string][]string {
	keys := map[string][]string{}
	for _, r := range s.received {
		keys[r.url] = append(keys[r.url], r.header.Get("Idempotency-Key"))
	}
	return keys
}
