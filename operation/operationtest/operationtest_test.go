package operationtest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/operation/operationtest"
)

type input struct {
	Do string `json:"do"`
}

func kind() operation.Definition {
	return operation.Define(operation.Type[input]{
		Name: "test.work", Title: "Work", Target: func(in input) string { return in.Do },
		Check: func(_ context.Context, run *operation.Run[input]) error {
			if run.Input.Do == "block" {
				return operation.Blocked("Ask for consent.")
			}
			return nil
		},
		Do: func(ctx context.Context, run *operation.Run[input], cursor string) (operation.Next, error) {
			switch {
			case run.Input.Do == "fail":
				return operation.Next{}, operation.Permanent(errors.New("disk is gone"))
			case run.Woken:
				run.Failed("b", "code", "message")
				return operation.Done(), run.Hold(ctx, time.Hour, "rate limit")
			}
			run.Succeeded("a")
			return operation.AwaitSignal("next", time.Hour, "an approval"), nil
		},
		Finish: func(ctx context.Context, run *operation.Run[input]) error {
			return run.Artifact(ctx, "report.txt", "text/plain", []byte("done"))
		},
	})
}

func TestARunIsToldAsItWouldEnd(t *testing.T) {
	t.Parallel()
	r := operationtest.Run(t, kind(), `{"do":"work"}`)
	require.Equal(t, lifecycle.PartiallySucceeded, r.Outcome)
	require.Equal(t, "work", r.Target)
	require.Equal(t, lifecycle.Counts{Total: 2, Processed: 2, Succeeded: 1, Failed: 1}, r.Counts, "though every chunk was done twice")
	require.Equal(t, 2, r.Chunks)
	require.Equal(t, []operation.Wait{{For: time.Hour, Signal: true, Reason: "an approval"}}, r.Waits)
	require.Equal(t, []string{"rate limit", "rate limit"}, r.Holds)
	require.Equal(t, map[string][]byte{"report.txt": []byte("done")}, r.Artifacts)

	r = operationtest.Run(t, kind(), `{"do":"block"}`)
	require.Equal(t, lifecycle.Blocked, r.Outcome)
	require.Equal(t, "Ask for consent.", r.Failure.Message)

	r = operationtest.Run(t, kind(), `{"do":"fail"}`)
	require.Equal(t, lifecycle.Failed, r.Outcome)
	require.Equal(t, "disk is gone", r.Failure.Message)
}
