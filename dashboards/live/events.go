package live

import (
	"bytes"
	"net/http"
	"time"
)

// beat is how often a connection without news says that it lives.
const beat = 5 * time.Second

// events is a connection on which answers arrive as they change: server-sent events named after the questions, each a JSON document.
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	filter, err := ParseFilter(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	l, err := p.hub.join(filter)
	if err != nil {
		w.Header().Set("Retry-After", "10")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer p.hub.leave(filter, l)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	out := http.NewResponseController(w)
	if _, err := w.Write([]byte("retry: 1000\n\n")); err != nil || out.Flush() != nil {
		return
	}
	still := time.NewTicker(beat)
	defer still.Stop()
	for {
		text := []byte("event: beat\ndata: {}\n\n")
		select {
		case f, open := <-l.frames:
			if !open {
				return
			}
			text = f.text()
		case <-still.C:
		case <-r.Context().Done():
			return
		}
		_ = out.SetWriteDeadline(time.Now().Add(4 * beat)) // a writer without deadlines may wait
		if _, err := w.Write(text); err != nil || out.Flush() != nil {
			return
		}
	}
}

// text is a frame as it goes over the wire. JSON of one line has no line ends.
func (f frame) text() []byte {
	return bytes.Join([][]byte{[]byte("event: "), []byte(f.name), []byte("\ndata: "), f.data, []byte("\n\n")}, nil)
}
