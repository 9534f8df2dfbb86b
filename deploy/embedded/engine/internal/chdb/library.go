// Package chdb takes SQL and gives back formatted result bytes: it binds the C interface of
// libchdb, the ClickHouse engine as a shared library, without cgo. One process may open one data
// folder; any number of connections to it may run queries at the same time.
package chdb

import (
	"fmt"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Library is the loaded engine. It cannot be unloaded: its threads live until the process ends.
type Library struct {
	connect          func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	closeConn        func(conn unsafe.Pointer)
	query            func(conn, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer
	destroyResult    func(result unsafe.Pointer)
	resultBuffer     func(result unsafe.Pointer) unsafe.Pointer
	resultLength     func(result unsafe.Pointer) uintptr
	resultError      func(result unsafe.Pointer) unsafe.Pointer
	resultRows       func(result unsafe.Pointer) uint64
	resultRead       func(result unsafe.Pointer) uint64
	resultReadBytes  func(result unsafe.Pointer) uint64
	resultWritten    func(result unsafe.Pointer) uint64
	resultWroteBytes func(result unsafe.Pointer) uint64
	classify         func(conn, sql unsafe.Pointer, sqlLen uintptr, db unsafe.Pointer, dbLen uintptr, out unsafe.Pointer) int32
	setSignals       func(enabled int32)
	version          func() string

	dataDir string
	args    []string
	first   sync.Mutex // held during connects: the first one boots the engine
}

// Load opens the shared library at path (about 0.4 s). It keeps the handlers that the Go runtime
// has installed for signals: the engine would take them over and break goroutine preemption.
func Load(path string) (*Library, error) {
	saved := saveSignals()
	defer restoreSignals(saved)
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("load the ClickHouse engine %s: %w", path, err)
	}
	lib := &Library{}
	if err := lib.bind(handle); err != nil {
		return nil, fmt.Errorf("bind the ClickHouse engine %s: %w", path, err)
	}
	lib.setSignals(0)
	return lib, nil
}

// bind looks up every function of the C interface that this package calls.
func (l *Library) bind(handle uintptr) error {
	for name, target := range map[string]any{
		"chdb_connect":                     &l.connect,
		"chdb_close_conn":                  &l.closeConn,
		"chdb_query_with_params_n":         &l.query,
		"chdb_destroy_query_result":        &l.destroyResult,
		"chdb_result_buffer":               &l.resultBuffer,
		"chdb_result_length":               &l.resultLength,
		"chdb_result_error":                &l.resultError,
		"chdb_result_rows_read":            &l.resultRows,
		"chdb_result_storage_rows_read":    &l.resultRead,
		"chdb_result_storage_bytes_read":   &l.resultReadBytes,
		"chdb_result_rows_written":         &l.resultWritten,
		"chdb_result_bytes_written":        &l.resultWroteBytes,
		"chdb_classify_query_n":            &l.classify,
		"chdb_set_signal_handlers_enabled": &l.setSignals,
		"chdb_version":                     &l.version,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return fmt.Errorf("function %s: %w", name, err)
		}
		purego.RegisterFunc(target, symbol)
	}
	return nil
}

// Version is the library's own version, such as "26.7.0".
func (l *Library) Version() string { return l.version() }

// Open names the data folder and the arguments that boot the engine (server settings, as in
// `--max_server_memory_usage=1000000000`). It does no I/O; the first Connect does.
func (l *Library) Open(dataDir string, args ...string) {
	l.dataDir, l.args = dataDir, args
}
