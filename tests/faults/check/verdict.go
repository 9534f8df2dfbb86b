package check

import (
	"fmt"
	"strings"
)

// Kind is what can be wrong with a row.
type Kind string

// A row that should be there and is not; is there more than once; should not be there; is there in another order or with
// other contents.
const (
	Lost       Kind = "lost"
	Duplicated Kind = "duplicated"
	Phantom    Kind = "phantom"
	Reordered  Kind = "reordered"
)

// Finding is one row at fault.
type Finding struct {
	Kind       Kind
	Table, Row string
	Detail     string
}

// Verdict is what a comparison has found.
type Verdict struct {
	Findings []Finding
	// Rows of each table that were compared.
	Rows map[string]int
}

func (v *Verdict) add(kind Kind, table, row, format string, args ...any) {
	v.Findings = append(v.Findings, Finding{kind, table, row, fmt.Sprintf(format, args...)})
}

// Good says whether nothing was found.
func (v *Verdict) Good() bool { return len(v.Findings) == 0 }

// Count is how many findings are of a kind, in any table.
func (v *Verdict) Count(kind Kind) (n int) {
	for _, f := range v.Findings {
		if f.Kind == kind {
			n++
		}
	}
	return n
}

// perKind bounds how many findings of a kind and a table are shown.
const perKind = 3

// String counts the findings and shows the first ones of each kind.
func (v *Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "rows %v: %d lost, %d duplicated, %d phantom, %d reordered",
		v.Rows, v.Count(Lost), v.Count(Duplicated), v.Count(Phantom), v.Count(Reordered))
	shown := map[string]int{}
	for _, f := range v.Findings {
		group := string(f.Kind) + f.Table
		if shown[group]++; shown[group] <= perKind {
			fmt.Fprintf(&b, "\n  %s in %s: %s %s", f.Kind, f.Table, f.Row, f.Detail)
		}
	}
	return b.String()
}
