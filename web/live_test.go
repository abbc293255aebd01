package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/feed"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/web"
)

// events is the stream that a page was read with.
func (b *bench) events(who reader, path string) string {
	b.t.Helper()
	at, ok := b.page(who, path).Find("#live").Attr("data-events")
	require.True(b.t, ok, path)
	return at
}

// watch listens as the script of a page does, with its reader's session.
func (b *bench) watch(s *httptest.Server, who reader, at string) *listening {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Minute)
	b.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+at, nil)
	require.NoError(b.t, err)
	r.AddCookie(b.session(who))
	return b.begin(s, r, cancel)
}

// resynced is told that everything may have changed, as on the first page after nobody listened.
func (l *listening) resynced() {
	l.t.Helper()
	require.Equal(l.t, event{"resync", "{}"}, l.next())
}

func TestLivePagesAreToldWhatIsWithinTheScope(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, place := b.server(), links.Workspace("acme")
	owner, viewer := b.watch(s, b.owner(), b.events(b.owner(), place)), b.watch(s, b.viewer(), b.events(b.viewer(), place))
	staff := b.watch(s, b.staff(), b.events(b.staff(), links.Stuck(links.List{})))
	owner.resynced()
	west := modelstest.Queued(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.WorkspaceID, n.TenantID = b.world.Globex.ID, b.world.West.ID }))
	staff.hears(west)
	south := modelstest.Queued(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.TenantID = b.world.South.ID }))
	staff.hears(south)
	owner.hears(south)
	north := modelstest.Queued(t, b.store, b.world.NewRun())
	owner.hears(north)
	viewer.hears(north) // and of nothing before
}

// What changes between the reading of a page and its script's listening is told: nothing has to be asked for again to
// be sure.
func TestLivePagesMissNothingThatChangesAfterTheyWereRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.server()
	b.watch(s, b.owner(), b.events(b.owner(), links.Workspace("acme"))).resynced() // somebody listens

	at := b.events(b.owner(), links.Tenant("acme", "north"))
	run := modelstest.Queued(t, b.store, b.world.NewRun())
	l := b.watch(s, b.owner(), at)
	l.hears(run)
	second := modelstest.Queued(t, b.store, b.world.NewRun())
	l.hears(second) // and of the first no more from now on
	last := l.place()
	missed := modelstest.Queued(t, b.store, b.world.NewRun())

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+at, nil)
	require.NoError(t, err)
	r.AddCookie(b.session(b.owner()))
	r.Header.Set("Last-Event-ID", last)
	again := b.begin(s, r, func() {})
	again.heard[told(second.ID)] = true
	again.hears(missed) // a browser that comes back by itself is told what it missed alone
}

func TestLivePagesAreToldNoMoreOnceSignedOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, at := b.server(), b.events(b.owner(), links.Workspace("acme"))
	l := b.watch(s, b.owner(), at)
	require.Equal(t, http.StatusSeeOther, b.as(b.owner(), http.MethodPost, links.SignOut(links.Admin), nil).Code)
	for on := true; on; { // what was known of its right holds for a second
		modelstest.Queued(t, b.store, b.world.NewRun())
		_, on = l.read()
	}
	require.Equal(t, http.StatusSeeOther, b.as(b.owner(), http.MethodGet, at, nil).Code)
}

func TestLivePagesAreToldNoMoreOnceTheServerStops(t *testing.T) {
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
	at := b.events(b.owner(), links.Workspace("acme"))
	l := b.watch(s, b.owner(), at)
	stop()
	l.ends()
	require.NoError(t, <-ended)
	require.NoError(t, s.Config.Shutdown(t.Context()))
	require.Equal(t, http.StatusServiceUnavailable, b.as(b.owner(), http.MethodGet, at, nil).Code)
}

// Where nothing is told nobody listens in vain.
func TestLivePagesWithoutAFeedNameNoStream(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.options.Feed = nil
	var err error
	b.engine, err = web.New(b.options)
	require.NoError(t, err)
	_, has := b.page(b.owner(), links.Workspace("acme")).Find("#live").Attr("data-events")
	require.False(t, has)
}
