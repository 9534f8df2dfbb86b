package live

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// Bounds on who may listen at once.
const (
	mostListeners = 200
	mostViews     = 32
	backlog       = 64 // frames that a slow listener may be behind
)

var errCrowded = errors.New("too many are looking at once; try again later")

// frame is one server-sent event.
type frame struct {
	name string
	data json.RawMessage
}

// listener is one open connection.
type listener struct {
	frames chan frame // closed when it is to end
}

// view is what all listeners with the same filter share.
type view struct {
	filter    Filter
	listeners map[*listener]struct{}
	answers   map[string]json.RawMessage // the last of each question
	due       time.Time                  // when the charts are to be asked again
	arrivals  arrivals                   // the poller's own
}

// hub knows who looks at what.
type hub struct {
	mu     sync.Mutex
	views  map[string]*view
	count  int
	health json.RawMessage
	closed bool
	wake   chan struct{} // has one element when somebody new has come
}

func newHub() *hub { return &hub{views: map[string]*view{}, wake: make(chan struct{}, 1)} }

// join adds a listener, and hands it what the view knows already.
func (h *hub) join(f Filter) (*listener, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.views[f.text]
	if h.closed || h.count >= mostListeners || v == nil && len(h.views) >= mostViews {
		return nil, errCrowded
	}
	if v == nil {
		v = &view{filter: f, listeners: map[*listener]struct{}{}, answers: map[string]json.RawMessage{}}
		h.views[f.text] = v
	}
	l := &listener{frames: make(chan frame, backlog)}
	v.listeners[l] = struct{}{}
	h.count++
	for name, data := range v.answers {
		l.frames <- frame{name, data}
	}
	if h.health != nil {
		l.frames <- frame{"health", h.health}
	}
	select {
	case h.wake <- struct{}{}:
	default: // the poller is to wake up already
	}
	return l, nil
}

// leave takes a listener away; a view without any is forgotten.
func (h *hub) leave(f Filter, l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v := h.views[f.text]; v != nil {
		h.drop(v, l)
	}
}

// drop is leave for those who hold the lock.
func (h *hub) drop(v *view, l *listener) {
	if _, there := v.listeners[l]; !there {
		return
	}
	delete(v.listeners, l)
	close(l.frames)
	if h.count--; len(v.listeners) == 0 {
		delete(h.views, v.filter.text)
	}
}

// looked lists the views that somebody looks at.
func (h *hub) looked() []*view {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*view, 0, len(h.views))
	for _, v := range h.views {
		all = append(all, v)
	}
	return all
}

// publish hands an answer to the listeners of a view, and keeps one for those to come.
func (h *hub) publish(v *view, name string, data, keep json.RawMessage) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v.answers[name] = keep
	h.send(v, frame{name, data})
}

// publishHealth hands the pipeline's health to everybody.
func (h *hub) publishHealth(data json.RawMessage) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.health = data
	for _, v := range h.views {
		h.send(v, frame{"health", data})
	}
}

// send ends listeners that do not keep up; their browser connects again.
func (h *hub) send(v *view, f frame) {
	for l := range v.listeners {
		select {
		case l.frames <- f:
		default:
			h.drop(v, l)
		}
	}
}

// wait returns when somebody looks, or false when ctx has ended.
func (h *hub) wait(ctx context.Context) bool {
	for {
		h.mu.Lock()
		somebody := h.count > 0
		if !somebody {
			h.health = nil // old by the time that somebody comes
		}
		h.mu.Unlock()
		if somebody {
			return ctx.Err() == nil
		}
		select {
		case <-h.wake:
		case <-ctx.Done():
			return false
		}
	}
}

// pause waits, shorter when somebody new has come, but never shorter than least.
func (h *hub) pause(ctx context.Context, least, most time.Duration) {
	sleep(ctx, least)
	select {
	case <-time.After(most - least):
	case <-h.wake:
	case <-ctx.Done():
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// close ends all connections; nobody can join any more.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, v := range h.views {
		for l := range v.listeners {
			h.drop(v, l)
		}
	}
}
