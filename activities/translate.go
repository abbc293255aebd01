package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

// translate says to Temporal how an author's function ended: what ends the run,
// and what is tried again. A step that was interrupted failed for that reason,
// whatever its error says.
func (s *Steps) translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, lifecycle.ErrEnded) {
		s.Measure.LateResult()
		return s.ended(err)
	}
	if cause := context.Cause(ctx); cause != nil {
		return interrupted(cause)
	}
	var (
		blocked   *operation.BlockedError
		permanent *operation.PermanentError
	)
	switch {
	case errors.As(err, &blocked):
		return temporal.NewNonRetryableApplicationError(blocked.Message, contract.ErrorBlocked, nil, "blocked")
	case errors.As(err, &permanent):
		return temporal.NewNonRetryableApplicationError(permanent.Error(), contract.ErrorFailed, nil, permanent.Code)
	}
	return err
}

func interrupted(cause error) error {
	switch {
	case temporal.IsCanceledError(cause):
		return temporal.NewCanceledError()
	case errors.Is(cause, operation.ErrHandover):
		return temporal.NewApplicationErrorWithOptions(cause.Error(), contract.ErrorHandover, temporal.ApplicationErrorOptions{
			NextRetryDelay: time.Millisecond,
			Category:       temporal.ApplicationErrorCategoryBenign,
		})
	}
	return fmt.Errorf("step was interrupted: %w", cause)
}
