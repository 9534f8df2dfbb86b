package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// state is the progress file. Rows up to Rows have a verdict; what lies behind is imported again, which is harmless.
type state struct {
	// Of says which import this is.
	Of identity `json:"of"`
	// Rows, and what became of them.
	Rows     int64 `json:"rows"`
	Accepted int64 `json:"accepted"`
	Rejected int64 `json:"rejected"`
	Skipped  int64 `json:"skipped"`
	// RejectedBytes of the list of refused rows belong to these rows.
	RejectedBytes int64 `json:"rejected_bytes"`
	// Complete: the file was imported to its end.
	Complete bool `json:"complete"`
}

// identity is what must be equal for an import to go on where another stopped.
type identity struct {
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	Mapping  string    `json:"mapping_sha256"`
	Endpoint string    `json:"endpoint"`
}

func (s *source) identity(o *Options) identity {
	return identity{s.info.Size(), s.info.ModTime().UTC(), o.Mapping.digest, o.endpoint()}
}

// loadState gives the progress of an earlier run, or a fresh one and the reason why.
func loadState(path string, of identity) (state, string, error) {
	fresh := state{Of: of}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, "", nil
	} else if err != nil {
		return fresh, "", fmt.Errorf("reading the progress file: %w", err)
	}
	var found state
	if err := json.Unmarshal(text, &found); err != nil {
		return fresh, "the progress file is not readable", nil //nolint:nilerr // the import begins anew and says why
	}
	if found.Of != of {
		return fresh, "the progress file is of another version of the file, of the mapping, or of another address", nil
	}
	return found, "", nil
}

// save replaces the progress file: after a crash it is the old one or the new one.
func (s *state) save(path string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("progress file: %w", err)
	}
	if err := replaceFile(path, append(text, '\n')); err != nil {
		return fmt.Errorf("writing the progress file: %w", err)
	}
	return nil
}

func replaceFile(path string, text []byte) (err error) {
	next, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(next.Name()))
		}
	}()
	_, err = next.Write(text)
	if err == nil {
		err = next.Sync()
	}
	if err = errors.Join(err, next.Close()); err != nil {
		return err
	}
	if err = os.Rename(next.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil // the rename is done; only its durability could not be forced
	}
	defer folder.Close()
	return folder.Sync()
}
