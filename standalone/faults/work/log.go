package work

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// PulseEvery is how often a worker process writes down that it lives.
const PulseEvery = 250 * time.Millisecond

// Attempt is one attempt of the chunk of one item of one run.
type Attempt struct {
	Run    string
	Item   int
	Number int
}

// How an attempt ended.
const (
	Ended         = "ended"
	FailedAttempt = "failed"      // and comes again after a backoff
	Waits         = "waits"       // and its workflow waits
	CutOff        = "cut_off"     // its context was cancelled
	HandedOver    = "handed_over" // its worker was told to stop
)

// Line is one line of a worker's log. Times are true, whatever clock the worker shows.
type Line struct {
	At    time.Time
	Kind  string // pulse, begin or one of the ways to end
	Of    Attempt
	Lasts time.Duration // of a backoff or a wait
}

// Kinds of lines beside the ends.
const (
	Pulse = "pulse"
	Begin = "begin"
)

// Log is what a worker process writes down about itself. What was written survives kill -9.
type Log struct {
	mu     sync.Mutex
	to     io.Writer
	offset time.Duration
}

// NewLog makes a log of a process whose wall clock is offset from the true one.
func NewLog(to io.Writer, offset time.Duration) *Log { return &Log{to: to, offset: offset} }

// Begin writes that an attempt begins.
func (l *Log) Begin(a Attempt) { l.write(Begin, a, 0) }

// End writes how an attempt ended.
func (l *Log) End(a Attempt, how string, lasts time.Duration) { l.write(how, a, lasts) }

// Beat writes that the process lives, until ctx ends.
func (l *Log) Beat(ctx context.Context) {
	tick := time.NewTicker(PulseEvery)
	defer tick.Stop()
	for {
		l.write(Pulse, Attempt{Run: "-"}, 0)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (l *Log) write(kind string, a Attempt, lasts time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// One write per line, so that a process that is killed leaves no half line but the last. A log that cannot be
	// written shows as a silent process, which fails the check of the run.
	_, _ = fmt.Fprintf(l.to, "%d %s %s %d %d %d\n", time.Now().Add(-l.offset).UnixMicro(), kind, a.Run, a.Item, a.Number, lasts.Microseconds())
}

// ReadLog reads the log of one process. A last line that was cut off is left out.
func ReadLog(path string) ([]Line, error) {
	f, err := os.Open(path) //nolint:gosec // the harness's own file
	if err != nil {
		return nil, fmt.Errorf("read the log of a worker: %w", err)
	}
	defer f.Close()
	var lines []Line
	for scan := bufio.NewScanner(f); scan.Scan(); {
		var at, lasts int64
		var line Line
		n, err := fmt.Sscanf(scan.Text(), "%d %s %s %d %d %d", &at, &line.Kind, &line.Of.Run, &line.Of.Item, &line.Of.Number, &lasts)
		if err != nil || n != 6 {
			continue
		}
		line.At, line.Lasts = time.UnixMicro(at).UTC(), time.Duration(lasts)*time.Microsecond
		lines = append(lines, line)
	}
	return lines, nil
}
