package temporal

import (
	"context"
	"log/slog"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// serverLog writes the server's log to slog.
type serverLog struct{ to *slog.Logger }

var (
	_ log.Logger     = serverLog{}
	_ log.WithLogger = serverLog{}
)

func (l serverLog) Debug(msg string, tags ...tag.Tag) { l.log(slog.LevelDebug, msg, tags) }
func (l serverLog) Info(msg string, tags ...tag.Tag)  { l.log(slog.LevelInfo, msg, tags) }
func (l serverLog) Warn(msg string, tags ...tag.Tag)  { l.log(slog.LevelWarn, msg, tags) }
func (l serverLog) Error(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

// DPanic is a mistake in the server that it can live with; only its developers want to die of it.
func (l serverLog) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

func (l serverLog) Panic(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	panic("temporal server: " + msg)
}

// Fatal panics as well: the server cannot go on, and a panic says where.
func (l serverLog) Fatal(msg string, tags ...tag.Tag) { l.Panic(msg, tags...) }

// With puts the tags before those of every later line.
func (l serverLog) With(tags ...tag.Tag) log.Logger {
	args := make([]any, len(tags))
	for i, attr := range attrs(tags) {
		args[i] = attr
	}
	return serverLog{l.to.With(args...)}
}

func (l serverLog) log(level slog.Level, msg string, tags []tag.Tag) {
	ctx := context.Background()
	if l.to.Enabled(ctx, level) {
		l.to.LogAttrs(ctx, level, msg, attrs(tags)...)
	}
}

func attrs(tags []tag.Tag) []slog.Attr {
	out := make([]slog.Attr, len(tags))
	for i, t := range tags {
		out[i] = slog.Any(t.Key(), t.Value())
	}
	return out
}
