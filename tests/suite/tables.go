package suite

import (
	"bufio"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// SameTables compares dumps and shows where they begin to differ.
func SameTables(t testing.TB, got, want map[string]string) {
	t.Helper()
	for name := range want {
		g, w := strings.Split(got[name], "\n"), strings.Split(want[name], "\n")
		if got[name] == want[name] {
			t.Logf("%s: %d rows, equal", name, len(w))
			continue
		}
		for i := range w {
			if i >= len(g) || g[i] != w[i] {
				line := "(end)"
				if i < len(g) {
					line = g[i]
				}
				t.Errorf("%s: %d rows, want %d; first difference at row %d:\n got %.600s\nwant %.600s", name, len(g), len(w), i, line, w[i])
				break
			}
		}
		if len(g) > len(w) {
			t.Errorf("%s: %d rows, want %d", name, len(g), len(w))
		}
	}
}

// Shuffled writes a copy of a gzipped CSV file with its rows in random order and some of them twice.
func Shuffled(t testing.TB, file string, r *rand.Rand, duplicates float64) string {
	t.Helper()
	header, rows := readRows(t, file, 0)
	for _, row := range rows {
		if r.Float64() < duplicates {
			rows = append(rows, row)
		}
	}
	r.Shuffle(len(rows), func(i, k int) { rows[i], rows[k] = rows[k], rows[i] })
	return writeRows(t, header, rows)
}

// Part writes a copy of a gzipped CSV file with only so many rows: for what need not be large to be right.
func Part(t testing.TB, file string, rows int) string {
	t.Helper()
	header, all := readRows(t, file, rows)
	return writeRows(t, header, all)
}

// readRows gives at most limit rows, all where it is 0. A file that is not gzipped is read as it is.
func readRows(t testing.TB, file string, limit int) (header string, rows []string) {
	t.Helper()
	in, err := os.Open(file)
	must(t, err)
	defer in.Close()
	var text io.Reader = in
	if strings.HasSuffix(file, ".gz") {
		text, err = gzip.NewReader(in)
		must(t, err)
	}
	lines := bufio.NewScanner(text)
	lines.Scan()
	header = lines.Text()
	for (limit == 0 || len(rows) < limit) && lines.Scan() {
		rows = append(rows, lines.Text())
	}
	must(t, lines.Err())
	return header, rows
}

func writeRows(t testing.TB, header string, rows []string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rows.csv")
	out, err := os.Create(path)
	must(t, err)
	w := bufio.NewWriter(out)
	for _, row := range append([]string{header}, rows...) {
		_, err := io.WriteString(w, row+"\n")
		must(t, err)
	}
	must(t, w.Flush())
	must(t, out.Close())
	return path
}
