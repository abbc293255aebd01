package workflows_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"github.com/opstruth/opstruth/workflows"
	"github.com/opstruth/opstruth/workflows/contract"
)

// pass runs one pass over stand-ins for its activities.
type pass struct {
	delivered contract.DeliverResult
	batches   map[string]contract.VerifyResult
	settled   []contract.SettleInput
	err       error
}

func (p *pass) run(t *testing.T) error {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	unhurried(env)
	workflows.RegisterReconcile(env)
	register := func(name string, f any) { env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name}) }
	register(contract.ActivityDeliver, func() (contract.DeliverResult, error) { return p.delivered, nil })
	register(contract.ActivityVerify, func(in contract.VerifyInput) (contract.VerifyResult, error) {
		return p.batches[in.After], p.err
	})
	register(contract.ActivitySettle, func(in contract.SettleInput) error {
		p.settled = append(p.settled, in)
		return nil
	})
	env.ExecuteWorkflow(contract.ReconcileWorkflow)
	require.True(t, env.IsWorkflowCompleted())
	return env.GetWorkflowError()
}

func TestAPassGathersAllBatches(t *testing.T) {
	t.Parallel()

	upTo := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := pass{
		delivered: contract.DeliverResult{Answered: true, Force: []string{"a"}, ClosedUpTo: upTo},
		batches: map[string]contract.VerifyResult{
			"":  {Answered: true, Next: "m", Close: []string{"b"}, Suspects: map[string]int{"q": 1}},
			"m": {Answered: true, Close: []string{"n"}, Suspects: map[string]int{"q": 2, "r": 1}},
		},
	}
	require.NoError(t, p.run(t))
	require.Len(t, p.settled, 1)
	got := p.settled[0]
	require.True(t, got.Answered)
	require.NotEmpty(t, got.Pass)
	require.Equal(t, []string{"a", "b", "n"}, got.Close)
	require.Equal(t, map[string]int{"q": 3, "r": 1}, got.Suspects)
	require.True(t, got.ClosedUpTo.Equal(upTo))
}

func TestAPassWithoutAnAnswerJudgesNothingMore(t *testing.T) {
	t.Parallel()

	silent := pass{batches: map[string]contract.VerifyResult{"": {Answered: true, Close: []string{"b"}}}}
	require.NoError(t, silent.run(t))
	require.Len(t, silent.settled, 1, "that there was no answer is recorded")
	require.False(t, silent.settled[0].Answered)
	require.Empty(t, silent.settled[0].Close)

	halfway := pass{
		delivered: contract.DeliverResult{Answered: true},
		batches:   map[string]contract.VerifyResult{"": {Next: "m"}, "m": {Answered: true, Close: []string{"n"}}},
	}
	require.NoError(t, halfway.run(t))
	require.False(t, halfway.settled[0].Answered)
	require.Empty(t, halfway.settled[0].Close)
}

func TestAPassThatFailsLeavesTheRestToTheNext(t *testing.T) {
	t.Parallel()

	p := pass{delivered: contract.DeliverResult{Answered: true}, err: errors.New("database is away")}
	require.ErrorContains(t, p.run(t), "database is away")
	require.Empty(t, p.settled)
}

// clocked is a pass whose batches take their time.
func clocked(t *testing.T, from string, batchTakes time.Duration, started time.Time) (asked []string, settled contract.SettleInput, took time.Duration) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(started)
	unhurried(env)
	workflows.RegisterReconcile(env)
	register := func(name string, f any) { env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name}) }
	register(contract.ActivityDeliver, func() (contract.DeliverResult, error) {
		return contract.DeliverResult{Answered: true, Cursors: contract.Cursors{Dispatch: "d", Cancel: "c", Verify: from}}, nil
	})
	register(contract.ActivityVerify, func(contract.VerifyInput) (contract.VerifyResult, error) { return contract.VerifyResult{}, nil })
	register(contract.ActivitySettle, func(contract.SettleInput) error { return nil })
	env.OnActivity(contract.ActivityVerify, mock.Anything).Return(func(in contract.VerifyInput) (contract.VerifyResult, error) {
		asked = append(asked, in.After)
		n, _ := strconv.Atoi(in.After)
		out := contract.VerifyResult{Answered: true, Next: strconv.Itoa(n + 1)}
		for i := range 40 {
			out.Close = append(out.Close, fmt.Sprintf("%d-%d", n, i))
		}
		return out, nil
	}).After(batchTakes)
	env.OnActivity(contract.ActivitySettle, mock.Anything).Return(func(in contract.SettleInput) error {
		settled = in
		return nil
	})
	env.ExecuteWorkflow(contract.ReconcileWorkflow)
	require.NoError(t, env.GetWorkflowError())
	return asked, settled, env.Now().Sub(started)
}

// A backlog never ends here: each batch has another one after it.
func TestAPassWithABacklogEndsInTimeAndTheNextGoesOn(t *testing.T) {
	t.Parallel()
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		takes   time.Duration
		batches int
	}{"quick batches": {time.Millisecond, 100}, "slow batches": {4 * time.Second, 4}, "a batch that takes its limit": {20 * time.Second, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, settled, took := clocked(t, "7", c.takes, started)
			require.Len(t, asked, c.batches)
			require.Equal(t, "7", asked[0], "where the pass before stopped")
			require.Equal(t, contract.Cursors{Dispatch: "d", Cancel: "c", Verify: strconv.Itoa(7 + c.batches)}, settled.Cursors)
			require.Less(t, took, 40*time.Second, "of the minute that it has")
		})
	}
}

func TestWhatCannotBeClosedDelaysNoOther(t *testing.T) {
	t.Parallel()
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	seen := map[string]bool{}
	for pass := range 40 { // 240 to close, 50 at a time
		_, settled, _ := clocked(t, "", 2500*time.Millisecond, started.Add(time.Duration(pass)*5*time.Second))
		require.LessOrEqual(t, len(settled.Close), 50)
		for _, id := range settled.Close {
			seen[id] = true
		}
	}
	require.Len(t, seen, 240)
}
