//go:build !linux

package engine

// machineMemory assumes 8 GB here.
func machineMemory() uint64 { return 8 << 30 }
