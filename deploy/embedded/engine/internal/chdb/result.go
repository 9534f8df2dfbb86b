package chdb

import (
	"errors"
	"unsafe"
)

// Result holds the output of a query in the engine's memory until Free.
type Result struct {
	lib *Library
	ptr unsafe.Pointer
}

// Stats counts what a query did.
type Stats struct {
	ReadRows, ReadBytes       uint64 // from storage
	WrittenRows, WrittenBytes uint64 // views included
	ResultRows                uint64
}

// Error is an exception of the engine; its text starts with "Code: N. DB::Exception: ".
type Error struct{ Text string }

func (e *Error) Error() string { return e.Text }

// newResult takes over the C result, or turns it into an error.
func newResult(lib *Library, ptr unsafe.Pointer) (*Result, error) {
	if ptr == nil {
		return nil, errors.New("the ClickHouse engine gave no answer")
	}
	r := &Result{lib: lib, ptr: ptr}
	if text := lib.resultError(ptr); text != nil {
		err := &Error{Text: goString(text)}
		r.Free()
		return nil, err
	}
	return r, nil
}

// Bytes is the formatted output. It aliases the engine's memory: valid until Free.
func (r *Result) Bytes() []byte {
	buffer := r.lib.resultBuffer(r.ptr)
	if buffer == nil {
		return nil
	}
	return unsafe.Slice((*byte)(buffer), int(r.lib.resultLength(r.ptr)))
}

// Stats counts what the query read and wrote.
func (r *Result) Stats() Stats {
	return Stats{
		ReadRows:     r.lib.resultRead(r.ptr),
		ReadBytes:    r.lib.resultReadBytes(r.ptr),
		WrittenRows:  r.lib.resultWritten(r.ptr),
		WrittenBytes: r.lib.resultWroteBytes(r.ptr),
		ResultRows:   r.lib.resultRows(r.ptr),
	}
}

// Free gives the memory back; it may be called again.
func (r *Result) Free() {
	if r.ptr != nil {
		r.lib.destroyResult(r.ptr)
		r.ptr = nil
	}
}

// goString copies a zero-terminated C string.
func goString(p unsafe.Pointer) string {
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n))
}
