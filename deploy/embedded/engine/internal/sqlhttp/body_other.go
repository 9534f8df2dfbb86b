//go:build !linux

package sqlhttp

import (
	"fmt"
	"os"
)

// memoryFile makes a file without a name: there are no files in memory here.
func memoryFile(dir string) (*os.File, error) { return diskFile(dir) }

// fdPath is a path that opens what the descriptor has open.
func fdPath(f *os.File) string { return fmt.Sprintf("/dev/fd/%d", f.Fd()) }
