package app

import (
	"io"
	"log/slog"

	"github.com/opstruth/opstruth/config"
)

// Logger makes the process's logger as it is configured.
func Logger(c config.Config, to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}
