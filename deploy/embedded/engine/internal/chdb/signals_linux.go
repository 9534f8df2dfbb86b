package chdb

import (
	"syscall"
	"unsafe"
)

// sigaction is the kernel's struct sigaction, opaque: it is only read and written back.
type sigaction [4]uint64

const signals = 64

// saveSignals reads the handler of every signal.
func saveSignals() *[signals + 1]sigaction {
	var saved [signals + 1]sigaction
	for n := 1; n <= signals; n++ {
		syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(n), 0, uintptr(unsafe.Pointer(&saved[n])), 8, 0, 0)
	}
	return &saved
}

// restoreSignals puts back what saveSignals read. Signals whose handler cannot be set are left.
func restoreSignals(saved *[signals + 1]sigaction) {
	for n := 1; n <= signals; n++ {
		syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(&saved[n])), 0, 8, 0, 0)
	}
}
