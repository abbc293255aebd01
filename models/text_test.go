package models_test

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// PostgreSQL stores no zero byte and no broken UTF-8. Others' words hold both, and nothing may be repeated for ever, nor
// a whole worker fall silent, because of them.
func TestWordsThatNoTextMayHoldAreStored(t *testing.T) {
	t.Parallel()
	const broken, mended = "a\x00b\xffc", "a\ufffdb\ufffdc"
	forEachStore(t, func(t *testing.T, s *models.Store) {
		ctx := t.Context()
		w := modelstest.Seed(t, s)
		run := modelstest.Running(t, s, w.NewRun())
		item := models.Item{Key: broken, State: models.ItemFailed, Code: broken, Message: broken, Detail: []byte(broken)}
		require.NoError(t, s.RecordItems(ctx, run.ID, []models.Item{item, {Key: "next", State: models.ItemSucceeded}}))
		items, _, err := s.Items(ctx, w.OwnerScope, run.ID, models.ItemFilter{State: models.ItemFailed}, models.Page{})
		require.NoError(t, err)
		require.Len(t, items, 1)
		require.Equal(t, []string{mended, mended, mended}, []string{items[0].Key, items[0].Code, items[0].Message})

		beat := models.Beat{RunID: run.ID, TemporalRunID: "t", ActivityID: "1", Attempt: 1, Held: &models.HeldWait{Reason: broken, By: broken, Lasts: time.Minute}}
		_, err = s.RecordBeats(ctx, worker, []models.Beat{beat})
		require.NoError(t, err)
		require.NoError(t, s.DeclareWait(ctx, run.ID, lifecycle.Wait{ID: "w", Kind: lifecycle.DurableWait, Reason: broken, By: broken}, time.Hour))

		c, err := s.SaveConnection(ctx, models.Connection{TenantID: w.North.ID, Name: "directory", BaseURL: "https://x", Auth: models.AuthNone})
		require.NoError(t, err)
		_, err = s.BeginInventory(ctx, run.ID, c.ID, []string{"users"})
		require.NoError(t, err)
		collection := models.InventoryCollection{Name: "users", Pages: 1, Problem: broken}
		object := models.InventoryObject{ID: broken, Name: broken, Hash: "h", Body: broken}
		require.NoError(t, s.SaveInventoryPage(ctx, run.ID, collection, []models.InventoryObject{object}))
		inventory, err := s.Inventory(ctx, run.ID)
		require.NoError(t, err)
		require.Equal(t, []models.InventoryCollection{{Name: "users", Pages: 1, Problem: mended, Objects: 1}}, inventory.Collections)

		require.NoError(t, s.SaveArtifact(ctx, run.ID, broken, broken, []byte(broken)))
		require.NoError(t, s.WriteArtifact(ctx, run.ID, broken, broken, func(to io.Writer) error {
			_, err := io.WriteString(to, broken)
			return err
		}))
		artifact, err := s.Artifact(ctx, w.OwnerScope, run.ID, mended)
		require.NoError(t, err)
		require.Equal(t, mended, artifact.ContentType)
		require.Equal(t, broken, string(artifact.Body), "bytes are no text")

		run, err = s.Transition(ctx, run.ID, lifecycle.Change{
			Kind: lifecycle.Finished, Token: "t", Outcome: lifecycle.Failed, Failure: lifecycle.Failure{Code: broken, Message: broken},
		})
		require.NoError(t, err)
		require.Equal(t, lifecycle.Failure{Code: mended, Message: mended}, run.Facts.Failure)
		run, err = s.Transition(ctx, run.ID, lifecycle.Change{Kind: lifecycle.LateReported, Note: broken})
		require.NoError(t, err)
		require.Equal(t, mended, run.Facts.Late.Summary)
		_, err = s.Transition(ctx, run.ID, lifecycle.Change{Kind: lifecycle.Acknowledged, Actor: broken, Note: broken})
		require.NoError(t, err)
	})
}
