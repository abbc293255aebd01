package models_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func TestCancelAskedTellsOfThoseRunsAlone(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		ask := func(run models.Run) string {
			_, err := s.Transition(t.Context(), run.ID, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Olga"})
			require.NoError(t, err)
			return run.ID
		}
		target := func(name string) models.NewRun { return w.NewRun(func(n *models.NewRun) { n.Target = name }) }
		goesOn := modelstest.Running(t, s, target("a")).ID
		asked := ask(modelstest.Running(t, s, target("b")))
		elsewhere := ask(modelstest.Running(t, s, target("c")))
		over := modelstest.Running(t, s, target("d"))
		ask(over)
		modelstest.Finish(t, s, over, lifecycle.Cancelled)

		got, err := s.CancelAsked(t.Context(), []string{goesOn, asked, over.ID})
		require.NoError(t, err)
		require.Equal(t, []string{asked}, got, "not %s, which nobody here is at", elsewhere)
		got, err = s.CancelAsked(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, got)
	})
}
