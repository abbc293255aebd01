package httpbatch

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
)

func number(r *http.Request) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/u"))
	return n
}

var plainInput = Input{URL: "http://api.test/{id}", Body: `{"name": "{name}"}`, Rate: 1000, Concurrency: 16, Timeout: 5}

func TestBatchOfAThousandLinesFailsExactlyWhereItHasTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, people(1000), plainInput)
		b.side.answer = func(r *http.Request, _ string, nth int) *http.Response {
			switch n := number(r); {
			case n%101 == 0: // for good
				return reply(500, "broken")
			case n%97 == 0:
				return nil
			case n == 500:
				return reply(422, `{"error": {"code": "x", "message": "no such\nplan"}}`)
			case n%50 == 0 && nth == 1:
				return reply(429, "", "Retry-After", "2")
			case n%51 == 0 && nth <= 2:
				return reply(503, "")
			case n%53 == 0 && nth == 1:
				return nil
			}
			return reply(201, `{"made": true}`)
		}
		outcome, err := b.all(t.Context())
		require.NoError(t, err)
		require.Equal(t, lifecycle.PartiallySucceeded, outcome)
		require.Equal(t, int64(1000), b.total)

		var want []string
		for n := 1; n <= 1000; n++ {
			if n%101 == 0 || n%97 == 0 || n == 500 {
				want = append(want, itemKey(int64(n+1), "")) // below the header
			}
		}
		require.Equal(t, want, b.keys(operation.ItemFailed))
		require.Len(t, b.keys(operation.ItemSucceeded), 1000-len(want))
		require.Equal(t, "http_500", b.item(102).Code)
		require.Equal(t, "HTTP 500 Internal Server Error, after 5 attempts: broken", b.item(102).Message)
		require.Equal(t, "timeout", b.item(98).Code)
		require.Equal(t, "no answer within 5 seconds, after 5 attempts", b.item(98).Message)
		require.Equal(t, "HTTP 422 Unprocessable Entity: no such plan", b.item(501).Message, "not tried again")
		require.JSONEq(t, `{"title":"Line 52","status":201,"attempts":3,"response":"{\"made\": true}"}`, string(b.item(52).Detail))

		for url, keys := range b.side.idempotencyKeys() {
			for _, key := range keys {
				require.Equal(t, keys[0], key, "attempts of %s", url)
			}
		}
		rows, err := csv.NewReader(strings.NewReader(b.store.artifacts[resultsName])).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 1001)
		require.Equal(t, []string{"id", "name", "line", "outcome", "http_status", "attempts", "code", "message", "response"}, rows[0])
		require.Equal(t, []string{"u1", "Person 1", "2", "succeeded", "201", "1", "", "HTTP 201 Created", `{"made": true}`}, rows[1])
		require.Equal(t, []string{"u97", "Person 97", "98", "failed", "", "5", "timeout", "no answer within 5 seconds, after 5 attempts", ""}, rows[97])
	})
}

func TestRetryAfterHoldsTheWholeRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, people(80), plainInput)
		var busyAt time.Time
		b.side.answer = func(r *http.Request, _ string, nth int) *http.Response {
			if number(r) == 20 && nth == 1 {
				busyAt = time.Now()
				return reply(429, "", "Retry-After", "60")
			}
			return reply(200, "")
		}
		outcome, err := b.all(t.Context())
		require.NoError(t, err)
		require.Equal(t, lifecycle.Succeeded, outcome)
		require.Equal(t, []string{"1m0s api.test asks to wait (HTTP 429)"}, b.held)
		early, late := 0, 0
		for _, r := range b.side.received {
			if r.at.Before(busyAt.Add(50 * time.Millisecond)) {
				early++ // some may be on their way when the answer comes
			} else {
				require.False(t, r.at.Before(busyAt.Add(time.Minute)), "sent during the wait")
				late++
			}
		}
		require.Positive(t, early)
		require.Greater(t, late, 10)
	})
}

func TestAThrottledLineGivesUp(t *testing.T) {
	t.Parallel()
	for after, want := range map[string]struct {
		requests int
		message  string
	}{
		"1":     {15, "HTTP 429 Too Many Requests, after 15 attempts"},
		"86400": {1, "HTTP 429 Too Many Requests; it asks to wait 24h0m0s, longer than is waited"},
	} {
		t.Run(after, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, people(1), plainInput)
				b.side.answer = func(*http.Request, string, int) *http.Response { return reply(429, "", "Retry-After", after) }
				outcome, err := b.all(t.Context())
				require.NoError(t, err)
				require.Equal(t, lifecycle.Failed, outcome)
				require.Len(t, b.side.received, want.requests)
				require.Equal(t, want.message, b.item(2).Message)
			})
		})
	}
}

func TestRateIsKeptOverChunksAndAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := plainInput
		in.Rate = 20
		b := newBench(t, people(1100), in) // two chunks
		b.side.answer = func(_ *http.Request, _ string, nth int) *http.Response {
			if nth == 1 {
				return reply(500, "")
			}
			return reply(200, "")
		}
		begun := time.Now()
		_, err := b.all(t.Context())
		require.NoError(t, err)
		require.Len(t, b.side.received, 2200)
		for i := 1; i < len(b.side.received); i++ {
			require.GreaterOrEqual(t, b.side.received[i].at.Sub(b.side.received[i-1].at), 49*time.Millisecond, "request %d", i)
		}
		require.InDelta(t, 2200/20, time.Since(begun).Seconds(), 5, "and the rate is used")
	})
}

func TestNoMoreIsOnItsWayThanWasAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := plainInput
		in.Concurrency = 3
		b := newBench(t, people(60), in)
		var now, most atomic.Int64
		b.side.answer = func(*http.Request, string, int) *http.Response {
			defer now.Add(-1)
			for n := now.Add(1); n > most.Load(); n = now.Load() {
				most.Store(n)
			}
			time.Sleep(time.Second) //nolint:forbidigo // an answer takes its time, on the bubble's clock
			return reply(200, "")
		}
		_, err := b.all(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 3, most.Load())
	})
}

func TestACrashInTheMiddleSendsNoRecordedLineAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, people(300), plainInput)
		crash := errors.New("worker was killed")
		ctx, kill := context.WithCancelCause(t.Context())
		ended := 0
		b.lost = func(operation.Item) bool { ended++; return ended > 100 && ended <= 140 } // ended, and not flushed yet
		b.onItem = func(n int) {
			if ended == 160 {
				kill(crash)
			}
		}
		_, err := b.all(ctx)
		require.ErrorIs(t, err, crash)
		recorded := b.keys(operation.ItemSucceeded)
		require.Greater(t, len(recorded), 100)
		require.Less(t, len(recorded), 200)
		before := b.side.idempotencyKeys()

		b.lost, b.onItem, b.side.received = nil, nil, nil
		outcome, err := b.all(t.Context())
		require.NoError(t, err)
		require.Equal(t, lifecycle.Succeeded, outcome)
		after := b.side.idempotencyKeys()
		for _, key := range recorded {
			line, err := strconv.Atoi(strings.TrimLeft(key, "0"))
			require.NoError(t, err)
			require.NotContains(t, after, fmt.Sprintf("http://api.test/u%d", line-1), "it was recorded")
		}
		twice := 0
		for url, keys := range after {
			if was, sent := before[url]; sent {
				require.Equal(t, was[0], keys[0], url)
				twice++
			}
		}
		require.GreaterOrEqual(t, twice, 40, "what was not recorded is sent again, under its key")
		all := map[string]bool{}
		for _, sent := range []map[string][]string{before, after} {
			for url := range sent {
				all[url] = true
			}
		}
		require.Len(t, all, 300)
	})
}

func TestACancelStopsWithinTheChunk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := plainInput
		in.Concurrency, in.Rate = 2, 10
		b := newBench(t, people(500), in)
		b.side.answer = func(r *http.Request, _ string, _ int) *http.Response {
			if number(r) == 7 {
				return nil // on its way when the cancel comes
			}
			return reply(200, "")
		}
		cancelled := errors.New("cancelled")
		ctx, cancel := context.WithCancelCause(t.Context())
		b.onItem = func(n int) {
			if n == 8 {
				cancel(cancelled)
			}
		}
		begun := time.Now()
		_, err := b.all(ctx)
		require.ErrorIs(t, err, cancelled)
		require.Less(t, time.Since(begun), 2*time.Second)
		require.LessOrEqual(t, len(b.side.received), 10)
		require.Empty(t, b.keys(operation.ItemFailed), "a line whose end is not known has not failed")
	})
}

func TestARetrySendsOnlyWhatDidNotSucceed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, people(50), plainInput)
		broken := map[int]bool{10: true, 20: true, 30: true}
		b.side.answer = func(r *http.Request, _ string, _ int) *http.Response {
			if broken[number(r)] {
				return reply(500, "")
			}
			return reply(200, "")
		}
		outcome, err := b.all(t.Context())
		require.NoError(t, err)
		require.Equal(t, lifecycle.PartiallySucceeded, outcome)
		first := b.side.idempotencyKeys()

		broken = map[int]bool{20: true}
		b.again()
		outcome, err = b.all(t.Context())
		require.NoError(t, err)
		require.Equal(t, "47 succeeded in the run that this one retries: not sent again", b.note)
		require.Equal(t, lifecycle.PartiallySucceeded, outcome)
		require.Len(t, b.side.idempotencyKeys(), 3)
		require.Equal(t, first["http://api.test/u10"][0], b.side.idempotencyKeys()["http://api.test/u10"][0])
		require.Len(t, b.keys(operation.ItemSkipped), 47)
		require.Equal(t, "it succeeded before and was not sent again", b.item(2).Message)

		broken = nil
		b.again()
		_, err = b.all(t.Context())
		require.NoError(t, err)
		require.Equal(t, "49 succeeded in the run that this one retries: not sent again", b.note)
		require.Len(t, b.side.received, 1, "also what the run before it had skipped")
	})
}
