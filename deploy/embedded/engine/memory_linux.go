package engine

import "golang.org/x/sys/unix"

// machineMemory gives the machine's memory in bytes, or 4 GB when it cannot be told.
func machineMemory() uint64 {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return 4 << 30
	}
	return info.Totalram * uint64(info.Unit)
}
