// Command generate takes the descriptions of the dashboards and their .sql files and writes json/, in the folder it is run in.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/throughline/throughline/dashboards/internal/boards"
)

func main() {
	if err := write("json"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(dir string) error {
	for _, board := range boards.All() {
		text, err := board.JSON()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, boards.File(board)), text, 0o644); err != nil {
			return fmt.Errorf("write dashboard %s: %w", board.UID, err)
		}
	}
	return nil
}
