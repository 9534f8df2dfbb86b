package broker

import (
	"fmt"
	"os"
	"syscall"
)

// syncFile makes a file's bytes and size durable, and leaves out its times, which cost a write of their own.
func syncFile(f *os.File) error {
	for {
		switch err := syscall.Fdatasync(int(f.Fd())); err {
		case nil:
			return nil
		case syscall.EINTR:
		default:
			return fmt.Errorf("fdatasync %s: %w", f.Name(), err)
		}
	}
}
