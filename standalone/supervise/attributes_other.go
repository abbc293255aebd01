//go:build !linux

package supervise

import "syscall"

// attributes has nothing to add here; ExitWithParent in the child does the work.
func attributes() *syscall.SysProcAttr { return nil }
