package libchdb

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// archive makes a package with one file, and its checksum.
func archive(t *testing.T, dir, name, content string) (path, integrity string) {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	entries := tar.NewWriter(zipped)
	if err := entries.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	_, err := entries.Write([]byte(content))
	if err = errors.Join(err, entries.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "package.tgz")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(out.Bytes())
	return path, base64.StdEncoding.EncodeToString(sum[:])
}

func TestInstall(t *testing.T) {
	dir := t.TempDir()
	tgz, integrity := archive(t, dir, "package/libchdb.so", "the library")
	target := filepath.Join(dir, "there.so")
	quiet := func(string) {}
	if err := install(tgz, platform{file: "libchdb.so", integrity: "c29tZXRoaW5nIGVsc2U="}, target, quiet); err == nil || !strings.Contains(err.Error(), "SHA-512") {
		t.Fatalf("a changed package was installed: %v", err)
	}
	if _, err := os.Stat(target); err == nil {
		t.Fatal("a refused library is in place")
	}
	if err := install(tgz, platform{file: "other.so", integrity: integrity}, target, quiet); err == nil {
		t.Fatal("a package without the library was installed")
	}
	if err := install(tgz, platform{file: "libchdb.so", integrity: integrity}, target, quiet); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(target); err != nil || string(got) != "the library" {
		t.Fatalf("installed %q, %v", got, err)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	t.Setenv("HOME", dir)
	t.Setenv("LIBCHDB", filepath.Join(dir, "nowhere.so"))
	if _, err := Find(); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("LIBCHDB names no file: %v", err)
	}
	t.Setenv("LIBCHDB", "")
	if _, err := Find(); !errors.Is(err, ErrNotFound) {
		t.Errorf("empty cache: %v", err)
	}
	path, err := cached()
	if err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if got, err := Find(); got != path || err != nil {
		t.Errorf("Find() = %q, %v; want %q", got, err, path)
	}
}

func TestFetchWithoutNPM(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("LIBCHDB", "")
	t.Setenv("PATH", "")
	if _, err := Ensure(context.Background(), &bytes.Buffer{}, true); err == nil || !strings.Contains(err.Error(), "npm is needed") {
		t.Errorf("Ensure without npm: %v", err)
	}
}

// TestOtherMachines is told what to do on machines whose library is not pinned, or does not exist.
func TestOtherMachines(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("LIBCHDB", "")
	t.Setenv("PATH", "")
	defer func(is string) { machine = is }(machine)
	for of, want := range map[string]string{
		"darwin/arm64":  "throughline libchdb --unpinned",
		"linux/arm64":   "@chdb/lib-linux-arm64-gnu " + Version,
		"windows/amd64": "there is no ClickHouse engine library for windows/amd64",
	} {
		machine = of
		_, err := Ensure(t.Context(), &bytes.Buffer{}, false)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "LIBCHDB") {
			t.Errorf("%s: %v", of, err)
		}
	}
}

func TestInstallUnpinned(t *testing.T) {
	dir := t.TempDir()
	tgz, _ := archive(t, dir, "package/libchdb.so", "the library")
	target := filepath.Join(dir, "there.so")
	var said []string
	if err := install(tgz, platform{file: "libchdb.so"}, target, func(step string) { said = append(said, step) }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(said, "\n"), "not pinned") {
		t.Errorf("it was not said that nothing is pinned: %q", said)
	}
}
