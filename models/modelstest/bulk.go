package modelstest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/models"
)

// Alike copies a running run n times, far quicker than n transitions would: active runs of its tenant with targets of
// their own, healthy for a day. It returns their ids in order. PostgreSQL only.
func Alike(t testing.TB, s *models.Store, run models.Run, n int) []string {
	t.Helper()
	const copied = `workspace_id, tenant_id, type, queue, policy, input, request_hash, supersedes, exclusive, status, outcome, started_at,
		dispatched_at, first_run_id, namespace, cluster_id`
	require.NoError(t, s.DB().Exec(`INSERT INTO operation_runs (id, fingerprint, target, queued_at, `+copied+`)
		SELECT '1' || lpad(n::text, 35, '0'), 'alike' || n, 'active ' || n, queued_at + n, `+copied+`
		FROM operation_runs, generate_series(1, ?::int) n WHERE id = ?`, n, run.ID).Error)
	require.NoError(t, s.DB().Exec(`INSERT INTO run_liveness (run_id, queue, running, stale_after, queued_stale_after, progress_timeout,
			wait_slack, max_wait, liveness_at, progress_at, verified_at, stale_at)
		SELECT '1' || lpad(n::text, 35, '0'), queue, TRUE, stale_after, queued_stale_after, progress_timeout, wait_slack, max_wait,
			liveness_at, progress_at, liveness_at, stale_at + 86400000000
		FROM run_liveness, generate_series(1, ?::int) n WHERE run_id = ?`, n, run.ID).Error)
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("1%035d", i+1)
	}
	return ids
}
