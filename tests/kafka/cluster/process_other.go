//go:build !linux

package cluster

import "os/exec"

// dieWithUs is known to Linux only: elsewhere a killed test leaves its brokers behind.
func dieWithUs(*exec.Cmd) {}
