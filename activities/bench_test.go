package activities

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/opstruth/opstruth/internal/pgtest/pgstore"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/workflows/contract"
)

// BenchmarkPass is one pass of the reconciler over 50,000 active runs on PostgreSQL, with a Temporal that answers at
// once: what is measured is the record's part. "of1000" compares with the pass over a thousand suspicious ones.
func BenchmarkPass(b *testing.B) {
	const active = 50_000
	s := pgstore.New(b)
	prototype := modelstest.Running(b, s, modelstest.Seed(b, s).NewRun())
	ids := modelstest.Clones(b, s, prototype, active)
	require.NoError(b, s.DB().Exec("VACUUM ANALYZE").Error) // the test server has no autovacuum
	on := newBench(s, prototype, ids...)

	var thousand float64
	for _, suspicious := range []int{1000, 100, 0} {
		b.Run(fmt.Sprint(suspicious), func(b *testing.B) {
			var took []float64
			for b.Loop() {
				// A pass must not find what the one before it left.
				require.NoError(b, s.DB().Exec(`UPDATE run_liveness SET verified_at = (SELECT MAX(liveness_at) FROM run_liveness),
					stale_at = CASE WHEN run_id < ? THEN 1 ELSE liveness_at + 86400000000 END`, ids[suspicious]).Error)
				require.NoError(b, s.DB().Exec("VACUUM ANALYZE run_liveness").Error)
				began := time.Now()
				judged, err := on.wholePass()
				require.NoError(b, err)
				require.GreaterOrEqual(b, judged, suspicious/batchSize)
				took = append(took, time.Since(began).Seconds()*1e3)
			}
			slices.Sort(took)
			middle := took[len(took)/2]
			b.ReportMetric(middle, "ms/op")
			b.ReportMetric(0, "ns/op") // the mean
			if suspicious == 1000 {
				thousand = middle
			} else if thousand > 0 {
				b.ReportMetric(middle/thousand, "of1000")
			}
		})
	}
}

// wholePass does what workflows.Reconcile does, and says in how many batches it verified.
func (b *bench) wholePass() (batches int, err error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	b.r.Register(env)
	call := func(result any, name string, args ...any) error {
		value, err := env.ExecuteActivity(name, args...)
		if err == nil && result != nil {
			err = value.Get(result)
		}
		return err
	}
	var delivered contract.DeliverResult
	if err := call(&delivered, contract.ActivityDeliver); err != nil {
		return 0, err
	}
	settle := contract.SettleInput{Answered: true, Suspects: map[string]int{}, ClosedUpTo: delivered.ClosedUpTo}
	for after := ""; ; batches++ {
		var batch contract.VerifyResult
		if err := call(&batch, contract.ActivityVerify, contract.VerifyInput{After: after}); err != nil {
			return batches, err
		}
		if after = batch.Next; after == "" {
			return batches + 1, call(nil, contract.ActivitySettle, settle)
		}
	}
}
