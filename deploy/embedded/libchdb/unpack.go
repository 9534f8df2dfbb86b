package libchdb

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
)

// unpack writes the archive's file of that name to path, and syncs it.
func unpack(archive, name, path string) error {
	file, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("unpack the package: %w", err)
	}
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("unpack the package: %w", err)
	}
	for entries := tar.NewReader(zipped); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("unpack the package: there is no %s in it", name)
		}
		if err != nil {
			return fmt.Errorf("unpack the package: %w", err)
		}
		if entry.Name == name && entry.Typeflag == tar.TypeReg {
			return write(entries, path)
		}
	}
}

func write(from io.Reader, path string) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return fmt.Errorf("write the library: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := io.Copy(file, from); err != nil {
		return fmt.Errorf("write the library: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("write the library: %w", err)
	}
	return nil
}
