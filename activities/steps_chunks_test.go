package activities_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/activities"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

// counting does one item a chunk; the cursor is its number.
func counting(total int, each func(i int) error) func(context.Context, *operation.Run[work], string) (operation.Next, error) {
	return func(_ context.Context, run *operation.Run[work], cursor string) (operation.Next, error) {
		i, err := strconv.Atoi("0" + cursor)
		if err != nil {
			return operation.Next{}, operation.Permanent(err)
		}
		if i == total {
			return operation.Done(), nil
		}
		if err := each(i); err != nil {
			return operation.Next{}, err
		}
		run.Succeeded(strconv.Itoa(i))
		return operation.More(strconv.Itoa(i + 1)), nil
	}
}

func nothing(int) error { return nil }

// Not in parallel: the races beside it would starve a test that counts chunks by the hundred thousand.
func TestTinyChunksShareAnActivity(t *testing.T) {
	s := setupSteps(t)
	s.kind.Do = counting(activities.TinyChunks, nothing)
	s.batch = time.Hour
	r, err := s.execute("")
	require.NoError(t, err)
	require.Equal(t, contract.ExecuteResult{Done: true}, r)
	require.EqualValues(t, activities.TinyChunks, s.facts().Counts.Succeeded)
}

func TestABatchOfChunksEnds(t *testing.T) {
	t.Parallel()
	t.Run("by its time", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		s.kind.Do, s.batch = counting(10, nothing), time.Nanosecond
		r, err := s.execute("")
		require.NoError(t, err)
		require.Equal(t, contract.ExecuteResult{Cursor: "1"}, r)
	})
	t.Run("by a wait that a chunk asks for", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		one := counting(10, nothing)
		s.kind.Do = func(ctx context.Context, run *operation.Run[work], cursor string) (operation.Next, error) {
			if cursor == "3" {
				return operation.WaitFor("4", time.Hour, "the window"), nil
			}
			return one(ctx, run, cursor)
		}
		r, err := s.execute("")
		require.NoError(t, err)
		require.Equal(t, contract.ExecuteResult{Cursor: "4", Wait: &contract.Wait{For: time.Hour, Reason: "the window"}}, r)
	})
	t.Run("by a cancel in the record", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		s.kind.Do = counting(1_000_000_000, func(i int) error {
			if i == 3 {
				s.change(lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Olga"})
			}
			return nil
		})
		r, err := s.execute("")
		require.NoError(t, err)
		require.True(t, r.Cancelled)
	})
	t.Run("by a cancel that the worker hears of during a chunk", func(t *testing.T) {
		t.Parallel()
		for name, ends := range map[string]func(context.Context) (operation.Next, error){
			"which gives up": func(ctx context.Context) (operation.Next, error) { return operation.Next{}, context.Cause(ctx) },
			"which takes it for a loss": func(context.Context) (operation.Next, error) {
				return operation.Next{}, operation.Permanent(context.Canceled)
			},
			"which asks for a wait": func(context.Context) (operation.Next, error) { return operation.WaitFor("3", time.Hour, "later"), nil },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := setupSteps(t)
				asked := s.rooted()
				one := counting(10, nothing)
				s.kind.Do = func(ctx context.Context, run *operation.Run[work], cursor string) (operation.Next, error) {
					if cursor != "3" {
						return one(ctx, run, cursor)
					}
					run.Succeeded("half of the chunk")
					asked(operation.ErrCancelAsked)
					<-ctx.Done()
					return ends(ctx)
				}
				r, err := s.execute("")
				require.NoError(t, err, "Temporal refuses a cancelled step where it has asked for none")
				require.Equal(t, contract.ExecuteResult{Cursor: "3", Cancelled: true}, r)
				require.EqualValues(t, 4, s.facts().Counts.Succeeded, "what was recorded stays")
			})
		}
	})
	t.Run("with all that there was to do, whatever was asked for meanwhile", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		asked := s.rooted()
		s.kind.Do = func(ctx context.Context, _ *operation.Run[work], _ string) (operation.Next, error) {
			asked(operation.ErrCancelAsked)
			<-ctx.Done()
			return operation.Done(), nil
		}
		r, err := s.execute("")
		require.NoError(t, err)
		require.Equal(t, contract.ExecuteResult{Done: true}, r)
	})
	t.Run("by the end of the run", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		s.kind.Do = counting(1_000_000_000, func(i int) error {
			if i == 3 {
				s.change(lifecycle.Change{Kind: lifecycle.Finished, Token: "t", Outcome: lifecycle.Failed})
			}
			return nil
		})
		_, err := s.execute("")
		requireType(t, err, contract.ErrorEnded, "ended before")
	})
	t.Run("before a chunk that fails, which is tried again alone", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		failing := errors.New("connection refused")
		s.kind.Do = counting(10, func(i int) error {
			if i == 3 {
				return failing
			}
			return nil
		})
		r, err := s.execute("")
		require.NoError(t, err)
		require.Equal(t, contract.ExecuteResult{Cursor: "3"}, r)
		require.EqualValues(t, 3, s.facts().Counts.Succeeded)
		_, err = s.execute(r.Cursor)
		require.ErrorContains(t, err, "connection refused")
	})
	t.Run("at once where a chunk ends the run", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		s.kind.Do = counting(10, func(i int) error {
			if i == 3 {
				return operation.Permanent(errors.New("disk is gone"))
			}
			return nil
		})
		_, err := s.execute("")
		requireType(t, err, contract.ErrorFailed, "disk is gone")
	})
	t.Run("by a handover, without losing what was reached", func(t *testing.T) {
		t.Parallel()
		s := setupSteps(t)
		one := counting(10, nothing)
		s.kind.Do = func(ctx context.Context, run *operation.Run[work], cursor string) (operation.Next, error) {
			if cursor != "3" {
				return one(ctx, run, cursor)
			}
			close(s.stopping)
			<-ctx.Done()
			return operation.Next{}, context.Cause(ctx)
		}
		r, err := s.execute("")
		require.NoError(t, err)
		require.Equal(t, contract.ExecuteResult{Cursor: "3"}, r)
	})
}

