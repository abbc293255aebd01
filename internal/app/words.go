package app

import (
	"context"
	"time"
)

// wordsEvery is how often it is looked whether an older version, which may still serve beside this one, made runs.
const wordsEvery = time.Minute

// fillWords lets searches find what older versions made, until ctx ends.
func (a *App) fillWords(ctx context.Context) error {
	again := time.NewTicker(wordsEvery)
	defer again.Stop()
	for {
		n, err := a.Store.FillWords(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			a.Logger.WarnContext(ctx, "searches do not find every run yet", "error", err)
		case n > 0:
			a.Logger.InfoContext(ctx, "searches find the runs of older versions", "runs", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}
