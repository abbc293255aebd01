package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/apiclient"
	"github.com/opstruth/opstruth/internal/feed"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func TestRunsWatchTellsEveryChangeAndTheOutcome(t *testing.T) {
	t.Parallel()
	for outcome, code := range map[lifecycle.Outcome]int{
		lifecycle.Succeeded: 0, lifecycle.PartiallySucceeded: exitPartly, lifecycle.Failed: exitFailed,
		lifecycle.Blocked: exitBlocked, lifecycle.Cancelled: exitCancelled,
	} {
		t.Run(string(outcome), func(t *testing.T) {
			t.Parallel()
			b := console(t)
			run := modelstest.Running(t, b.store, b.world.NewRun())
			b.before = func(n int64, w http.ResponseWriter, _ *http.Request) bool {
				switch n {
				case 3:
					advance(b, run.ID)
				case 4: // a restart of the console in between is no news
					w.WriteHeader(http.StatusBadGateway)
					return true
				case 5:
					modelstest.Finish(b.t, b.store, run, outcome)
				}
				return false
			}
			s := b.does("watch", run.ID, "--interval", "1ms")
			require.Equal(t, code, s.code, s.err)
			require.Empty(t, s.err)
			lines := strings.Split(strings.TrimSpace(s.out), "\n")
			require.Regexp(t, `Z 0 Running: Running normally$`, lines[0])
			require.Regexp(t, `Z 1/2 Running: Running normally$`, lines[1])
			last := decoded[apiclient.Run](t, b.did("show", run.ID, "--json"))
			require.Contains(t, lines[2], last.Badge+": "+last.Headline)
			want := []string{last.NextStep.Text}
			if last.Failure != nil {
				want = []string{last.Failure.Message, last.NextStep.Text}
			}
			require.Equal(t, want, lines[3:], s.out)
		})
	}
}

func advance(b *bench, id string) {
	require.NoError(b.t, b.store.SavePlan(b.t.Context(), id, 2, ""))
	require.NoError(b.t, b.store.RecordItems(b.t.Context(), id, []models.Item{{Key: "a", State: models.ItemSucceeded}}))
}

func TestRunsWatchPrintsAJSONLineForEveryChange(t *testing.T) {
	t.Parallel()
	b := console(t)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	b.before = func(n int64, _ http.ResponseWriter, _ *http.Request) bool {
		if n == 4 {
			modelstest.Finish(b.t, b.store, run, lifecycle.Succeeded)
		}
		return false
	}
	lines := strings.Split(strings.TrimSpace(b.did("watch", run.ID, "--interval", "1ms", "--json")), "\n")
	require.Len(t, lines, 2)
	require.Equal(t, apiclient.StatusRunning, decoded[apiclient.Run](t, lines[0]).Status)
	require.Equal(t, apiclient.StatusCompleted, decoded[apiclient.Run](t, lines[1]).Status)
}

func TestRunsAreWatchedFromTheirStart(t *testing.T) {
	t.Parallel()
	b := console(t)
	b.before = func(n int64, _ http.ResponseWriter, _ *http.Request) bool {
		if n == 3 {
			page, err := b.store.ListRuns(b.t.Context(), b.world.OwnerScope, models.Filter{}, models.Page{Limit: 1})
			require.NoError(b.t, err)
			require.NoError(b.t, b.store.SetDispatched(b.t.Context(), page.Runs[0].ID, "first", "default", "cluster"))
			run, err := b.store.Transition(b.t.Context(), page.Runs[0].ID, lifecycle.Change{Kind: lifecycle.Started})
			require.NoError(b.t, err)
			modelstest.Finish(b.t, b.store, run, lifecycle.Failed)
		}
		return false
	}
	s := b.does("start", "sample.simulate", "--workspace", "acme", "--tenant", "north", "--watch", "--interval", "1ms")
	require.Equal(t, exitFailed, s.code, s.err)
	require.Contains(t, s.out, "Failed: Ended with an error")
}

