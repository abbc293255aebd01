package httpbatch

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/models"
)

// What the other side answers is no formula in whoever opens the results.
func TestAnswersAreInertInTheResults(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"=1", "\n=1", "＝1", "＠SUM(A1)"} {
		d, err := json.Marshal(detail{Response: evil})
		require.NoError(t, err)
		items := map[string]models.Item{"1": {State: models.ItemFailed, Message: evil, Detail: d}}
		cells := result(row{key: "1"}, 0, items)
		require.Equal(t, []string{"'" + evil, "'" + evil}, cells[len(cells)-2:])
	}
}
