package models

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// tenantBuckets are the numbers that TenantSummaries counts.
var tenantBuckets = []Bucket{BucketActive, BucketLikelyStuck, BucketFollowUpRecent}

// TenantSummaries counts what is active, what is likely stuck, and what ended lately and needs follow-up, of every tenant
// of a workspace that has any, at a clock reading, in one statement. A tenant that is missing has none; so have runs
// without a tenant.
func (s *Store) TenantSummaries(ctx context.Context, sc Scope, workspaceID string, now time.Time) (map[string]Summary, error) {
	var parts []string
	var args []any
	// Grouped by the bare column SQLite would walk all that every tenant ever ran, in the order of its index.
	for _, b := range tenantBuckets {
		c, err := s.runConditions(ctx, sc, b.Filter(Filter{WorkspaceID: workspaceID}, now))
		if err != nil {
			return nil, err
		}
		parts = append(parts, `SELECT '`+string(b)+`' AS bucket, COALESCE(r.tenant_id, '') AS tenant_id, COUNT(*) AS n`+c.from()+` GROUP BY 2`)
		args = append(args, c.args...)
	}
	type row struct {
		Bucket   Bucket
		TenantID string
		N        int64
	}
	rows, err := many[row](ctx, s, "tenants' numbers", strings.Join(parts, " UNION ALL "), args...)
	if err != nil {
		return nil, fmt.Errorf("count runs by tenant: %w", err)
	}
	all := map[string]Summary{}
	for _, r := range rows {
		if r.TenantID == "" {
			continue
		}
		sum := all[r.TenantID]
		sum.Now = now
		switch r.Bucket { //nolint:exhaustive // tenantBuckets only
		case BucketActive:
			sum.Active = r.N
		case BucketLikelyStuck:
			sum.LikelyStuck = r.N
		case BucketFollowUpRecent:
			sum.FollowUpRecent = r.N
		}
		all[r.TenantID] = sum
	}
	return all, nil
}
