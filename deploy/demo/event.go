package demo

import (
	"encoding/json"
	"fmt"
	"time"
)

// event is a native event as the collector takes it.
type event struct {
	MessageID   string         `json:"message_id"`
	Type        string         `json:"type,omitempty"`
	Event       string         `json:"event,omitempty"`
	UserID      string         `json:"user_id,omitempty"`
	AnonymousID string         `json:"anonymous_id,omitempty"`
	Timestamp   time.Time      `json:"timestamp"`
	SentAt      time.Time      `json:"sent_at,omitzero"`
	Passive     bool           `json:"passive"`
	Channel     string         `json:"channel,omitempty"`
	Properties  map[string]any `json:"properties,omitempty"`
	Context     *surroundings  `json:"context,omitempty"`
}

// surroundings is the context of an event.
type surroundings struct {
	Page      *page     `json:"page,omitempty"`
	UserAgent string    `json:"user_agent,omitempty"`
	IP        string    `json:"ip,omitempty"`
	Locale    string    `json:"locale,omitempty"`
	Location  *location `json:"location,omitempty"`
	Device    *device   `json:"device,omitempty"`
}

type page struct {
	URL      string `json:"url"`
	Path     string `json:"path"`
	Title    string `json:"title"`
	Referrer string `json:"referrer,omitempty"`
}

type location struct {
	Country string `json:"country"`
}

type device struct {
	Type string `json:"type"`
}

func (e *event) encode() ([]byte, error) {
	raw, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("demo event %s: %w", e.Event, err)
	}
	return raw, nil
}

// touch is a step of a visitor, pause after the one before.
type touch struct {
	pause time.Duration
	event event
}
