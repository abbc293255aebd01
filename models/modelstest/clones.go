package modelstest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/models"
)

// Clones stores n copies of a run with its liveness, timeline and notification, in one statement a table, for tests that
// need many alike. It returns their ids in order.
func Clones(t testing.TB, s *models.Store, run models.Run, n int) []string {
	t.Helper()
	ids, width := make([]string, n), max(4, len(strconv.Itoa(n-1)))
	for i := range ids {
		ids[i] = fmt.Sprintf("%s-%0*d", run.ID, width, i)
	}
	numbers := fmt.Sprintf("(WITH RECURSIVE c (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < %d) SELECT n FROM c) AS c", n-1)
	if s.DB().Name() == "postgres" {
		numbers = fmt.Sprintf("(SELECT lpad(n::text, %d, '0') AS n FROM generate_series(0, %d) n) AS c", width, n-1)
	} else {
		numbers = strings.Replace(numbers, "SELECT n FROM c)", fmt.Sprintf("SELECT printf('%%0%dd', n) AS n FROM c)", width), 1)
	}
	for _, table := range []struct{ name, key string }{
		{"operation_runs", "id"}, {"run_liveness", "run_id"}, {"run_events", "run_id"}, {"notifications", "run_id"},
	} {
		columns := columnsOf(t, s, table.name)
		if table.name == "run_events" { // which numbers itself
			columns = slices.DeleteFunc(columns, func(c string) bool { return c == "id" })
		}
		values := strings.Replace(", "+strings.Join(columns, ", "), ", "+table.key+",", ", "+table.key+" || '-' || c.n,", 1)
		statement := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s, %s WHERE %s = ? ORDER BY 1",
			table.name, strings.Join(columns, ", "), values[2:], table.name, numbers, table.key)
		require.NoError(t, s.DB().Exec(statement, run.ID).Error)
	}
	return ids
}

func columnsOf(t testing.TB, s *models.Store, table string) []string {
	t.Helper()
	rows, err := s.DB().Raw("SELECT * FROM " + table + " WHERE 1 = 0").Rows()
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	require.NoError(t, rows.Err())
	return columns
}