func TestRunsWatchEndsOnWhatItIsToldTo(t *testing.T) {
	t.Parallel()
	b := console(t)
	stuck := modelstest.Running(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.Policy.StaleAfter = 1 }))
	s := b.does("watch", stuck.ID, "--fail-if-stuck")
	require.Equal(t, exitStuck, s.code)
	require.Contains(t, s.out, "Likely stuck: ")

	ctx, stop := context.WithCancel(t.Context())
	b.before = func(n int64, _ http.ResponseWriter, _ *http.Request) bool {
		if n == 4 {
			stop()
		}
		return false
	}
	s = b.doesIn(ctx, "watch", stuck.ID, "--interval", "1ms", "--url", b.address, "--token", b.token)
	require.Equal(t, exitInterrupted, s.code)
	require.Contains(t, s.err, "the run goes on")

	require.Contains(t, b.refuses(exitUsage, "watch", stuck.ID, "--interval", "0s"), "--interval")
	require.Contains(t, b.refuses(exitError, "watch", "no-such"), "Not found: ")
}

func TestRunsWatchDrawsOneLineOnATerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c, w := &caller{out: &out, terminal: true}, &watch{}
	const again = "\r\x1b[J"
	run := apiclient.Run{Badge: "Running", Headline: "Running normally", Progress: apiclient.Progress{Total: 4, Processed: 1}}
	require.NoError(t, w.tell(c, run, nil))
	run.Progress.Processed = 5 // what turned up since it was planned
	require.NoError(t, w.tell(c, run, nil))
	run.Badge, run.Headline, run.NextStep.Text = "Failed", strings.Repeat("long ", 30), "Retry."
	require.NoError(t, w.tell(c, run, nil))
	require.NoError(t, w.end(c, run, nil))
	drawn := strings.Split(out.String(), again)
	require.Equal(t, []string{"", "[#####---------------] 1/4 Running: Running normally", "[####################] 5/4 Running: Running normally"}, drawn[:3])
	require.Len(t, []rune(drawn[3]), usualWidth-1)
	require.Equal(t, "5/4 Failed: "+strings.TrimSpace(run.Headline)+"\nRetry.\n", drawn[4])
}

func TestRunsWatchFitsItsLineIntoATerminalOfAnyWidth(t *testing.T) {
	t.Parallel()
	m := moving{progress: apiclient.Progress{Total: 1 << 62, Processed: 1 << 61}}
	text := strings.Repeat("word ", 40)
	for _, width := range []int{1, 2, 10, 40, 80, 300} {
		m.drawn = 0
		line := strings.TrimPrefix(m.draw(text, width), "\r\x1b[J")
		require.Less(t, len([]rune(line)), max(width, 2), "%d: %q", width, line)
	}
	m.draw(text, 101)
	require.True(t, strings.HasPrefix(m.draw(text, 40), "\r\x1b[2A\x1b[J"), "100 columns stand in three rows of 40 now")
	require.Empty(t, bar(apiclient.Progress{Processed: 7}, 80))
	require.Equal(t, "[#####-----]", bar(apiclient.Progress{Total: 1 << 62, Processed: 1 << 61}, 40))
}

// streaming is a console that tells of changes, and the way to stop that.
func streaming(t *testing.T) (b *bench, stop func()) {
	t.Helper()
	store := modelstest.New(t)
	f := feed.New(func() feed.Reader { return store.NewChangeReader() }, time.Millisecond, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(stop)
	return serving(t, store, f), stop
}

// What the console tells of is seen at once, however seldom the run is looked at otherwise.
func TestRunsWatchIsToldOfChanges(t *testing.T) {
	t.Parallel()
	b, _ := streaming(t)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	b.before = func(n int64, _ http.ResponseWriter, _ *http.Request) bool {
		switch n {
		case 2: // the stream has begun
			modelstest.Queued(b.t, b.store, b.world.NewRun()) // which is none of this run's
			advance(b, run.ID)
		case 3:
			modelstest.Finish(b.t, b.store, run, lifecycle.PartiallySucceeded)
		}
		return false
	}
	s := b.does("watch", run.ID, "--interval", "1h")
	require.Equal(t, exitPartly, s.code, s.err)
	require.EqualValues(t, 1, b.streams.Load())
}

// A console that stops in the midst takes nothing with it but the news.
func TestRunsWatchOutlivesItsStream(t *testing.T) {
	t.Parallel()
	b, stop := streaming(t)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	b.before = func(n int64, w http.ResponseWriter, _ *http.Request) bool {
		switch n {
		case 2:
			go stop() // whose end the stream's end awaits
		case 3, 4:
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		case 5:
			modelstest.Finish(b.t, b.store, run, lifecycle.Blocked)
		}
		return false
	}
	s := b.does("watch", run.ID, "--interval", "10ms")
	require.Equal(t, exitBlocked, s.code, s.err)
	require.Empty(t, s.err)
}
