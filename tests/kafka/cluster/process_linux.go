package cluster

import (
	"os/exec"
	"syscall"
)

// dieWithUs lets a broker end when the test's process is killed.
func dieWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
