package chdb

import (
	"errors"
	"runtime"
	"unsafe"
)

// Class says what a statement does to state that outlives it.
type Class uint32

// The classes, from harmless to not understood.
const (
	ReadOnly Class = iota // SELECT, SHOW, DESCRIBE, EXPLAIN, EXISTS, CHECK
	Mutating              // INSERT, CREATE, ALTER, DROP, TRUNCATE, …
	Global                // functions, users, named collections
	Control               // SET, USE, SYSTEM, ATTACH, BACKUP, KILL, INTO OUTFILE
	Unknown               // did not parse
)

// Analysis is the engine's own parser's view of a text of SQL.
type Analysis struct {
	Class      Class
	Statements int // 0 when the text did not parse
}

// Classify parses sql without running it.
func (c *Conn) Classify(sql string) (Analysis, error) {
	var out struct{ size, statements, flags, class uint32 }
	out.size = uint32(unsafe.Sizeof(out))
	state := c.lib.classify(c.handle(), unsafe.Pointer(unsafe.StringData(sql)), uintptr(len(sql)), nil, 0, unsafe.Pointer(&out))
	runtime.KeepAlive(sql)
	if state != 0 {
		return Analysis{Class: Unknown}, errors.New("the ClickHouse engine could not classify the statement")
	}
	return Analysis{Class: Class(out.class), Statements: int(out.statements)}, nil
}
