package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// supervise runs the server until standard input closes, then stops it and removes its files. The
// pipe closes when the starting process ends, however it ends, so no server outlives a killed test.
// Each line that it reads before kills the server without a goodbye and starts it anew.
const supervise = `
serve() {
  "$1/postgres" -D "$2/data" -c listen_addresses= -c unix_socket_directories="$2" \
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 \
  -c autovacuum=off -c max_connections=300 -c timezone=UTC >>"$2/log" 2>&1 </dev/null &
  server=$!
}
serve "$1" "$2"
while read -r _; do
  kill -QUIT "$server"
  wait "$server"
  serve "$1" "$2"
done
kill -INT "$server"
wait "$server"
rm -rf "$2"
`

const startLimit = 5 * time.Minute

// Server is a throw-away PostgreSQL server. It keeps nothing and is reached by its socket alone.
type Server struct {
	URL string // postgres:// address of its maintenance database

	command *exec.Cmd
	alive   io.WriteCloser
}

// Start initialises and starts a server in a temporary directory. It ends at Stop, or with the calling
// process. As root it runs as the user postgres, since PostgreSQL refuses root.
func Start() (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	dir, err := makeDirectory(account)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	server, err := start(ctx, bin, dir, account)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return server, nil
}

func start(ctx context.Context, bin, dir string, account *syscall.Credential) (*Server, error) {
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata="+filepath.Join(dir, "data"),
		"--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: account}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initialise a PostgreSQL directory: %w: %s", err, out)
	}

	command := exec.Command("/bin/sh", "-c", supervise, "sh", bin, dir) //nolint:noctx // it outlives the start-up that ctx bounds
	command.Dir = dir
	// A process group of its own: an interrupt at the terminal first ends the tests, then this.
	command.SysProcAttr = &syscall.SysProcAttr{Credential: account, Setpgid: true}
	alive, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	query := url.Values{"host": {dir}, "user": {"postgres"}, "sslmode": {"disable"}}
	server := &Server{URL: "postgres:///postgres?" + query.Encode(), command: command, alive: alive}
	if err := server.ready(ctx); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, errors.Join(fmt.Errorf("wait for PostgreSQL to answer: %w: %s", err, log), server.Stop())
	}
	return server, nil
}

// Restart ends the server at once, as a crash does, starts it again and waits until it answers. What was
// committed is there again only for sessions that set synchronous_commit on.
func (s *Server) Restart(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return fmt.Errorf("restart PostgreSQL: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // its server is gone
	if _, err := io.WriteString(s.alive, "restart\n"); err != nil {
		return fmt.Errorf("restart PostgreSQL: %w", err)
	}
	// The old server answers until it dies; this session ends with it.
	if _, err := conn.Exec(ctx, "SELECT pg_sleep(60)"); err == nil || ctx.Err() != nil {
		return errors.Join(errors.New("restart PostgreSQL: the old server goes on"), ctx.Err())
	}
	if err := s.ready(ctx); err != nil {
		return fmt.Errorf("wait for PostgreSQL to answer again: %w", err)
	}
	return nil
}

// Stop ends the server, waits for it and removes its files.
func (s *Server) Stop() error {
	if err := s.alive.Close(); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	_ = s.command.Wait() // its status is that of the interrupt
	return nil
}

func (s *Server) ready(ctx context.Context) error {
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.URL)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-poll.C:
		}
	}
}

// serverAccount is nil unless the process is root.
func serverAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("run PostgreSQL as root: it needs the user postgres (or run the tests as another user): %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read the user postgres: %w", err)
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read the user postgres: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// makeDirectory makes a private directory for data and socket. The path of a socket may have about a
// hundred bytes, which some systems' own temporary directories exceed.
func makeDirectory(account *syscall.Credential) (string, error) {
	parent := os.TempDir()
	if len(parent) > 60 {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "opstruth-pg-")
	if err != nil {
		return "", fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	if account != nil {
		if err := os.Chown(dir, int(account.Uid), int(account.Gid)); err != nil {
			return "", errors.Join(fmt.Errorf("give %s to the user postgres: %w", dir, err), os.RemoveAll(dir))
		}
	}
	return dir, nil
}
