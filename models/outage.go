package models

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"gorm.io/gorm"
)

const (
	// outageWorth is how long an outage must have lasted to be told: a shorter one silences no run.
	outageWorth = time.Second
	// unbroken is how far apart two failures may lie for the record to have been away between them.
	unbroken = 15 * time.Second
	// overrun is by how much an attempt may outlast its limit while its process runs.
	overrun = 2 * time.Second
	// outagesFor is how long outages are remembered: a run that is silent for longer has been judged since.
	outagesFor = 7 * 24 * time.Hour
)

// outage is what a process notes of its own about the record being away: no transaction of it went through since then.
// Its clock is the process's, which goes on while the process is stopped: a process that did not run proves nothing.
type outage struct {
	now func() time.Time

	mu         sync.Mutex
	went       time.Time // when a query or transaction last went through
	from, last time.Time // since when none does, and the last that failed; zero: not away
}

// attempt is one try to write: when it began, and how long it might take.
type attempt struct {
	began time.Time
	limit time.Duration
}

func (o *outage) begin(ctx context.Context) attempt {
	a := attempt{began: o.now(), limit: writeTimeout}
	if end, ok := ctx.Deadline(); ok {
		a.limit = min(a.limit, time.Until(end))
	}
	return a
}

// failed notes that the database could not be reached or did not answer in time.
func (o *outage) failed(a attempt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	stood := now.Sub(a.began) > a.limit+overrun
	switch {
	case stood: // the process did, for who knows how much of that time
		o.from = now
	case o.from.IsZero() || a.began.Sub(o.last) > unbroken:
		o.from = a.began
		if o.went.After(o.from) { // others went through while this one waited
			o.from = o.went
		}
	}
	o.last = now
}

// reached notes that a query was answered: what fails from now on began to fail after it.
func (o *outage) reached() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.went = o.now()
}

// succeeded notes that a transaction went through, which told of the outage that began then.
func (o *outage) succeeded(told time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.went = o.now()
	if o.from.Equal(told) {
		o.from, o.last = time.Time{}, time.Time{}
	}
}

// pending is the outage that the next transaction tells of: since when, and how long ago it began and ended.
func (o *outage) pending() (since time.Time, began, ended time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.from.IsZero() {
		return time.Time{}, 0, 0
	}
	now := o.now()
	if now.Sub(o.last) > unbroken { // nobody tried, so nobody knows
		ended = now.Sub(o.last)
	}
	return o.from, now.Sub(o.from), ended
}

// tellOutage stores an outage of this process, unless another one has told of the same.
func (s *Store) tellOutage(tx *gorm.DB) (told time.Time, err error) {
	told, began, ended := s.away.pending()
	if began-ended < outageWorth {
		return told, nil
	}
	err = tx.Exec(`INSERT INTO outages (from_at, to_at) SELECT v.from_at, v.to_at
		FROM (SELECT `+s.clock+` - CAST(? AS BIGINT) AS from_at, `+s.clock+` - CAST(? AS BIGINT) AS to_at) AS v
		WHERE NOT EXISTS (SELECT 1 FROM outages o WHERE o.from_at <= v.from_at AND o.to_at >= v.to_at - CAST(? AS BIGINT))`,
		began.Microseconds(), ended.Microseconds(), outageWorth.Microseconds()).Error
	if err != nil {
		return told, fmt.Errorf("tell of an outage: %w", err)
	}
	return told, nil
}

// unreached reports whether an error says that the database could not be reached or did not answer in time. What it
// refused it has answered, and a caller that gave up proves nothing.
func (s *Store) unreached(caller context.Context, err error) bool {
	var network net.Error
	switch {
	case err == nil, errors.Is(caller.Err(), context.Canceled):
		return false
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network), s.d.AwayErr(err):
		return true
	}
	for _, lost := range []error{driver.ErrBadConn, sql.ErrConnDone, sql.ErrTxDone, io.EOF, io.ErrUnexpectedEOF} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return false
}
