package web_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/web/api"
)

func TestAPITellsWhyItemsFailed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	require.NoError(t, b.store.RecordItems(t.Context(), run.ID, []models.Item{
		{Key: "a", State: models.ItemFailed, Message: "mailbox 17 is full"}, {Key: "b", State: models.ItemFailed, Message: "mailbox 4 is full"},
		{Key: "c", State: models.ItemFailed, Code: "gone"}, {Key: "d", State: models.ItemFailed}, {Key: "e", State: models.ItemSucceeded, Message: "mailbox 9 is full"},
	}))
	modelstest.Finish(t, b.store, run, lifecycle.PartiallySucceeded)
	for token, path := range map[string]string{b.token(b.owner()): "/api/v1/runs/", b.token(b.staff()): "/api/v1/system/runs/"} {
		got := decode[api.ReasonList](t, b.api(token, http.MethodGet, path+run.ID+"/reasons?limit=2", nil), http.StatusOK)
		require.Equal(t, api.ReasonList{Total: 3, Failed: 4, Reasons: []api.Reason{
			{Text: "mailbox # is full", Items: 2, Key: "a", Message: "mailbox 17 is full"}, {Items: 1, Key: "d"},
		}}, got)
	}
	well := modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Succeeded)
	none := decode[api.ReasonList](t, b.api(b.token(b.owner()), http.MethodGet, "/api/v1/runs/"+well.ID+"/reasons", nil), http.StatusOK)
	require.Empty(t, none.Reasons)
	require.NotNil(t, none.Reasons, "a list, also where it is empty")
}

// Members of a workspace have no way to Temporal: what is to be done there they ask for.
func TestTheNextStepIsOneThatItsReaderCanTake(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	run, now, err := b.store.Run(t.Context(), b.world.OwnerScope, run.ID)
	require.NoError(t, err)
	require.NoError(t, b.store.RecordVerdict(t.Context(), run, lifecycle.Verdict{
		Action: lifecycle.Silent, Silence: lifecycle.Silence{Cause: lifecycle.Paused, At: now, Evidence: lifecycle.Evidence{Answer: lifecycle.Answered, Paused: true}},
	}))
	member, staff := b.token(b.owner()), b.token(b.staff())
	told := func(token, path string) string {
		return decode[api.Run](t, b.api(token, http.MethodGet, path+run.ID, nil), http.StatusOK).NextStep.Text
	}
	require.Equal(t, "Ask platform staff to unpause it when it may go on.", told(member, "/api/v1/runs/"))
	require.Equal(t, "Unpause it in Temporal when it may go on.", told(staff, "/api/v1/system/runs/"))
	listed := func(token, path string) string {
		return decode[api.RunList](t, b.api(token, http.MethodGet, path, nil), http.StatusOK).Runs[0].NextStep.Text
	}
	require.Equal(t, told(member, "/api/v1/runs/"), listed(member, "/api/v1/runs"))
	require.Equal(t, told(staff, "/api/v1/system/runs/"), listed(staff, "/api/v1/system/runs"))
	require.Contains(t, b.page(b.owner(), "/admin/operations/"+run.ID).Find(".next-text").Text(), "Ask platform staff")
}
