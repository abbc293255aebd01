package activities_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/activities"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

// overtaken records an item after the run was read, as an attempt that Temporal gave up does.
type overtaken struct {
	*models.Store

	item models.Item
}

func (o overtaken) Transition(ctx context.Context, runID string, c lifecycle.Change) (models.Run, error) {
	if err := o.RecordItems(ctx, runID, []models.Item{o.item}); err != nil {
		return models.Run{}, err
	}
	return o.Store.Transition(ctx, runID, c)
}

func TestTheEndTellsOfEveryItemThatTheRecordTook(t *testing.T) {
	t.Parallel()
	s := setupSteps(t)
	s.change(lifecycle.Change{Kind: lifecycle.Started})
	require.NoError(t, s.store.RecordItems(t.Context(), s.run.ID, []models.Item{{Key: "a", State: models.ItemSucceeded}}))
	record := overtaken{Store: s.store, item: models.Item{Key: "b", State: models.ItemFailed}}
	steps := &activities.Steps{Record: record, Measure: s}
	got, err := steps.RecordEnd(t.Context(), contract.EndInput{RunID: s.run.ID, Token: "t"})
	require.NoError(t, err)
	require.Equal(t, lifecycle.PartiallySucceeded, got.Outcome)
	f := s.facts()
	require.Equal(t, lifecycle.PartiallySucceeded, f.Outcome)
	require.EqualValues(t, 1, f.Counts.Failed)

	events, _, err := s.store.Timeline(t.Context(), models.Engine(), s.run.ID, models.Page{Limit: 1})
	require.NoError(t, err)
	var told models.EventData
	require.NoError(t, json.Unmarshal(events[0].Data, &told))
	require.Equal(t, models.EventData{Outcome: lifecycle.PartiallySucceeded, Code: f.Failure.Code, Message: f.Failure.Message}, told)

	late, err := (&activities.Steps{Record: s.store, Measure: s}).RecordEnd(t.Context(), contract.EndInput{RunID: s.run.ID, Token: "other"})
	require.NoError(t, err)
	require.True(t, late.Late)
	require.Equal(t, "ended partially_succeeded: "+f.Failure.Message, s.facts().Late.Summary)
}
