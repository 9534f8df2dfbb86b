//go:build !linux

package chdb

// saveSignals does nothing here: chdb_set_signal_handlers_enabled(0) is relied upon alone.
func saveSignals() *struct{} { return nil }

// restoreSignals does nothing here.
func restoreSignals(*struct{}) {}
