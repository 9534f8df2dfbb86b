package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/throughline/throughline/deploy/importer/client"
	"github.com/throughline/throughline/deploy/terminal"
)

// verdicts prints what became of each event, and counts.
type verdicts struct {
	out                io.Writer
	accepted, rejected int
}

func (v *verdicts) add(events [][]byte, outcome client.Outcome) {
	refused := make(map[int]client.Rejected, len(outcome.Rejected))
	for _, r := range outcome.Rejected {
		refused[r.Index] = r
	}
	for i, event := range events {
		number := v.accepted + v.rejected + 1
		r, bad := refused[i]
		if !bad {
			v.accepted++
			fmt.Fprintf(v.out, "%d  accepted  %s\n", number, nameOf(event))
			continue
		}
		v.rejected++
		fmt.Fprintf(v.out, "%d  rejected  %s: %s\n", number, nameOf(event), terminal.Clean(reasonOf(r)))
	}
}

func reasonOf(r client.Rejected) string {
	text := r.Reason
	if r.Field != "" {
		text = "field " + r.Field + ": " + text
	}
	if r.Detail != "" {
		text += ": " + r.Detail
	}
	return text
}

// nameOf names an event for a reader: its event name, else its type, else its first bytes.
func nameOf(event []byte) string {
	var named struct {
		Event string `json:"event"`
		Type  string `json:"type"`
	}
	_ = json.Unmarshal(event, &named) // whatever could be read is enough
	switch {
	case named.Event != "":
		return terminal.Clean(fmt.Sprintf("%q", named.Event))
	case named.Type != "":
		return terminal.Clean(named.Type)
	}
	const enough = 60
	if len(event) > enough {
		return terminal.Clean(string(event[:enough])) + "…"
	}
	return terminal.Clean(string(event))
}

// partial says after a failure how far it came; nil when nothing had been sent.
func (v *verdicts) partial(left int) error {
	if v.accepted+v.rejected == 0 {
		return nil
	}
	return fmt.Errorf("%d accepted and %d rejected before; %d have no verdict", v.accepted, v.rejected, left)
}

func (v *verdicts) end() error {
	fmt.Fprintf(v.out, "%d accepted, %d rejected\n", v.accepted, v.rejected)
	if v.rejected > 0 {
		return codedError{errSaid, exitRejected}
	}
	return nil
}
