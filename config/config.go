// Package config reads the program's settings from the environment into one validated struct.
//
// It reads nothing by itself: callers pass the environment. It refuses to start a program on a wrong
// value, and names every wrong one at once. Where Temporal is, and how to sign in there, comes from
// Temporal's own environment settings (TEMPORAL_ADDRESS and its kin), which this package leaves alone.
package config

import (
	"log/slog"
	"net/netip"
	"strings"
	"time"
)

// Config holds the settings of one process. The tag want says, in the message about a wrong value,
// what a right one looks like; secret values are never repeated in a message and may also be given as
// the path of a file, in the variable with _FILE at its end.
type Config struct {
	DatabaseURL string `env:"OPSTRUTH_DATABASE_URL" secret:"true" want:"the address of a PostgreSQL database, like postgres://user:password@host:5432/opstruth"`
	SecretKey   Key    `env:"OPSTRUTH_SECRET_KEY" secret:"true" want:"32 random bytes in base64, as 'openssl rand -base64 32' prints; it encrypts the secrets of connections"`

	Listen        string `env:"OPSTRUTH_LISTEN" envDefault:"127.0.0.1:8080" want:"host:port, like 127.0.0.1:8080"`
	MetricsListen string `env:"OPSTRUTH_METRICS_LISTEN" envDefault:"127.0.0.1:8081" want:"host:port, like 127.0.0.1:8081"`
	PublicURL     string `env:"OPSTRUTH_PUBLIC_URL" envDefault:"http://127.0.0.1:8080" want:"the address at which people open the console, like https://opstruth.example.com"`
	TemporalUIURL string `env:"OPSTRUTH_TEMPORAL_UI_URL" want:"the address at which people open Temporal UI, like https://temporal.example.com"`

	StaleAfter       time.Duration `env:"OPSTRUTH_STALE_AFTER" envDefault:"20s" want:"a positive duration, like 20s"`
	QueuedStaleAfter time.Duration `env:"OPSTRUTH_QUEUED_STALE_AFTER" envDefault:"60s" want:"a positive duration, like 60s"`
	ReconcileAfter   time.Duration `env:"OPSTRUTH_RECONCILE_AFTER" envDefault:"24h" want:"a positive duration, like 24h"`
	ReconcileEvery   time.Duration `env:"OPSTRUTH_RECONCILE_EVERY" envDefault:"5s" want:"a positive duration, like 5s"`
	HeartbeatEvery   time.Duration `env:"OPSTRUTH_HEARTBEAT_EVERY" envDefault:"5s" want:"a positive duration, like 5s"`

	// Queues names the task queues that this worker serves; empty means all that the program knows.
	Queues []string `env:"OPSTRUTH_QUEUES" want:"names of task queues, separated by commas"`
	// Concurrency is how many steps of one task queue this worker executes at a time. A step mostly waits for
	// others, so there may be many; a run has one at a time.
	Concurrency int `env:"OPSTRUTH_CONCURRENCY" envDefault:"1000" want:"a whole number from 1 to 100000"`
	// OutboundAllow lists private networks that operations may call although private addresses are refused.
	OutboundAllow []netip.Prefix `env:"OPSTRUTH_OUTBOUND_ALLOW" want:"networks separated by commas, like 10.1.0.0/16,fd00::/8"`

	// UploadMaxMB is the largest file that people may upload for an operation.
	UploadMaxMB int64 `env:"OPSTRUTH_UPLOAD_MAX_MB" envDefault:"32" want:"a whole number of megabytes, from 1 to 1024"`

	LogLevel  slog.Level `env:"OPSTRUTH_LOG_LEVEL" envDefault:"info" want:"debug, info, warn or error"`
	LogFormat string     `env:"OPSTRUTH_LOG_FORMAT" envDefault:"text" want:"text or json"`
}

// Variables that a command may require from Load.
const (
	DatabaseURL = "OPSTRUTH_DATABASE_URL"
	SecretKey   = "OPSTRUTH_SECRET_KEY"
)

// SecureCookies says whether browsers reach the console by https, so that its cookies must be confined
// to it. It follows the public address; a setting of its own could contradict that.
func (c Config) SecureCookies() bool { return strings.HasPrefix(c.PublicURL, "https://") }
