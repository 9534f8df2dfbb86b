package clickhouse

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"path"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var files embed.FS

// Migration is one numbered SQL file, still a template.
type Migration struct {
	Version uint32
	Name    string
	Source  string
}

// Migrations lists the embedded migrations in the order in which they are applied.
func Migrations() []Migration {
	entries, err := files.ReadDir("migrations")
	if err != nil {
		panic(fmt.Sprintf("embedded migrations: %v", err)) // cannot happen: the folder is compiled in
	}
	all := make([]Migration, 0, len(entries))
	for _, e := range entries { // ReadDir sorts by name, so by number
		source, err := files.ReadFile(path.Join("migrations", e.Name()))
		if err != nil {
			panic(fmt.Sprintf("embedded migrations: %v", err))
		}
		all = append(all, Migration{Version: number(e.Name()), Name: strings.TrimSuffix(e.Name(), ".sql"), Source: string(source)})
	}
	return all
}

func number(name string) uint32 {
	digits, _, _ := strings.Cut(name, "_")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		panic(fmt.Sprintf("embedded migration %q does not start with a number", name))
	}
	return uint32(n)
}

// Checksum is the SHA-256 of the template, so it is the same for every form.
func (m Migration) Checksum() string {
	sum := sha256.Sum256([]byte(m.Source))
	return hex.EncodeToString(sum[:])
}
