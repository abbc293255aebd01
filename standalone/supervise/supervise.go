// Package supervise runs a child process, knows whether it runs, and ends it on request.
//
// It restarts nothing: a worker that died stays dead until somebody starts it, because a dead worker is what the sample
// wants to show. The child never outlives this process, whichever way this process ends.
package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// maxLog is the size above which a start begins the log file anew.
const maxLog = 10 << 20

// ErrRunning says that the process runs already.
var ErrRunning = errors.New("the process runs already")

// ErrNotRunning says that there is no process to end.
var ErrNotRunning = errors.New("the process does not run")

// Command is what to run.
type Command struct {
	Path    string   // of the program; empty is this program itself
	Args    []string // without the program's name
	Env     []string // added to this process's own
	LogFile string   // gets what the child writes, appended; it is made when it is missing
}

// State is what is known of a process at one moment.
type State struct {
	Running bool
	PID     int       // of the running process, else of the last one; 0 when there was none
	Since   time.Time // when it started to run or ended
	Exit    string    // how the last one ended, such as "signal: killed"; empty while running
}

// Process is one child that can be started again and again. Its methods may be called from everywhere.
type Process struct {
	command Command

	mu    sync.Mutex
	state State
	child *os.Process
	done  chan struct{} // closed when the current child has ended
}

// New describes a process. It does not start it.
func New(c Command) *Process { return &Process{command: c} }

// State tells whether the process runs.
func (p *Process) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// Start starts the process, or answers ErrRunning.
func (p *Process) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state.Running {
		return ErrRunning
	}
	cmd, err := p.build()
	if err != nil {
		return err
	}
	done, started := make(chan struct{}), make(chan error)
	go p.run(cmd, started, done)
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	p.child, p.done = cmd.Process, done
	p.state = State{Running: true, PID: cmd.Process.Pid, Since: time.Now()}
	return nil
}

// Kill ends the process at once, as kill -9 does, and returns when it is gone.
func (p *Process) Kill() error {
	done, err := p.signal(os.Kill)
	if err != nil {
		return err
	}
	<-done
	return nil
}

// Stop asks the process to end (SIGTERM) and waits for it. When ctx ends first, the process is killed and the context's
// error is returned.
func (p *Process) Stop(ctx context.Context) error {
	done, err := p.signal(syscall.SIGTERM)
	if err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		if err := p.Kill(); err != nil && !errors.Is(err, ErrNotRunning) {
			return err
		}
		return fmt.Errorf("wait for the process to stop: %w", ctx.Err())
	}
}

// Done is closed when the process that runs now has ended; it is nil before the first start.
func (p *Process) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

func (p *Process) signal(s os.Signal) (<-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.state.Running {
		return nil, ErrNotRunning
	}
	if err := p.child.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return nil, fmt.Errorf("signal process %d: %w", p.state.PID, err)
	}
	return p.done, nil
}

// run starts the child and waits for it on one thread: Linux ties "die with the parent" to the thread that made the child.
func (p *Process) run(cmd *exec.Cmd, started chan<- error, done chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	if log, ok := cmd.Stdout.(*os.File); ok {
		_ = log.Close() // the child has its own
	}
	started <- err
	if err != nil {
		return
	}
	_ = cmd.Wait() // ProcessState tells how it ended
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Running, p.state.Since, p.state.Exit = false, time.Now(), cmd.ProcessState.String()
	close(done)
}

func (p *Process) build() (*exec.Cmd, error) {
	path := p.command.Path
	if path == "" {
		own, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find this program: %w", err)
		}
		path = own
	}
	cmd := exec.Command(path, p.command.Args...) //nolint:gosec,noctx // the caller's own program; Stop and Kill end it
	cmd.Env = append(os.Environ(), p.command.Env...)
	cmd.SysProcAttr = attributes()
	// The pipe closes when this process is gone, however it went; see ExitWithParent.
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("make the child's input: %w", err)
	}
	if p.command.LogFile != "" {
		log, err := openLog(p.command.LogFile)
		if err != nil {
			return nil, err
		}
		cmd.Stdout, cmd.Stderr = log, log
	}
	return cmd, nil
}

func openLog(path string) (*os.File, error) {
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o600) //nolint:gosec // the caller's own path
	if err != nil {
		return nil, fmt.Errorf("open the child's log: %w", err)
	}
	return f, nil
}
