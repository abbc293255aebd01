package config

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// normalize gives values the one form that the rest of the program counts on.
func (c *Config) normalize() {
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	c.TemporalUIURL = strings.TrimRight(c.TemporalUIURL, "/")
	for i, queue := range c.Queues {
		c.Queues[i] = strings.TrimSpace(queue)
	}
}

// check returns the names of the variables whose values parse but make no sense.
func (c *Config) check() []string {
	checks := []struct {
		name string
		ok   bool
	}{
		{"OPSTRUTH_DATABASE_URL", c.DatabaseURL == "" || isURL(c.DatabaseURL, "postgres", "postgresql")},
		{"OPSTRUTH_LISTEN", isAddress(c.Listen)},
		{"OPSTRUTH_METRICS_LISTEN", isAddress(c.MetricsListen)},
		{"OPSTRUTH_PUBLIC_URL", isWebURL(c.PublicURL)},
		{"OPSTRUTH_TEMPORAL_UI_URL", c.TemporalUIURL == "" || isWebURL(c.TemporalUIURL)},
		{"OPSTRUTH_STALE_AFTER", isPositive(c.StaleAfter)},
		{"OPSTRUTH_QUEUED_STALE_AFTER", isPositive(c.QueuedStaleAfter)},
		{"OPSTRUTH_RECONCILE_AFTER", isPositive(c.ReconcileAfter)},
		{"OPSTRUTH_RECONCILE_EVERY", isPositive(c.ReconcileEvery)},
		{"OPSTRUTH_HEARTBEAT_EVERY", isPositive(c.HeartbeatEvery)},
		{"OPSTRUTH_UPLOAD_MAX_MB", c.UploadMaxMB >= 1 && c.UploadMaxMB <= 1024},
		{"OPSTRUTH_CONCURRENCY", c.Concurrency >= 1 && c.Concurrency <= 100_000},
		{"OPSTRUTH_QUEUES", !slices.Contains(c.Queues, "")},
		{"OPSTRUTH_LOG_FORMAT", c.LogFormat == "text" || c.LogFormat == "json"},
	}
	var wrong []string
	for _, one := range checks {
		if !one.ok {
			wrong = append(wrong, one.name)
		}
	}
	return wrong
}

func isPositive(d time.Duration) bool { return d > 0 }

func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func isURL(s string, schemes ...string) bool {
	parsed, err := url.Parse(s)
	return err == nil && slices.Contains(schemes, parsed.Scheme)
}

// isWebURL wants an address that paths can be appended to.
func isWebURL(s string) bool {
	if !isURL(s, "http", "https") {
		return false
	}
	parsed, _ := url.Parse(s)
	return parsed.Host != "" && parsed.RawQuery == "" && parsed.Fragment == ""
}
