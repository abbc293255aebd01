package worker

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/models"
)

// farewell is a record that a worker leaves.
type farewell struct {
	Record

	err    error
	handed []string
	limit  time.Duration
	left   time.Duration
}

func (f *farewell) HandOver(ctx context.Context, _ string, runs []string, limit time.Duration) error {
	end, _ := ctx.Deadline()
	f.handed, f.limit, f.left = runs, limit, time.Until(end)
	return f.err
}

func TestAWorkerThatCannotHandOverWarns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err         error
		says, quiet string
	}{
		"all is handed over": {nil, "handed_over=2", "level=WARN"},
		"the record is busy": {errors.New("row is locked"), "level=WARN", "handed_over"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			f := &farewell{err: c.err}
			w := &Worker{o: Options{
				Record: f, Worker: models.WorkerRow{ID: "w1"}, Handover: time.Minute, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			}}
			w.handOver(t.Context(), []string{"b", "a", "b"})
			require.Equal(t, []string{"a", "b"}, f.handed)
			require.Equal(t, time.Minute, f.limit)
			require.Greater(t, f.left, 5*time.Second)
			require.Contains(t, log.String(), c.says)
			require.NotContains(t, log.String(), c.quiet)
		})
	}
}
