package start_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

type work struct {
	Label string `json:"label"`
}

// temporal plays the server: it starts a workflow id once.
type temporal struct {
	away    bool
	options []client.StartWorkflowOptions
	inputs  []contract.RunInput
	started map[string]string // first run id by workflow id
}

type workflowRun struct {
	client.WorkflowRun

	id string
}

func (w workflowRun) GetRunID() string { return w.id }

func (c *temporal) ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		return nil, errors.New("the call must be bounded")
	}
	if c.away {
		return nil, serviceerror.NewUnavailable("connection refused")
	}
	if workflow != contract.RunWorkflow {
		return nil, errors.New("started by another name than the contract's")
	}
	if first, ok := c.started[o.ID]; ok {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("exists", "request", "later-than-"+first)
	}
	c.options, c.inputs = append(c.options, o), append(c.inputs, args[0].(contract.RunInput))
	c.started[o.ID] = "first-" + o.ID
	return workflowRun{id: c.started[o.ID]}, nil
}

func (c *temporal) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return &workflowservice.DescribeWorkflowExecutionResponse{
		WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{FirstRunId: c.started[id]},
	}, nil
}

type bench struct {
	store      *models.Store
	world      modelstest.World
	temporal   *temporal
	dispatcher *start.Dispatcher
	starter    *start.Starter
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{store: modelstest.New(t), temporal: &temporal{started: map[string]string{}}}
	b.world = modelstest.Seed(t, b.store)
	timing := lifecycle.NewTiming(5*time.Second, 5*time.Second)
	types, err := operation.NewRegistry(lifecycle.DefaultPolicy(), timing, operation.Define(operation.Type[work]{
		Name: "test.work", Title: "Work", Queue: "work", Exclusive: true,
		Fields: []operation.Field{{Name: "label", Required: true}},
		Target: func(w work) string { return w.Label },
		Do: func(context.Context, *operation.Run[work], string) (operation.Next, error) {
			return operation.Done(), nil
		},
	}))
	require.NoError(t, err)
	b.dispatcher = &start.Dispatcher{
		Temporal: b.temporal, Record: b.store, Timing: timing,
		Home: func(context.Context) (string, string, error) { return "namespace", "cluster", nil },
	}
	b.starter = &start.Starter{
		Record: b.store, Types: types, Dispatch: b.dispatcher.Dispatch, Logger: slog.New(slog.DiscardHandler),
	}
	return b
}

func (b *bench) request() start.Request {
	return start.Request{
		Type: "test.work", WorkspaceID: b.world.Acme.ID, TenantID: b.world.North.ID, Input: json.RawMessage(`{"label":"x"}`),
		InitiatorID: b.world.Owner.ID, InitiatorName: b.world.Owner.Name,
	}
}

func (b *bench) stored(t *testing.T, id string) models.Run {
	t.Helper()
	run, _, err := b.store.Run(t.Context(), models.Engine(), id)
	require.NoError(t, err)
	return run
}

func TestAStartMakesARecordAndItsWorkflow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run, created, err := b.starter.Start(t.Context(), b.request())
	require.NoError(t, err)
	require.True(t, created)
	require.Equal(t, "x", run.Facts.Target)

	require.Len(t, b.temporal.options, 1)
	o := b.temporal.options[0]
	require.Equal(t, contract.WorkflowID(run.ID), o.ID)
	require.Equal(t, "work", o.TaskQueue)
	require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, o.WorkflowIDReusePolicy)
	require.Nil(t, o.RetryPolicy)
	require.Empty(t, o.CronSchedule)
	require.Zero(t, o.WorkflowExecutionTimeout+o.WorkflowRunTimeout)
	require.Equal(t, contract.RunInput{RunID: run.ID, Type: "test.work", HeartbeatTimeout: 16 * time.Second}, b.temporal.inputs[0])

	stored := b.stored(t, run.ID)
	require.False(t, stored.Facts.DispatchedAt.IsZero())
	require.Equal(t, "first-"+o.ID, stored.FirstRunID)
	require.Equal(t, "namespace", stored.Namespace)
	require.Equal(t, "cluster", stored.ClusterID)
}

