package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/standalone/sample"
	"github.com/opstruth/opstruth/standalone/simulate"
)

// program is the standalone program as a process of its own.
type program struct {
	cmd *exec.Cmd
	out *output
}

type output struct {
	mu   sync.Mutex
	text bytes.Buffer // not embedded: its ReadFrom would pass the lock by
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// launch starts the program and waits until it says that it runs.
func launch(t *testing.T, data string) (program, sample.Demo) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	p := program{exec.Command(self, "--data", data, "--listen", "127.0.0.1:0", "--temporal-ui", "off"), &output{}}
	p.cmd.Env = append(append(os.Environ(), impatient...), roleEnv+"=1")
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.kill)
	require.Eventually(t, func() bool { return bytes.Contains([]byte(p.out.String()), []byte("Ctrl-C")) }, soon, 50*time.Millisecond)
	return p, readDemo(t, data)
}

// kill ends the program as a power cut does; its children go with it.
func (p program) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func readDemo(t *testing.T, data string) (d sample.Demo) {
	t.Helper()
	path := filepath.Join(data, "demo.json")
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &d))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	return d
}

func TestKillEverythingAndStartAgain(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first, demo := launch(t, data)
	owner := as(t, demo, "mara@harbor.example")
	id := owner.start(tenant, simulate.Name, simulate.Knobs{Items: 150, ItemMS: 100})
	waiting := owner.start(tenant, simulate.Name, simulate.Knobs{Items: 4, WaitS: 8})
	owner.until(id, "on its way", func(r run) bool { return r.Progress.Processed > 10 })
	done := owner.run(id).Progress.Processed

	// Nobody else may use the directory meanwhile.
	self, err := os.Executable()
	require.NoError(t, err)
	second := exec.Command(self, "--data", data, "--listen", "127.0.0.1:0", "--temporal-ui", "off")
	second.Env = append(os.Environ(), roleEnv+"=1")
	refusal, err := second.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(refusal), "--data")

	first.kill()
	_, again := launch(t, data)
	require.Equal(t, demo.Users, again.Users, "sign-ins stay")
	owner = as(t, again, "mara@harbor.example")
	require.GreaterOrEqual(t, owner.run(id).Progress.Processed, done)
	for _, id := range []string{id, waiting} {
		r := owner.until(id, "ended", ended)
		require.Equal(t, "succeeded", r.Outcome)
		require.Equal(t, r.Progress.Total, r.Progress.Succeeded)
	}
}

// The fleet shows what it promises, and every run it leaves behind has an end.
func TestStoriesOfTheFleet(t *testing.T) {
	t.Parallel()
	p, demo := launch(t, t.TempDir())
	platform := as(t, demo, "pia@opstruth.example")
	seen := map[string]bool{}
	want := []string{
		"Queued", "Running", "Waiting", "Cancelling", "Likely stuck", "Failed", "Partly done", "Could not start", "Cancelled", "Succeeded",
		"no_workers", "no_progress", "workflow_task_failing", "reconciled_failed",
	}
	missing := func() (out []string) {
		for _, w := range want {
			if !seen[w] {
				out = append(out, w)
			}
		}
		return out
	}
	deadline := time.NewTimer(12 * time.Minute) // a minute on an idle machine
	defer deadline.Stop()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for len(missing()) > 0 {
		var list struct {
			Runs []struct{ Badge, Cause, Freshness string }
		}
		require.Equal(t, http.StatusOK, platform.ask(http.MethodGet, "/system/runs?limit=100", nil, &list))
		for _, r := range list.Runs {
			seen[r.Badge], seen[r.Cause], seen[r.Freshness] = true, true, true
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			require.Empty(t, missing(), "saw %v", seen)
		}
	}
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait(), "it stops in good order: %s", p.out)
}
