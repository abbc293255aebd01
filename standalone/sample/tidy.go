package sample

import (
	"context"
	"errors"
	"fmt"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

const (
	// keepOpen is how many of the fleet's follow-ups stay open in a workspace: one of each kind, and some of the last
	// round. Who comes later should not find dozens.
	keepOpen = 6
	tidyNote = "A failure of the sample fleet, as its script asks for. Newer ones are still open."
)

// tidy takes note of the fleet's older follow-ups, as a team does that looks after its runs. Those of people stay open.
func (f *Fleet) tidy(ctx context.Context) error {
	kept, yes := map[string]int{}, true
	var after string
	for {
		page, err := f.Store.ListRuns(ctx, models.Platform(), models.Filter{Class: lifecycle.TerminalFollowUp, Open: &yes}, models.Page{Cursor: after, Limit: 100})
		if err != nil {
			return fmt.Errorf("list open follow-ups: %w", err)
		}
		for _, r := range page.Runs {
			if r.Facts.Initiator != FleetName || r.InitiatorID != "" {
				continue
			}
			if kept[r.WorkspaceID]++; kept[r.WorkspaceID] <= keepOpen {
				continue
			}
			_, err := f.Store.Transition(ctx, r.ID, lifecycle.Change{Kind: lifecycle.Acknowledged, Actor: FleetName, Note: tidyNote})
			if err != nil && !errors.Is(err, lifecycle.ErrUnchanged) && !errors.Is(err, lifecycle.ErrNotAllowed) {
				return fmt.Errorf("take note of run %s: %w", r.ID, err)
			}
		}
		if after = page.Next; after == "" {
			return nil
		}
	}
}
