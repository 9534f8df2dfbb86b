package importer

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// reader gives the rows of a file.
type reader interface {
	// columns by index, as they stand in row.values.
	columns() []string
	// read fills the row. io.EOF ends the file; a *Problem is a row that cannot be read, behind which the next may be read;
	// any other error ends the import.
	read(*row) error
}

// source is an open input file that counts the bytes taken from it.
type source struct {
	file *os.File
	info os.FileInfo
	took atomic.Int64
}

func openSource(path string) (*source, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the input: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder", path)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("opening the input: %w", err)
	}
	return &source{file: file, info: info}, nil
}

// Read counts what is read of the file as it lies on disk.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.file.Read(p)
	s.took.Add(int64(n))
	return n, err
}

// Close closes the file.
func (s *source) Close() error { return s.file.Close() }

// rows opens the reader that the mapping asks for, through gzip when the file begins like one.
func (s *source) rows(m *Mapping) (reader, error) {
	plain := bufio.NewReaderSize(s, 1<<20)
	magic, err := plain.Peek(4)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("reading the input: %w", err)
	}
	input := plain
	switch {
	case len(magic) >= 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		unzipped, err := gzip.NewReader(plain)
		if err != nil {
			return nil, fmt.Errorf("reading the input as gzip: %w", err)
		}
		input = bufio.NewReaderSize(unzipped, 1<<20)
	case string(magic) == "PK\x03\x04", string(magic) == "\x28\xb5\x2f\xfd":
		return nil, fmt.Errorf("the input is packed (zip or zstd): unpack it, or pack it with gzip")
	}
	if m.csv {
		return newCSVReader(input, m.delimiter)
	}
	return newLineReader(input, m.columns()), nil
}
