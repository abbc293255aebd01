package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/feed"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/web"
)

// listening is a stream that a test reads.
type listening struct {
	t     *testing.T
	lines *bufio.Scanner
	last  string // the last id
	close func()
	heard map[string]bool // the runs that it was told of
}

type event struct{ kind, data string }

func (b *bench) server(change ...func(*http.Server)) *httptest.Server {
	b.t.Helper()
	s := httptest.NewUnstartedServer(b.engine)
	s.Config = web.NewHTTPServer(b.engine)
	for _, f := range change {
		f(s.Config)
	}
	s.Start()
	b.t.Cleanup(s.Close)
	return s
}

func (b *bench) listen(s *httptest.Server, token, path, last string) *listening {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Minute)
	b.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	require.NoError(b.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	return b.begin(s, r, cancel)
}

// begin reads the beginning of a stream.
func (b *bench) begin(s *httptest.Server, r *http.Request, cancel func()) *listening {
	b.t.Helper()
	answer, err := s.Client().Do(r)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = answer.Body.Close() })
	require.Equal(b.t, http.StatusOK, answer.StatusCode)
	require.Equal(b.t, "text/event-stream", answer.Header.Get("Content-Type"))
	l := &listening{b.t, bufio.NewScanner(answer.Body), "", cancel, map[string]bool{}}
	require.Equal(b.t, event{}, l.next(), "the beginning is no event")
	return l
}

// next is the next event, or nothing where the block was none; false ends the stream.
func (l *listening) read() (event, bool) {
	var e event
	for l.lines.Scan() {
		name, value, _ := strings.Cut(l.lines.Text(), ": ")
		switch name {
		case "event":
			e.kind = value
		case "data":
			e.data = value
		case "id":
			l.last = value
		case "":
			if l.lines.Text() == "" {
				return e, true
			}
		}
	}
	return e, false
}

func (l *listening) next() event {
	l.t.Helper()
	e, on := l.read()
	require.True(l.t, on, "the stream has ended")
	return e
}

// hears reads until it is told of a run, and before that of no other that it had not heard of: one that is stored while
// the record is read is told by its progress, and once more by its event.
func (l *listening) hears(run models.Run) {
	l.t.Helper()
	for {
		e := l.next()
		if e.kind == "run" && e.data != told(run.ID) {
			require.Contains(l.t, l.heard, e.data)
		}
		if e.data == told(run.ID) {
			l.heard[e.data] = true
			return
		}
	}
}

// place reads until a place is named, as it is after what is told at once.
func (l *listening) place() string {
	l.t.Helper()
	for l.next() != (event{}) {
	}
	return l.last
}

func (l *listening) ends() {
	l.t.Helper()
	for {
		e, on := l.read()
		if !on {
			return
		}
		require.NotEqual(l.t, "run", e.kind)
	}
}

func TestStreamTellsWhatIsWithinTheScope(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.server()
	owner := b.listen(s, b.token(b.owner()), "/api/v1/events", "")
	viewer := b.listen(s, b.token(b.viewer()), "/api/v1/events", "")
	staff := b.listen(s, b.token(b.staff()), "/api/v1/system/events", "")

	west := modelstest.Queued(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.WorkspaceID, n.TenantID = b.world.Globex.ID, b.world.West.ID }))
	staff.hears(west)
	south := modelstest.Queued(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.TenantID = b.world.South.ID }))
	staff.hears(south)
	owner.hears(south)
	north := modelstest.Queued(t, b.store, b.world.NewRun())
	staff.hears(north)
	owner.hears(north)
	viewer.hears(north) // and of nothing before
}

func TestStreamOutlivesTheLimitsOfOtherRequests(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for limit := 100 * time.Millisecond; !b.outlives(limit); limit *= 4 { // a busy machine may need longer to begin a stream
		require.Less(t, limit, 5*time.Second, "no stream outlived the limit of its server")
	}
}

