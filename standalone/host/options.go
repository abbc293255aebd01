package host

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/standalone/datadir"
	"github.com/opstruth/opstruth/standalone/supervise"
	"github.com/opstruth/opstruth/standalone/temporal"
)

// NoUI leaves Temporal's UI out.
const NoUI = "off"

// Options say where an installation lives and what is in it.
type Options struct {
	Data       string // directory
	Listen     string // host:port of the console; port 0 takes a free one
	TemporalUI string // host:port on loopback, or NoUI
	Sample     bool   // sample tenants, their API and their workers
	Fleet      bool   // runs that start by themselves; needs Sample
	Environ    []string
	// Types are operation types beside those that every installation has.
	Types []operation.Definition
	// Program runs this program again with arguments, as a sample worker. Its zero value is this very executable.
	Program supervise.Command
}

// patience are this program's own defaults. The product's suit real operations; a newcomer wants to see what happens.
var patience = []string{
	"OPSTRUTH_STALE_AFTER=10s", "OPSTRUTH_QUEUED_STALE_AFTER=15s",
	"OPSTRUTH_HEARTBEAT_EVERY=2s", "OPSTRUTH_RECONCILE_EVERY=3s",
	"OPSTRUTH_OUTBOUND_ALLOW=127.0.0.0/8", // where the sample API is
}

// settings reads the environment, over this program's defaults. The database and the key are the directory's own.
func settings(environ []string, dir *datadir.Dir) (config.Config, error) {
	key, err := dir.KeyFile()
	if err != nil {
		return config.Config{}, err
	}
	return config.Load(childEnviron(environ, key), config.SecretKey)
}

// childEnviron is the environment from which this process and its workers read the same settings.
func childEnviron(environ []string, keyFile string) []string {
	out := append([]string{}, patience...)
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		switch {
		case strings.HasPrefix(name, "OPSTRUTH_SECRET_KEY"), name == "OPSTRUTH_DATABASE_URL":
		default:
			out = append(out, kv)
		}
	}
	return append(out, "OPSTRUTH_SECRET_KEY_FILE="+keyFile)
}

// uiPort reads where Temporal's UI shall listen. It has no sign-in, so it is served on loopback only.
func uiPort(address string) (port int, off bool, err error) {
	if address == NoUI {
		return 0, true, nil
	}
	host, text, err := net.SplitHostPort(address)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil || port < 0 || port > 65535 || host != "127.0.0.1" && host != "localhost" {
		return 0, false, fmt.Errorf("read --temporal-ui %q: want 127.0.0.1:port, or %q", address, NoUI)
	}
	return port, false, nil
}

// listen opens the console's address.
func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for the console (stop what uses the port, or choose another with --listen): %w", err)
	}
	return l, nil
}

// baseURL is where a browser on this machine opens a listener.
func baseURL(l net.Listener) string {
	at := l.Addr().(*net.TCPAddr)
	host := at.IP.String()
	if at.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(at.Port))
}

// logFile opens a log in the directory; one that has grown large begins anew.
func logFile(path string) (*os.File, error) {
	const largest = 20 << 20
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(path); err == nil && info.Size() > largest {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o600) //nolint:gosec // in the data directory
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return f, nil
}

// DefaultTemporalUI is where Temporal's UI is unless somebody says otherwise.
func DefaultTemporalUI() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(temporal.DefaultUIPort))
}
