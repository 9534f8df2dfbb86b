package importer

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// rejectedList is FILE.rejected.ndjson. The file appears with the first refused row.
type rejectedList struct {
	path string
	size int64
	file *os.File
	out  *bufio.Writer
}

// openRejected cuts the list to what belongs to the rows done before, so that no refusal is listed twice.
func openRejected(path string, size int64) (*rejectedList, error) {
	list := &rejectedList{path: path, size: size}
	if size == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("removing the old list of refused rows: %w", err)
		}
		return list, nil
	}
	return list, list.open()
}

func (l *rejectedList) open() error {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		// Never longer than it is: somebody may have taken the list away meanwhile.
		var end int64
		if end, err = file.Seek(0, io.SeekEnd); err == nil {
			l.size = min(l.size, end)
			err = file.Truncate(l.size)
		}
	}
	if err == nil {
		_, err = file.Seek(l.size, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("opening the list of refused rows: %w", err)
	}
	l.file, l.out = file, bufio.NewWriter(file)
	return nil
}

func (l *rejectedList) add(problems []Problem) error {
	if len(problems) > 0 && l.file == nil {
		if err := l.open(); err != nil {
			return err
		}
	}
	for i := range problems {
		line, err := json.Marshal(&problems[i])
		if err == nil {
			_, err = l.out.Write(append(line, '\n'))
		}
		if err != nil {
			return fmt.Errorf("writing the list of refused rows: %w", err)
		}
		l.size += int64(len(line)) + 1
	}
	return nil
}

// sync makes the list durable; the progress file may then count on it.
func (l *rejectedList) sync() error {
	if l.file == nil {
		return nil
	}
	if err := errors.Join(l.out.Flush(), l.file.Sync()); err != nil {
		return fmt.Errorf("writing the list of refused rows: %w", err)
	}
	return nil
}

func (l *rejectedList) close() error {
	if l.file == nil {
		return nil
	}
	return errors.Join(l.out.Flush(), l.file.Close())
}

func sortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Row, b.Row) })
}
