package supervise

import (
	"io"
	"os"
)

// ExitWithParent ends this process, a child made by Process, when its parent is gone. Linux does the same by itself and
// sooner; elsewhere the closed input is the only sign.
func ExitWithParent() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
}
