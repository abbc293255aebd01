package metrics

import (
	"context"
	"fmt"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

// overall names the breaker over all task queues, which the record keeps without a name.
const overall = "overall"

// Store is what FromStore reads.
type Store interface {
	Census(ctx context.Context) (models.Census, error)
	ReconcilerState(ctx context.Context) (models.ReconcilerState, time.Time, error)
}

// FromStore reads snapshots from the record database.
func FromStore(store Store) Source { return &fromStore{store} }

type fromStore struct{ store Store }

func (f *fromStore) Snapshot(ctx context.Context) (Snapshot, error) {
	census, err := f.store.Census(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	state, _, err := f.store.ReconcilerState(ctx)
	if err != nil {
		return Snapshot{}, fmt.Errorf("read the reconciler's state: %w", err)
	}
	s := Snapshot{Audit: state.Audit, LastPass: state.TemporalAt, OldestStale: map[string]time.Duration{}, Breakers: map[string]bool{}}
	for _, c := range census.Counts {
		s.Runs = append(s.Runs, RunCount{Type: c.Type, Status: c.Status, Class: c.Class, Open: c.Open, Count: c.N})
	}
	s.Stuck = countStuck(census.Stuck)
	for _, run := range census.Stuck {
		s.OldestStale[run.Type] = max(s.OldestStale[run.Type], run.Late)
	}
	for scope, breaker := range state.Breakers {
		if scope == "" {
			scope = overall
		}
		s.Breakers[scope] = breaker.Open
	}
	return s, nil
}

// countStuck counts by what the labels will say: two counts with equal labels would cost the scrape one of them.
func countStuck(runs []models.StuckRun) []StuckCount {
	counts := map[StuckCount]int64{}
	for _, run := range runs {
		cause := run.Cause
		if cause == lifecycle.NoCause {
			cause = lifecycle.Unverified
		}
		counts[StuckCount{Type: run.Type, Cause: cause, TaskQueue: run.Queue}]++
	}
	all := make([]StuckCount, 0, len(counts))
	for labels, n := range counts {
		labels.Count = n
		all = append(all, labels)
	}
	return all
}
