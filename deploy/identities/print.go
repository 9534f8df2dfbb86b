package identities

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/throughline/throughline/deploy/terminal"
)

// Print writes the report for a reader at a terminal.
func (r *Report) Print(w io.Writer) error {
	var out strings.Builder
	if r.Anonymous == nil && r.User == nil {
		fmt.Fprintf(&out, "nothing is known of %s at site %s\n", terminal.Clean(r.ID), terminal.Clean(r.Site))
	}
	if a := r.Anonymous; a != nil {
		fmt.Fprintf(&out, "anonymous id %s, site %s\n", terminal.Clean(a.ID), terminal.Clean(r.Site))
		a.print(&out)
	}
	if u := r.User; u != nil {
		fmt.Fprintf(&out, "user %s, site %s\n  %d touchpoints sent with the user id\n", terminal.Clean(r.ID), terminal.Clean(r.Site), u.Sent)
		for i := range u.Sources {
			s := &u.Sources[i]
			fmt.Fprintf(&out, "\n  from anonymous id %s: %d of %d touchpoints\n", terminal.Clean(s.ID), s.Shares[r.ID], s.Sent)
			s.printLinks(&out, "    ")
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func (a *Anonymous) print(out *strings.Builder) {
	if len(a.Edges) == 0 {
		out.WriteString("  no user was seen on it\n")
	}
	a.printLinks(out, "  ")
	fmt.Fprintf(out, "\n  %d touchpoints", a.Sent)
	for _, user := range slices.Sorted(maps.Keys(a.Shares)) {
		fmt.Fprintf(out, ", %d of %s", a.Shares[user], who(user))
	}
	out.WriteString("\n")
	if int(a.Sent) > len(a.Touchpoints) && len(a.Touchpoints) > 0 {
		fmt.Fprintf(out, "  the latest %d:\n", len(a.Touchpoints))
	}
	for _, t := range a.Touchpoints {
		event := t.Event
		if event == "" {
			event = t.Type
		}
		fmt.Fprintf(out, "    %s  %-24s → %-16s %s", moment(t.At), terminal.Clean(event), who(t.UserID), t.Why)
		if t.By != nil {
			fmt.Fprintf(out, " (%s, %s)", moment(t.By.At), terminal.Clean(t.By.Source))
		}
		out.WriteString("\n")
	}
}

func who(user string) string {
	if user == "" {
		return "nobody"
	}
	return terminal.Clean(user)
}

// printLinks writes the edges and unlinks.
func (a *Anonymous) printLinks(out *strings.Builder, indent string) {
	for _, e := range a.Edges {
		fmt.Fprintf(out, "%s%s  %s was seen on it (%s)", indent, moment(e.At), terminal.Clean(e.UserID), terminal.Clean(e.Source))
		if e.Withdrawn {
			out.WriteString(", withdrawn")
		}
		out.WriteString("\n")
	}
	for _, u := range a.Unlinks {
		until := "for good"
		if !u.Until.IsZero() {
			until = "up to " + moment(u.Until)
		}
		fmt.Fprintf(out, "%s%s  %s was unlinked %s: %s\n", indent, moment(u.ReceivedAt), terminal.Clean(u.UserID), until, terminal.Clean(u.Reason))
	}
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") }