func TestAWakeIsForTheFirstChunkOfABatch(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	var woken []bool
	one := counting(2, nothing)
	s.kind.Do = func(ctx context.Context, run *operation.Run[work], cursor string) (operation.Next, error) {
		woken = append(woken, run.Woken)
		return one(ctx, run, cursor)
	}
	require.NoError(t, s.call(contract.ActivityExecute, contract.ExecuteInput{RunID: s.run.ID, Woken: true}, nil))
	require.Equal(t, []bool{true, false, false}, woken)
}

func TestAnAttemptGoesOnWhereTheOneBeforeHadTold(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	var cursors []string
	one := counting(10, nothing)
	s.kind.Do = func(ctx context.Context, run *operation.Run[work], cursor string) (operation.Next, error) {
		cursors = append(cursors, cursor)
		return one(ctx, run, cursor)
	}
	s.earlier = &contract.Reached{Cursor: "7", Chunks: 7}
	_, err := s.execute("")
	require.NoError(t, err)
	require.Equal(t, []string{"7", "8", "9", "10"}, cursors)
}

// What a crash leaves must never be ahead of the record.
func TestWhatIsToldIsRecorded(t *testing.T) {
	s := setupSteps(t)
	s.kind.Do = counting(3000, func(i int) error {
		if i%1000 == 0 {
			s.awaitTold(i)
		}
		return nil
	})
	s.batch = time.Hour
	r, err := s.execute("")
	require.NoError(t, err)
	require.True(t, r.Done)
	require.NotEmpty(t, s.told)
	for _, told := range s.told {
		require.GreaterOrEqual(t, told.recorded, int64(told.Chunks), "cursor %s was told with %d items recorded", told.Cursor, told.recorded)
	}
}