func TestBadRequestsAreRefusedBeforeAnythingIsStored(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*start.Request)
		want   error
	}{
		"unknown type":  {func(r *start.Request) { r.Type = "test.none" }, &start.UnknownTypeError{Type: "test.none", Known: []string{"test.work"}}},
		"missing field": {func(r *start.Request) { r.Input = json.RawMessage(`{}`) }, operation.FieldErrors{"label": "is required"}},
		"no tenant":     {func(r *start.Request) { r.TenantID = "" }, operation.FieldErrors{"tenant": "is required"}},
		"no workspace":  {func(r *start.Request) { r.WorkspaceID = "" }, operation.FieldErrors{"workspace": "is required"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			r := b.request()
			c.change(&r)
			_, _, err := b.starter.Start(t.Context(), r)
			require.Equal(t, c.want, err)
			list, err := b.store.ListRuns(t.Context(), models.Platform(), models.Filter{}, models.Page{})
			require.NoError(t, err)
			require.Empty(t, list.Runs)
		})
	}
}

func TestAnIdempotencyKeyStartsOneRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.request()
	r.IdempotencyKey = "k"
	first, created, err := b.starter.Start(t.Context(), r)
	require.NoError(t, err)
	require.True(t, created)
	again, created, err := b.starter.Start(t.Context(), r)
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, first.ID, again.ID)
	require.Len(t, b.temporal.options, 1)

	r.Input = json.RawMessage(`{"label":"y"}`)
	_, _, err = b.starter.Start(t.Context(), r)
	require.ErrorIs(t, err, models.ErrIdempotencyConflict)
}

func TestAnExclusiveTypeHasOneActiveRunPerTarget(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, _, err := b.starter.Start(t.Context(), b.request())
	require.NoError(t, err)
	_, _, err = b.starter.Start(t.Context(), b.request())
	var active models.ErrAlreadyActive
	require.ErrorAs(t, err, &active)
	require.Equal(t, first.ID, active.RunID)
}

func TestWhileTemporalIsAwayARunStaysQueued(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.temporal.away = true
	r := b.request()
	r.IdempotencyKey = "k"
	run, created, err := b.starter.Start(t.Context(), r)
	require.NoError(t, err, "the record is the promise")
	require.True(t, created)
	require.True(t, b.stored(t, run.ID).Facts.DispatchedAt.IsZero())

	b.temporal.away = false
	_, created, err = b.starter.Start(t.Context(), r)
	require.NoError(t, err)
	require.False(t, created)
	require.False(t, b.stored(t, run.ID).Facts.DispatchedAt.IsZero(), "asking again dispatches it")
}

func TestADispatchThatWasInterruptedIsMadeGood(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Queued(t, b.store, b.world.NewRun())
	b.temporal.started[contract.WorkflowID(run.ID)] = "the-first" // but nobody stamped it
	require.NoError(t, b.dispatcher.Dispatch(t.Context(), run))
	require.Equal(t, "the-first", b.stored(t, run.ID).FirstRunID)
	require.NoError(t, b.dispatcher.Dispatch(t.Context(), run), "and again changes nothing")

	modelstest.Finish(t, b.store, run, lifecycle.Cancelled)
	require.NoError(t, b.dispatcher.Dispatch(t.Context(), run), "nor after the end")
}

func TestNothingIsStartedWhileItsHomeIsUnknown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.dispatcher.Home = func(context.Context) (string, string, error) { return "", "", errors.New("no answer") }
	run := modelstest.Queued(t, b.store, b.world.NewRun())
	require.ErrorContains(t, b.dispatcher.Dispatch(t.Context(), run), "no answer")
	require.Empty(t, b.temporal.options)
}
