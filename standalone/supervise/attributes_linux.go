package supervise

import "syscall"

// attributes make the child die with its parent, and keep a terminal's Ctrl-C from reaching it: its parent stops it, in
// its own order.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
