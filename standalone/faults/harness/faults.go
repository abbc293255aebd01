package harness

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/opstruth/opstruth/standalone/faults/check"
	"github.com/opstruth/opstruth/standalone/faults/work"
	"github.com/opstruth/opstruth/standalone/supervise"
)

// step is one thing that a script does. It returns when what it took away is there again.
type step func(ctx context.Context, s *running) error

// inject notes a fault while it is done, and when it was over.
func (s *site) inject(kind check.FaultKind, target string, do func() error) error {
	from := time.Now().UTC()
	err := do()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, check.Fault{Kind: kind, Target: target, From: from, To: time.Now().UTC()})
	if err != nil {
		return fmt.Errorf("inject %q into %q: %w", kind, target, err)
	}
	return nil
}

// crash kills a node with kill -9 and starts it again after a while; never where the while is negative.
func crash(name string, down time.Duration) step {
	return func(ctx context.Context, s *running) error {
		n := s.node(name)
		kind := check.Kill
		if n.role == work.RoleWeb {
			kind = check.ConsoleKill
		}
		return s.inject(kind, name, func() error {
			if err := n.process.Kill(); err != nil {
				return err
			}
			s.ended(n, false)
			if down < 0 {
				return nil
			}
			return s.again(ctx, n, down)
		})
	}
}

// roll stops a node in good order and starts it again.
func roll(name string, down time.Duration) step {
	return func(ctx context.Context, s *running) error {
		n := s.node(name)
		return s.inject(check.Restart, name, func() error {
			stopping, cancel := context.WithTimeout(ctx, 30*time.Second)
			defer cancel()
			err := n.process.Stop(stopping)
			s.ended(n, err == nil)
			return errors.Join(err, s.again(ctx, n, down))
		})
	}
}

// again starts a node that has ended, and returns when it serves.
func (s *site) again(ctx context.Context, n *node, down time.Duration) error {
	if err := pause(ctx, down); err != nil {
		return err
	}
	if err := s.start(n.name, n.role, n.queues, n.offset); err != nil {
		return err
	}
	return s.serving(ctx, n)
}

// serveLimit is how long a busy machine may take to start a process.
const serveLimit = 3 * time.Minute

// serving waits until a node works: a worker has its row, the console answers.
func (s *site) serving(ctx context.Context, n *node) error {
	if n.role == work.RoleWeb {
		return until(ctx, serveLimit, n.name+" serves", s.console.ready)
	}
	pid := n.process.State().PID
	return until(ctx, serveLimit, n.name+" serves", func(ctx context.Context) error {
		rows, _, err := s.store.Workers(ctx)
		for _, row := range rows {
			if row.PID == pid {
				return nil
			}
		}
		return errors.Join(errors.New("it has no row"), err)
	})
}

// freeze stops a node's process as if its machine hung, and lets it go on.
func freeze(name string, lasts time.Duration) step {
	return func(ctx context.Context, s *running) error {
		n := s.node(name)
		return s.inject(check.Freeze, name, func() error {
			pid := n.process.State().PID
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
				return err
			}
			waited := pause(ctx, lasts)
			return errors.Join(waited, syscall.Kill(pid, syscall.SIGCONT))
		})
	}
}

// pauseDatabase lets nothing pass between the database and the processes.
func pauseDatabase(lasts time.Duration) step {
	return func(ctx context.Context, s *running) error {
		return s.inject(check.DatabasePause, "", func() error {
			s.proxy.pause(true)
			defer s.proxy.pause(false)
			return pause(ctx, lasts)
		})
	}
}

// restartDatabase crashes the server and starts it again.
func restartDatabase() step {
	return func(ctx context.Context, s *running) error {
		return s.inject(check.DatabaseRestart, "", func() error { return s.postgres.Restart(ctx) })
	}
}

// stopTemporal kills the Temporal server and starts it again after a while.
func stopTemporal(down time.Duration) step {
	return func(ctx context.Context, s *running) error {
		return s.inject(check.TemporalStop, "", func() error {
			if err := s.temporal.Kill(); err != nil && !errors.Is(err, supervise.ErrNotRunning) {
				return err
			}
			if err := pause(ctx, down); err != nil {
				return err
			}
			return s.startTemporal(ctx)
		})
	}
}

// shift starts a node anew with another clock, in good order.
func shift(name string, offset time.Duration) step {
	return func(ctx context.Context, s *running) error {
		s.node(name).offset = offset
		if err := s.inject(check.Clock, name, func() error { return nil }); err != nil {
			return err
		}
		return roll(name, 0)(ctx, s)
	}
}

// idle does nothing for a while.
func idle(lasts time.Duration) step {
	return func(ctx context.Context, _ *running) error { return pause(ctx, lasts) }
}

// pause waits, or fails when ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
