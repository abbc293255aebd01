package table_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/table"
)

func TestASpreadsheetTakesNoTextForAFormula(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{`=HYPERLINK("http://x")`, "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠SUM(A1)"} {
		require.Equal(t, "'"+evil, table.Inert(evil))
	}
	for _, plain := range []string{"", "a=1", "Ann", "'x", " 7", "é＝"} {
		require.Equal(t, plain, table.Inert(plain))
	}
}
