// Package libchdb takes nothing and gives the path of the ClickHouse engine's shared library on this
// machine: the one that LIBCHDB names, or the one in the user's cache folder, which it fetches once
// with the npm client as a package of a pinned version and checksum. Where no checksum is pinned, the
// package is fetched only for somebody who has said so.
package libchdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Version of the library's package.
const Version = "26.7.3-stable.1"

// ErrNotFound is returned by Find when the library has to be fetched first.
var ErrNotFound = errors.New("the ClickHouse engine library is not here: run `make libchdb`, or set LIBCHDB to the path of a libchdb.so")

// platform is a build of the library.
type platform struct {
	name      string // of the package
	file      string // inside it
	integrity string // SHA-512 of the package, in base64; "" where none is pinned
}

// elsewhere ends every refusal: what works on any machine.
const elsewhere = "set LIBCHDB to the path of a libchdb of yours, or run `throughline collector` and `throughline processor` with a ClickHouse server"

// The library has the same name inside every package, macOS's too.
var platforms = map[string]platform{
	"linux/amd64":  {"@chdb/lib-linux-x64-gnu", "libchdb.so", "XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw=="},
	"linux/arm64":  {"@chdb/lib-linux-arm64-gnu", "libchdb.so", ""},
	"darwin/amd64": {"@chdb/lib-darwin-x64", "libchdb.so", ""},
	"darwin/arm64": {"@chdb/lib-darwin-arm64", "libchdb.so", ""},
}

// machine is the key of platforms.
var machine = runtime.GOOS + "/" + runtime.GOARCH

// this gives the build for the machine.
func this() (platform, error) {
	p, ok := platforms[machine]
	if !ok {
		return p, fmt.Errorf("there is no ClickHouse engine library for %s: %s", machine, elsewhere)
	}
	return p, nil
}

// Find gives the library's path without fetching anything. The error is ErrNotFound when it is in
// neither place.
func Find() (string, error) {
	if path := os.Getenv("LIBCHDB"); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("LIBCHDB: %w", err)
		}
		return path, nil
	}
	path, err := cached()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", ErrNotFound
	} else if err != nil {
		return "", fmt.Errorf("look for the ClickHouse engine library: %w", err)
	}
	return path, nil
}

// cached is where a fetched library lies.
func cached() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder (or set LIBCHDB): %w", err)
	}
	p, err := this()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "throughline", "libchdb", Version, p.file), nil
}

// Ensure gives the library's path, and fetches it first when it is missing. Progress is written to w.
// Unpinned lets it take a package whose checksum is not pinned here.
func Ensure(ctx context.Context, w io.Writer, unpinned bool) (string, error) {
	path, err := Find()
	if !errors.Is(err, ErrNotFound) {
		return path, err
	}
	return fetch(ctx, unpinned, func(step string) { _, _ = fmt.Fprintln(w, step) })
}
