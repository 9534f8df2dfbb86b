package libchdb

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// fetch brings the library into the cache folder (180 MB to transfer, 570 MB on the disk) and gives
// its path. It appears there whole or not at all, so several processes may fetch at once.
func fetch(ctx context.Context, unpinned bool, progress func(step string)) (string, error) {
	p, err := this()
	if err != nil {
		return "", err
	}
	if p.integrity == "" && !unpinned {
		return "", fmt.Errorf("no checksum of %s %s is pinned, and it was not tried on %s: to trust npm's own check of it, run `throughline libchdb --unpinned` once; or %s",
			p.name, Version, machine, elsewhere)
	}
	path, err := cached()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "fetch-*")
	if err != nil {
		return "", fmt.Errorf("make a folder to fetch into: %w", err)
	}
	defer os.RemoveAll(dir)
	progress(fmt.Sprintf("fetching the ClickHouse engine: %s %s (180 MB)", p.name, Version))
	archive, err := pack(ctx, dir, p.name+"@"+Version)
	if err != nil {
		return "", err
	}
	return path, install(archive, p, path, progress)
}

// install checks the package and moves the library into place. A package without a pinned checksum was
// compared by npm with what its registry says of it.
func install(archive string, p platform, path string, progress func(step string)) error {
	progress("checking and unpacking")
	if p.integrity == "" {
		progress("its checksum is not pinned: only npm has checked it")
	} else if err := verify(archive, p.integrity); err != nil {
		return err
	}
	library := filepath.Join(filepath.Dir(archive), p.file)
	if err := unpack(archive, "package/"+p.file, library); err != nil {
		return err
	}
	if err := os.Rename(library, path); err != nil {
		return fmt.Errorf("put the library in place: %w", err)
	}
	progress("the ClickHouse engine is at " + path)
	return nil
}

// pack lets npm download the package's archive into dir.
func pack(ctx context.Context, dir, spec string) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("npm is needed to fetch the ClickHouse engine: install Node.js with npm, or set LIBCHDB to the path of a libchdb.so")
	}
	cmd := exec.CommandContext(ctx, npm, "pack", spec, "--loglevel=error", "--pack-destination", dir)
	cmd.Dir = dir // not inside anybody's package
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("npm could not fetch %s (is the network there, and the registry reachable?): %w\n%s", spec, err, strings.TrimSpace(said.String()))
	}
	lines := strings.Fields(string(out))
	if len(lines) == 0 {
		return "", fmt.Errorf("npm named no file for %s", spec)
	}
	return filepath.Join(dir, filepath.Base(lines[len(lines)-1])), nil
}

// verify compares the file's SHA-512 with the pinned one.
func verify(path, integrity string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("check the package: %w", err)
	}
	defer file.Close()
	hash := sha512.New()
	if _, err := io.Copy(hash, file); err != nil {
		return fmt.Errorf("check the package: %w", err)
	}
	if got := base64.StdEncoding.EncodeToString(hash.Sum(nil)); got != integrity {
		return fmt.Errorf("the package's SHA-512 is %s, but %s was expected: it is not what was published; nothing was installed", got, integrity)
	}
	return nil
}
