package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/throughline/throughline/deploy/terminal"
)

// Print writes one line a finding, then what to do.
func Print(w io.Writer, findings []Finding) error {
	width := 0
	for _, f := range findings {
		width = max(width, len(f.Check))
	}
	var out strings.Builder
	todo := 0
	for _, f := range findings {
		fmt.Fprintf(&out, "%-7s  %-*s  %s\n", f.Verdict, width, f.Check, terminal.Clean(f.Detail))
		todo += len(f.ToDo)
	}
	if todo > 0 {
		out.WriteString("\nWhat to do:\n")
	}
	for _, f := range findings {
		for _, step := range f.ToDo {
			fmt.Fprintf(&out, "  %-*s  %s\n", width, f.Check, terminal.Clean(step))
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// PrintJSON writes {"good": …, "findings": […]}.
func PrintJSON(w io.Writer, findings []Finding) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		Good     bool      `json:"good"`
		Findings []Finding `json:"findings"`
	}{!Failed(findings), findings})
}
