package supervise

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

const roleEnv = "OPSTRUTH_TEST_SUPERVISE"

// TestMain is also every child that the tests start.
func TestMain(m *testing.M) {
	role, log, _ := strings.Cut(os.Getenv(roleEnv), ":")
	switch role {
	case "polite":
		ExitWithParent()
		term := make(chan os.Signal, 1)
		signal.Notify(term, syscall.SIGTERM)
		fmt.Println("ready", os.Args[1:])
		<-term
		fmt.Println("bye")
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		select {}
	case "failing":
		fmt.Fprintln(os.Stderr, "cannot go on")
		os.Exit(3)
	case "parent": // starts a stubborn child and waits to be killed itself
		child := New(Command{Env: []string{roleEnv + "=stubborn"}, LogFile: log})
		if err := child.Start(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("child", child.State().PID)
		select {}
	default:
		goleak.VerifyTestMain(m)
	}
}

func setup(t *testing.T, role string) (p *Process, log func() string) {
	t.Helper()
	t.Parallel()
	path := filepath.Join(t.TempDir(), "child.log")
	p = New(Command{Args: []string{"-flag", "value"}, Env: []string{roleEnv + "=" + role}, LogFile: path})
	t.Cleanup(func() {
		if p.State().Running {
			require.NoError(t, p.Kill())
		}
	})
	return p, func() string {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(raw)
	}
}

func waitFor(t *testing.T, log func() string, text string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(log(), text) }, 2*time.Minute, 5*time.Millisecond)
}

func TestStopIsGracefulAndStartWorksAgain(t *testing.T) {
	p, log := setup(t, "polite")
	require.Equal(t, State{}, p.State())
	require.NoError(t, p.Start())
	first := p.State()
	require.True(t, first.Running)
	require.NoError(t, syscall.Kill(first.PID, 0))
	require.ErrorIs(t, p.Start(), ErrRunning)
	waitFor(t, log, "ready [-flag value]")

	require.NoError(t, p.Stop(t.Context()))
	require.Contains(t, log(), "bye")
	stopped := p.State()
	require.False(t, stopped.Running)
	require.Equal(t, "exit status 0", stopped.Exit)
	require.ErrorIs(t, p.Stop(t.Context()), ErrNotRunning)
	require.ErrorIs(t, p.Kill(), ErrNotRunning)

	require.NoError(t, p.Start())
	second := p.State()
	require.True(t, second.Running)
	require.NotEqual(t, first.PID, second.PID)
	require.Empty(t, second.Exit)
}

func TestKillIsSudden(t *testing.T) {
	p, log := setup(t, "polite")
	require.NoError(t, p.Start())
	waitFor(t, log, "ready")
	require.NoError(t, p.Kill())
	require.NotContains(t, log(), "bye")
	require.Equal(t, "signal: killed", p.State().Exit)
	require.ErrorIs(t, syscall.Kill(p.State().PID, 0), syscall.ESRCH)
}

func TestStopKillsWhatDoesNotListen(t *testing.T) {
	p, log := setup(t, "stubborn")
	require.NoError(t, p.Start())
	waitFor(t, log, "ready")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, p.Stop(ctx), context.DeadlineExceeded)
	require.Equal(t, "signal: killed", p.State().Exit)
}

func TestOwnDeathIsNoticedAndNotRepaired(t *testing.T) {
	p, log := setup(t, "failing")
	require.NoError(t, p.Start())
	<-p.Done()
	require.False(t, p.State().Running)
	require.Equal(t, "exit status 3", p.State().Exit)
	require.Contains(t, log(), "cannot go on")
}

func TestChildDiesWithItsParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a child that does not watch its input")
	}
	grandchildLog := filepath.Join(t.TempDir(), "grandchild.log")
	p, log := setup(t, "parent:"+grandchildLog)
	require.NoError(t, p.Start())
	waitFor(t, log, "child ")
	_, pid, _ := strings.Cut(strings.TrimSpace(log()), "child ")
	grandchild, err := strconv.Atoi(pid)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(grandchild, 0))
	require.NoError(t, p.Kill())
	require.Eventually(t, func() bool { return gone(grandchild) }, 2*time.Minute, 5*time.Millisecond)
}

// gone also counts a zombie, which waits only for a parent that reads its status.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if os.IsNotExist(err) {
		return syscall.Kill(pid, 0) != nil
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z")
}

func TestProgramThatIsNotThere(t *testing.T) {
	t.Parallel()
	p := New(Command{Path: filepath.Join(t.TempDir(), "nothing")})
	require.ErrorIs(t, p.Start(), os.ErrNotExist)
	require.Equal(t, State{}, p.State())
}

func TestLogThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	p := New(Command{LogFile: filepath.Join(t.TempDir(), "no", "such", "directory")})
	require.ErrorContains(t, p.Start(), "open the child's log")
}

func TestLogBeginsAnewWhenItIsLarge(t *testing.T) {
	p, log := setup(t, "failing")
	require.NoError(t, os.WriteFile(p.command.LogFile, make([]byte, maxLog+1), 0o600))
	require.NoError(t, p.Start())
	<-p.Done()
	require.Equal(t, "cannot go on\n", log())
}