// outlives reports whether a stream tells for five times as long as other requests may take.
func (b *bench) outlives(limit time.Duration) bool {
	b.t.Helper()
	s := b.server(func(c *http.Server) { c.ReadTimeout, c.WriteTimeout = limit, limit })
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, s.URL+"/api/v1/events", nil)
	require.NoError(b.t, err)
	r.Header.Set("Authorization", "Bearer "+b.token(b.owner()))
	answer, err := s.Client().Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	l := &listening{t: b.t, lines: bufio.NewScanner(answer.Body)}
	for begun := time.Now(); time.Since(begun) < 5*limit; {
		run := modelstest.Queued(b.t, b.store, b.world.NewRun())
		for e := (event{}); e.data != told(run.ID); { // an earlier one may be told of once more
			var on bool
			if e, on = l.read(); !on {
				return false
			}
		}
	}
	return true
}

func TestStreamGoesOnWhereItWasLeft(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, token := b.server(), b.token(b.owner())
	l := b.listen(s, token, "/api/v1/events", "")
	l.hears(modelstest.Queued(t, b.store, b.world.NewRun()))
	last := l.place()
	missed := modelstest.Queued(t, b.store, b.world.NewRun())
	l.hears(missed)
	l.close()

	again := b.listen(s, token, "/api/v1/events", last)
	again.heard = l.heard
	again.hears(missed)
	require.Equal(t, event{"resync", "{}"}, b.listen(s, token, "/api/v1/events", "of-another-server").next())
}

func TestStreamEndsWithTheRightToListen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.server()
	owner, viewer := b.listen(s, b.token(b.owner()), "/api/v1/events", ""), b.listen(s, b.token(b.viewer()), "/api/v1/events", "")
	staff := b.listen(s, b.token(b.staff()), "/api/v1/system/events", "")

	// The entitlement to the northern tenant goes, that to the workspace stays: it is told no more of the north.
	require.NoError(t, b.store.SetMembership(t.Context(), models.Membership{
		UserID: b.world.Viewer.ID, WorkspaceID: b.world.Acme.ID, Role: models.RoleViewer, TenantIDs: []string{b.world.South.ID},
	}))
	require.NoError(t, b.store.DB().Exec(`DELETE FROM api_tokens WHERE user_id = ?`, b.world.Owner.ID).Error)
	require.NoError(t, b.store.DB().Exec(`DELETE FROM platform_capabilities WHERE user_id = ?`, b.world.Staff.ID).Error)
	for _, l := range []*listening{owner, staff} {
		for on := true; on; { // what was known of its right holds for a second
			modelstest.Queued(t, b.store, b.world.NewRun())
			_, on = l.read()
		}
	}
	// The viewer is told of the north until its rights are found out anew, and of the south from then on.
	north, south := map[string]bool{}, map[string]bool{}
	pair := func() string {
		id := modelstest.Queued(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.TenantID = b.world.South.ID })).ID
		south[told(id)], north[told(modelstest.Queued(t, b.store, b.world.NewRun()).ID)] = true, true
		return told(id)
	}
	for e := (event{}); !south[e.data]; e = viewer.next() {
		pair()
	}
	last := pair()
	for e := (event{}); e.data != last; e = viewer.next() {
		require.False(t, north[e.data])
	}
}

func told(id string) string { return `{"id":"` + id + `"}` }

func TestStreamEndsWithTheServer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := feed.New(func() feed.Reader { return b.store.NewChangeReader() }, time.Millisecond, discard)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	b.options.Feed = f
	var err error
	b.engine, err = web.New(b.options)
	require.NoError(t, err)
	s := b.server()
	token := b.token(b.owner())
	l := b.listen(s, token, "/api/v1/events", "")
	stop()
	l.ends()
	require.NoError(t, <-ended)
	problem(t, b.api(token, http.MethodGet, "/api/v1/events", nil), http.StatusServiceUnavailable)
	require.NoError(t, s.Config.Shutdown(t.Context()))

	b.options.Feed = nil
	b.engine, err = web.New(b.options)
	require.NoError(t, err)
	require.Contains(t, problem(t, b.api(token, http.MethodGet, "/api/v1/events", nil), http.StatusServiceUnavailable).Detail, "from time to time")
}

func TestStreamTellsOfProgress(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	l := b.listen(b.server(), b.token(b.owner()), "/api/v1/events", "")
	require.NoError(t, b.store.RecordItems(t.Context(), run.ID, []models.Item{{Key: "a", State: models.ItemSucceeded}}))
	l.hears(run)
	modelstest.Finish(t, b.store, run, lifecycle.Succeeded)
	l.hears(run)
}
