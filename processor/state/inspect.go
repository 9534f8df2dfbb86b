package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
)

// Errors of Inspect.
var (
	// ErrInUse means that a processor has the state open.
	ErrInUse = errors.New("a processor has it open")
	// ErrNone means that there is no state in the folder.
	ErrNone = errors.New("no state")
)

// Inspect gives how far each partition is applied in the state of a folder, and changes nothing there. The error is ErrInUse
// or ErrNone, or says why the state cannot be read.
func Inspect(dir string) (map[int32]Applied, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	db, err := pebble.Open(dir, &pebble.Options{ReadOnly: true, Logger: silent{}})
	switch {
	case errors.Is(err, pebble.ErrDBDoesNotExist):
		return nil, ErrNone
	case errors.Is(err, syscall.EAGAIN): // its file LOCK is locked
		return nil, ErrInUse
	case err != nil:
		return nil, fmt.Errorf("read the state in %s: %w", dir, err)
	}
	all, err := appliedOf(db)
	return all, errors.Join(err, db.Close())
}

func appliedOf(db *pebble.DB) (map[int32]Applied, error) {
	rows, err := db.NewIter(&pebble.IterOptions{LowerBound: []byte{prefixApplied}, UpperBound: []byte{prefixApplied + 1}})
	if err != nil {
		return nil, fmt.Errorf("read applied offsets: %w", err)
	}
	all := map[int32]Applied{}
	for rows.First(); rows.Valid(); rows.Next() {
		key, value := rows.Key(), rows.Value()
		if a, ok := decodeApplied(value); ok && len(key) == 5 {
			all[int32(binary.BigEndian.Uint32(key[1:]))] = a
		}
	}
	return all, errors.Join(rows.Error(), rows.Close())
}

// silent says nothing: what is wrong comes back as an error.
type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(format string, args ...any) {
	panic("state: " + fmt.Sprintf(format, args...))
}
