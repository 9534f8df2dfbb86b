package consume

import (
	"time"

	"github.com/throughline/throughline/schemas/topics"
)

// Traced is a record that its sender traces.
type Traced struct {
	Offset int64
	Time   time.Time
	// Parent is the W3C traceparent of whoever sent it.
	Parent string
}

// headers looks for a trace, and for a mark of being passed on, among the headers of a record, which are the last of its fields. Nearly all records have none.
func (o *Fetched) headers(r *Record, f *fields) {
	for n := f.varint(); n > 0 && !f.cutOff; n-- {
		key, value := f.octets(), f.octets()
		if string(key) == topics.HeaderTrace {
			o.Traced = append(o.Traced, Traced{Offset: r.Offset, Time: r.Time, Parent: string(value)})
		}
		r.Forwarded = r.Forwarded || string(key) == topics.HeaderForwarded
	}
}

// TakeTraced gives those before an offset and leaves the rest.
func (o *Fetched) TakeTraced(before int64) []Traced {
	n := 0
	for n < len(o.Traced) && o.Traced[n].Offset < before {
		n++
	}
	taken := o.Traced[:n:n]
	o.Traced = o.Traced[n:]
	return taken
}
