package forget

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/throughline/throughline/deploy/terminal"
)

// PrintPlan says what a request would erase.
func PrintPlan(w io.Writer, plan *Plan, counts []Count) {
	if plan.User != "" {
		fmt.Fprintf(w, "user %s, site %s\n", terminal.Clean(plan.User), terminal.Clean(plan.Site))
	}
	for _, id := range plan.IDs {
		what := "goes: nobody else was seen on it"
		switch {
		case plan.Anonymous != "" && len(id.Users) > 0:
			what = "goes, as far as it was sent without a user id; seen on it: " + list(id.Users)
		case plan.Anonymous == "" && !id.Alone:
			others := slices.DeleteFunc(slices.Clone(id.Users), func(u string) bool { return u == plan.User })
			what = "keeps the part of others"
			if len(others) > 0 {
				what += ": " + list(others)
			}
		}
		fmt.Fprintf(w, "  anonymous id %s %s\n", terminal.Clean(id.ID), what)
	}
	total := uint64(0)
	for _, c := range counts {
		total += c.Rows
		fmt.Fprintf(w, "  %9d  rows of %s\n", c.Rows, c.Table)
	}
	if len(plan.shared()) > 0 {
		fmt.Fprintln(w, "  and the person's part of the shared anonymous ids")
	}
	if total == 0 {
		fmt.Fprintln(w, "nothing is stored of this person now; --yes still refuses what may come late")
	}
	fmt.Fprintln(w, "nothing was changed; --yes does it. It cannot be undone.")
}

func list(all []string) string {
	const most = 10
	clean := make([]string, 0, most)
	for _, text := range all[:min(len(all), most)] {
		clean = append(clean, terminal.Clean(text))
	}
	if len(all) > most {
		clean = append(clean, fmt.Sprintf("and %d more", len(all)-most))
	}
	return strings.Join(clean, ", ")
}

// PrintDone says what was erased.
func PrintDone(w io.Writer, request string, deleted map[string]uint64) {
	total := uint64(0)
	for _, table := range slices.Sorted(maps.Keys(deleted)) {
		total += deleted[table]
		fmt.Fprintf(w, "  %9d  rows of %s deleted\n", deleted[table], table)
	}
	fmt.Fprintf(w, "done: %d rows deleted, and no table has anything left (request %s, see the view erasures)\n", total, request)
}

// PrintRetention says until when Kafka keeps the bytes of what is in its topics now.
func PrintRetention(w io.Writer, kept map[string]time.Duration, now time.Time) {
	for _, topic := range slices.Sorted(maps.Keys(kept)) {
		if kept[topic] < 0 {
			fmt.Fprintf(w, "Kafka keeps the person's bytes in %s for ever: its retention is without end\n", topic)
			continue
		}
		fmt.Fprintf(w, "Kafka keeps the person's bytes in %s at the longest until about %s; replaying them changes nothing\n",
			topic, now.Add(kept[topic]).UTC().Format("2006-01-02 15:04"))
	}
}
