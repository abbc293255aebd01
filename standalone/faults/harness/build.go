package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// nodePackage is the program that is built for the web and worker processes.
const nodePackage = "github.com/opstruth/opstruth/standalone/faults/node"

// nowIn is the line of time.Now that reads the clock, and nowWith what takes its place.
const (
	nowIn   = "sec, nsec, mono := runtimeNow()\n\tif mono == 0 {"
	nowWith = "sec, nsec, mono := runtimeNow()\n\tsec += faultsOffset\n\tif mono == 0 {"
)

// offsetFile is added to the package time. Whole seconds are enough, and monotonic time stays the machine's: a clock that
// is set wrong still ticks at the right speed.
const offsetFile = `package time

import "syscall"

// faultsOffset is by how many seconds the wall clock of this process is off.
var faultsOffset = func() int64 {
	text, _ := syscall.Getenv("FAULTS_CLOCK_OFFSET")
	d, err := ParseDuration(text)
	if err != nil {
		return 0
	}
	return int64(d / Second)
}()
`

// buildNode builds the node program with a time package whose wall clock can be set off. Libraries that pretend another
// time to the C library's callers do nothing here, since Go reads the kernel's clock by itself; a build overlay reaches
// every reader of time.Now, those in libraries included.
func buildNode(ctx context.Context, dir string) (program string, err error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("ask for the place of go's sources: %w", err)
	}
	source := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	original, err := os.ReadFile(filepath.Join(source, "time.go")) //nolint:gosec // go's own source
	if err != nil {
		return "", fmt.Errorf("read go's time package: %w", err)
	}
	if strings.Count(string(original), nowIn) != 1 {
		return "", fmt.Errorf("set off the clock of a process: time.Now in %s is not as expected; adapt package harness to this version of go", source)
	}
	patched := filepath.Join(dir, "time.go.txt")
	added := filepath.Join(dir, "time_faults.go.txt")
	replace := map[string]string{filepath.Join(source, "time.go"): patched, filepath.Join(source, "time_faults.go"): added}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("describe the overlay: %w", err)
	}
	config := filepath.Join(dir, "overlay.json")
	for path, content := range map[string]string{
		patched: strings.Replace(string(original), nowIn, nowWith, 1), added: offsetFile, config: string(overlay),
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return "", fmt.Errorf("write the overlay: %w", err)
		}
	}
	program = filepath.Join(dir, "node")
	// Without symbols it links sooner.
	build := exec.CommandContext(ctx, "go", "build", "-overlay", config, "-ldflags", "-s -w", "-o", program, nodePackage) //nolint:gosec // own paths
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the node program: %w: %s", err, out)
	}
	return program, nil
}
