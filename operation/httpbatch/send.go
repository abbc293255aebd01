package httpbatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"golang.org/x/oauth2"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/operation/connection"
)

// sender sends lines of one run.
type sender struct {
	recipe   recipe
	courier  courier
	gate     gate
	pace     *rate.Limiter
	limits   limits
	attempts int
	at       int // requests at a time
	firstTry uuid.UUID
}

// sender opens the run's connection, file and templates. What is wrong with them blocks the run.
func (b *batch) sender(ctx context.Context, run *operation.Run[Input]) (*sender, error) {
	in := run.Input.withDefaults()
	var base *url.URL
	s := &sender{
		limits: b.limits, attempts: in.Attempts, at: in.Concurrency, gate: gate{hold: run.Hold},
		pace: rate.NewLimiter(rate.Limit(in.Rate), 1),
		courier: courier{
			http: b.http, timeout: time.Duration(in.Timeout) * time.Second, redirects: b.limits.redirects,
		},
	}
	s.pace.Allow() // the chunk before has sent a request this instant
	if in.Connection != "" {
		opened, err := connection.Open(ctx, b.store, b.unseal, run.TenantID, in.Connection)
		if err != nil {
			return nil, err
		}
		if base, err = webURL(opened.BaseURL); err != nil {
			return nil, operation.Blocked(fmt.Sprintf("connection %q: its URL %v; correct it", opened.Name, err))
		}
		s.courier.tokens, s.courier.home = opened.Tokens(ctx, b.http), origin(base)
	}
	var err error
	if s.recipe, _, err = b.prepare(ctx, run.TenantID, in, base); err != nil {
		var field *fieldError
		if errors.As(err, &field) {
			return nil, operation.Blocked(fmt.Sprintf("its %s %v; start it again with the right one", field.name, field))
		}
		return nil, err
	}
	first, err := b.store.FirstTry(ctx, run.ID)
	if err != nil {
		return nil, fmt.Errorf("find the first try of run %s: %w", run.ID, err)
	}
	if s.firstTry, err = uuid.Parse(first); err != nil {
		return nil, operation.Permanent(fmt.Errorf("read the id of run %s: %w", first, err))
	}
	return s, nil
}

// all sends lines, some at a time, and records each end. It returns early where the run cannot go on.
func (s *sender) all(ctx context.Context, lines []row, record func(operation.Item)) error {
	group, sending := errgroup.WithContext(ctx)
	defer s.gate.waits.Wait() // its wait ends with the group's context
	group.SetLimit(s.at)
	for _, line := range lines {
		if sending.Err() != nil {
			break
		}
		group.Go(func() error {
			item, err := s.line(sending, line)
			if err == nil {
				record(item)
			}
			return err
		})
	}
	err := group.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// line sends one line until it is done or has failed for good.
func (s *sender) line(ctx context.Context, line row) (operation.Item, error) {
	m, err := s.recipe.message(line, s.firstTry)
	if isBadValue(err) {
		return item(line, answer{code: "bad_value", message: err.Error()}, 0), nil
	}
	if err != nil {
		return operation.Item{}, operation.Permanent(err)
	}
	for attempt, busy := 1, 0; ; attempt++ {
		if err := s.gate.pass(ctx); err != nil {
			return operation.Item{}, err
		}
		if err := s.pace.Wait(ctx); err != nil {
			return operation.Item{}, err
		}
		a, err := s.courier.send(ctx, m)
		if ctx.Err() != nil && a.code != "" { // how it ended is not known
			return operation.Item{}, context.Cause(ctx)
		}
		if err != nil {
			return operation.Item{}, credential(err)
		}
		switch {
		case !a.again:
			return item(line, a, attempt), nil
		case a.after > s.limits.maxWait:
			a.message += fmt.Sprintf("; it asks to wait %s, longer than is waited", a.after)
			return item(line, a, attempt), nil
		case a.after >= 0 && busy < s.limits.busyTries:
			busy++
			s.gate.shut(ctx, max(a.after, s.limits.backoff/2), fmt.Sprintf("%s asks to wait (HTTP %d)", m.url.Host, a.status))
		case attempt-busy >= s.attempts:
			return item(line, a, attempt), nil
		default:
			if err := s.backoff(ctx, attempt-busy); err != nil {
				return operation.Item{}, err
			}
		}
	}
}

// backoff waits before another attempt: twice as long each time, and anything between half of that and all, so that
// lines that failed together do not come back together.
func (s *sender) backoff(ctx context.Context, attempts int) error {
	most := min(s.limits.backoff<<min(attempts-1, 20), s.limits.maxBackoff)
	timer := time.NewTimer(most/2 + rand.N(most/2+1)) //nolint:gosec // no secret
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// detail is what is kept of a line beside its end.
type detail struct {
	Title    string `json:"title"`
	Status   int    `json:"status,omitempty"`
	Attempts int    `json:"attempts"`
	Response string `json:"response,omitempty"`
}

func item(line row, a answer, attempts int) operation.Item {
	d, err := json.Marshal(detail{Title: line.title(), Status: a.status, Attempts: attempts, Response: a.excerpt})
	if err != nil {
		panic(err) // texts and numbers always have JSON
	}
	i := operation.Item{Key: line.key, State: operation.ItemSucceeded, Detail: d}
	if a.code != "" {
		i.State, i.Code, i.Message = operation.ItemFailed, a.code, a.message
	} else {
		i.Message = fmt.Sprintf("HTTP %d %s", a.status, http.StatusText(a.status))
	}
	if attempts > 1 {
		i.Message += fmt.Sprintf(", after %d attempts", attempts)
	}
	if a.code != "" && a.reason != "" {
		i.Message += ": " + a.reason
	}
	return i
}

// checkTokens gets a token, so that a wrong credential stops the run before any line is sent.
func (s *sender) checkTokens() error {
	if s.courier.tokens == nil {
		return nil
	}
	_, err := s.courier.tokens.Token()
	return credential(err)
}

// credential tells a credential that is refused from a token endpoint that does not answer now.
func credential(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < http.StatusInternalServerError &&
		refused.Response.StatusCode != http.StatusTooManyRequests {
		return operation.Blocked(fmt.Sprintf("the connection's credential is refused: %s; enter the right one", clip(refused.Error(), 200)))
	}
	if err != nil {
		return fmt.Errorf("get a token: %w", err)
	}
	return nil
}
