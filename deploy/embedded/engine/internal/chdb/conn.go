package chdb

import (
	"fmt"
	"runtime"
	"unsafe"
)

// Conn is a connection: a session with its own settings and temporary tables. It runs one query at
// a time; calls from several goroutines wait for one another inside the engine.
type Conn struct {
	lib *Library
	ptr unsafe.Pointer // chdb_connection *
}

// Param is a value for a `{name:Type}` placeholder, in ClickHouse's escaped text form.
type Param struct{ Name, Value string }

// Connect opens a connection whose session starts with the given settings. An unknown value of a
// known setting is an error; a setting that the engine does not know is ignored.
func (l *Library) Connect(settings map[string]string) (*Conn, error) {
	args := append([]string{"throughline", "--path=" + l.dataDir}, l.args...)
	for name, value := range settings {
		args = append(args, "--"+name+"="+value)
	}
	argv := make([]*byte, len(args)+1)
	for i, arg := range args {
		argv[i] = cString(arg)
	}
	l.first.Lock()
	defer l.first.Unlock()
	saved := saveSignals()
	ptr := l.connect(int32(len(args)), unsafe.Pointer(&argv[0]))
	restoreSignals(saved)
	runtime.KeepAlive(argv)
	if ptr == nil {
		return nil, fmt.Errorf("open a connection to %s: the ClickHouse engine refused it (see its log)", l.dataDir)
	}
	return &Conn{lib: l, ptr: ptr}, nil
}

// Close ends the session.
func (c *Conn) Close() {
	if c.ptr != nil {
		c.lib.closeConn(c.ptr)
		c.ptr = nil
	}
}

// Query runs one statement and gives its result in the named format. The error is *Error when
// the engine answered with an exception. The caller must Free the result.
func (c *Conn) Query(sql, format string, params []Param) (*Result, error) {
	names, values := make([]*byte, len(params)+1), make([]*byte, len(params)+1)
	nameLens, valueLens := make([]uintptr, len(params)+1), make([]uintptr, len(params)+1)
	for i, p := range params {
		names[i], nameLens[i] = unsafe.StringData(p.Name), uintptr(len(p.Name))
		values[i], valueLens[i] = cString(p.Value), uintptr(len(p.Value))
	}
	ptr := c.lib.query(c.handle(),
		unsafe.Pointer(unsafe.StringData(sql)), uintptr(len(sql)),
		unsafe.Pointer(unsafe.StringData(format)), uintptr(len(format)),
		unsafe.Pointer(&names[0]), unsafe.Pointer(&nameLens[0]),
		unsafe.Pointer(&values[0]), unsafe.Pointer(&valueLens[0]), uintptr(len(params)))
	runtime.KeepAlive([]any{sql, format, params, names, values})
	return newResult(c.lib, ptr)
}

// handle is the chdb_connection that chdb_connect's answer points at.
func (c *Conn) handle() unsafe.Pointer { return *(*unsafe.Pointer)(c.ptr) }

// cString copies s with the zero byte that C wants behind it.
func cString(s string) *byte {
	b := make([]byte, len(s)+1)
	copy(b, s)
	return &b[0]
}
