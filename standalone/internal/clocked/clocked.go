// Package clocked keeps test programs that watch deadlines of seconds apart: go
// test runs packages side by side, and two Temporal servers on a small machine
// make each other late.
package clocked

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Alone waits until no other such program runs, for at most limit, and returns
// what lets the next one begin.
func Alone(limit time.Duration) (done func() error, err error) {
	lock := flock.New(filepath.Join(os.TempDir(), "opstruth-clocked-tests.lock"))
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	ok, err := lock.TryLockContext(ctx, 100*time.Millisecond)
	if err == nil && !ok {
		err = errors.New("another one holds it")
	}
	if err != nil {
		return nil, fmt.Errorf("wait for other tests that watch the clock: %w", err)
	}
	return lock.Unlock, nil
}
