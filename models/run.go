package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// CreateRun stores a queued run. A key that was used before for the same request gives the run of then, and false;
// for another request ErrIdempotencyConflict. ErrAlreadyActive names the run that an exclusive one has to wait for.
// The run that it retries learns of it; lifecycle.ErrNotAllowed where that one has not ended.
func (s *Store) CreateRun(ctx context.Context, n NewRun) (Run, bool, error) {
	named := n.ID != ""
	if !named {
		id, err := newID()
		if err != nil {
			return Run{}, false, err
		}
		n.ID = id
	}
	if len(n.Input) == 0 {
		n.Input = json.RawMessage("{}")
	}
	for {
		run, err := s.insertRun(ctx, n)
		if err == nil {
			return run, true, nil
		}
		if !s.d.UniqueErr(err) {
			return Run{}, false, fmt.Errorf("create run: %w", err)
		}
		run, err = s.existing(ctx, n)
		if named || !errors.Is(err, ErrExists) {
			return run, false, err
		}
		// The run that was in the way ended this instant.
	}
}

func (s *Store) insertRun(ctx context.Context, n NewRun) (Run, error) {
	policy, err := encode(n.Policy)
	if err != nil {
		return Run{}, err
	}
	var run Run
	err = s.Write(ctx, func(tx *gorm.DB) error {
		if err := s.markRetried(tx, n); err != nil {
			return err
		}
		err := tx.Exec(`INSERT INTO operation_runs (id, workspace_id, tenant_id, type, target, queue, policy, input, request_hash,
				idempotency_key, fingerprint, supersedes, exclusive, initiator_id, initiator, retry_of, namespace, cluster_id,
				status, outcome, queued_at)
			VALUES (?, ?, NULLIF(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULLIF(?, ''), ?, NULLIF(?, ''), ?, ?, 'queued', 'pending', `+s.clock+`)`,
			n.ID, n.WorkspaceID, n.TenantID, n.Type, n.Target, n.Queue, policy, string(n.Input), n.requestHash(),
			n.IdempotencyKey, n.fingerprint(), n.Supersedes, n.Exclusive, n.InitiatorID, n.InitiatorName, n.RetryOf,
			n.Namespace, n.ClusterID).Error
		if err != nil {
			return err
		}
		p := n.Policy
		err = tx.Exec(`INSERT INTO run_liveness (run_id, queue, running, stale_after, queued_stale_after, progress_timeout, wait_slack,
				max_wait, durable_until, held_until, liveness_at, progress_at, stale_at)
			SELECT l.*, `+s.staleAtSQL(kept())+` FROM (SELECT r.id AS run_id, r.queue, FALSE AS running, `+
			fmt.Sprintf(`%d AS stale_after, %d AS queued_stale_after, %d AS progress_timeout, %d AS wait_slack, %d AS max_wait`,
				p.StaleAfter.Microseconds(), p.QueuedStaleAfter.Microseconds(), p.ProgressTimeout.Microseconds(),
				p.WaitSlack.Microseconds(), p.MaxWait.Microseconds())+`,
				0 AS durable_until, 0 AS held_until, r.queued_at AS liveness_at, r.queued_at AS progress_at FROM operation_runs r WHERE r.id = ?) l`, n.ID).Error
		if err != nil {
			return err
		}
		if err = tx.Exec(`UPDATE run_words SET text = ? WHERE run_id = ?`, wordsOf(n.Type, n.Target, n.ID), n.ID).Error; err != nil {
			return err
		}
		err = tx.Exec(`INSERT INTO run_events (run_id, at, kind, actor) SELECT id, queued_at, ?, initiator FROM operation_runs WHERE id = ?`,
			string(lifecycle.Enqueued), n.ID).Error
		if err != nil {
			return err
		}
		run, _, err = s.loadOne(tx, n.ID)
		return err
	})
	return run, err
}

// markRetried tells the run that n retries, if there is one: only what has ended can be retried.
func (s *Store) markRetried(tx *gorm.DB, n NewRun) error {
	if n.RetryOf == "" {
		return nil
	}
	old, now, err := s.lockRun(tx, n.RetryOf, false)
	if err != nil {
		return err
	}
	w := wish{Change: lifecycle.Change{Kind: lifecycle.Retried, By: n.ID, Actor: n.InitiatorName}}
	after, err := lifecycle.Apply(old.Facts, w.Change, now)
	if err != nil {
		return fmt.Errorf("retry run %s: %w", old.ID, err)
	}
	return s.record(tx, old, after, w, now)
}

// existing explains why a run could not be inserted.
func (s *Store) existing(ctx context.Context, n NewRun) (Run, error) {
	var run Run
	err := s.read(ctx, func(db *gorm.DB) error {
		var was struct{ ID, RequestHash string }
		err := db.Raw(`SELECT id, request_hash FROM operation_runs WHERE workspace_id = ? AND idempotency_key = ? AND idempotency_key <> ''`,
			n.WorkspaceID, n.IdempotencyKey).Scan(&was).Error
		switch {
		case err != nil:
			return err
		case was.ID != "" && was.RequestHash != n.requestHash():
			return ErrIdempotencyConflict
		case was.ID != "":
			run, _, err = s.loadOne(db, was.ID)
			return err
		}
		var active string
		err = db.Raw(`SELECT id FROM operation_runs WHERE fingerprint = ? AND status <> 'completed' AND exclusive`, n.fingerprint()).Scan(&active).Error
		if err != nil {
			return err
		}
		if active != "" {
			return ErrAlreadyActive{RunID: active}
		}
		return ErrExists
	})
	if err != nil {
		return Run{}, fmt.Errorf("create run: %w", err)
	}
	return run, nil
}

// fingerprint is the same for runs that do the same work: later ones supersede, active ones exclude each other.
func (n NewRun) fingerprint() string { return hash(n.WorkspaceID, n.TenantID, n.Type, n.Target) }

func (n NewRun) requestHash() string {
	var input any
	text := string(n.Input)
	if err := json.Unmarshal(n.Input, &input); err == nil {
		if canonical, err := json.Marshal(input); err == nil {
			text = string(canonical)
		}
	}
	return hash(n.TenantID, n.Type, n.Target, text)
}

func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SetDispatched records that a run's workflow was started, and where. Once is enough.
func (s *Store) SetDispatched(ctx context.Context, runID, firstRunID, namespace, cluster string) error {
	_, err := s.change(ctx, runID, wish{
		Change: lifecycle.Change{Kind: lifecycle.Dispatched},
		dispatched: []assignment{
			{"first_run_id", firstRunID}, {"namespace", namespace}, {"cluster_id", cluster},
		},
	})
	if errors.Is(err, lifecycle.ErrUnchanged) {
		return nil
	}
	return err
}

// SavePlan records how many items a run has, 0 where that is not known, and what people should know of its plan.
func (s *Store) SavePlan(ctx context.Context, runID string, total int64, note string) error {
	_, err := s.Transition(ctx, runID, lifecycle.Change{Kind: lifecycle.Planned, Total: total, Note: note})
	return err
}
