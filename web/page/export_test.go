package page_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/page/pagetest"
)

// A row of the file says what the row of the list says.
func TestExportSaysWhatTheListSays(t *testing.T) {
	t.Parallel()
	f := as(t, models.RoleViewer)
	header := page.ExportHeader()
	list := page.Runs(listOf(t, models.RoleViewer, links.List{}))
	for i, c := range pagetest.Cases() {
		cells := f.ExportRow(c.Run, now)
		require.Len(t, cells, len(header))
		told := map[string]string{}
		for i, name := range header {
			told[name] = cells[i]
		}
		row := list.Runs.Rows[i]
		require.Equal(t, c.Run.ID, row.ID)
		require.Equal(t, row.Headline, told["Headline"], c.Name)
		require.Equal(t, row.Badges[0].Label, told["State"], c.Name)
		require.Equal(t, row.Lineage, told["Stuck"], c.Name)
	}
}

// A spreadsheet takes nobody's text for a formula.
func TestExportIsInert(t *testing.T) {
	t.Parallel()
	f := as(t, models.RoleViewer)
	run := pagetest.Cases()[0].Run
	for _, evil := range []string{`=HYPERLINK("http://x")`, "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"} {
		run.Facts.Target, run.Facts.Initiator, run.TenantName = evil, evil, evil
		cells := f.ExportRow(run, now)
		require.NotContains(t, cells, evil)
		require.Contains(t, cells, "'"+evil)
	}
}
