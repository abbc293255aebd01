package api

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/feed"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
)

// busy is a record in which other tenants' runs change all the time.
type busy struct{}

func (busy) Next(context.Context) ([]models.Changed, bool, error) {
	return []models.Changed{{RunID: "r", WorkspaceID: "w", TenantID: "t"}}, true, nil
}

// What a listener may not see must not keep its stream silent, nor its rights as they were.
func TestOthersChangesAreNoReasonToBeSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*heartbeat)
		defer cancel()
		f := feed.New(func() feed.Reader { return busy{} }, time.Second, slog.New(slog.DiscardHandler))
		go func() { _ = f.Run(ctx) }()
		l, err := f.Listen(ctx, "somebody")
		require.NoError(t, err)
		began := time.Now()
		// Its rights cannot be found out anew: they are gone.
		s := &stream{ctx: ctx, listener: l, access: access.Access{}, known: began}
		require.NoError(t, s.write(httptest.NewRecorder()))
		require.LessOrEqual(t, time.Since(began), heartbeat+time.Second)
		cancel()
		synctest.Wait()
	})
}
