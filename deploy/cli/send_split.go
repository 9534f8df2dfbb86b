package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// splitEvents gives the events of a text, each on one line: one JSON object or several (NDJSON), an array of them, or
// {"batch": […], "sent_at": …}. Lines that are not JSON stay as they are, so that the collector gives its verdict on them.
func splitEvents(text []byte) ([][]byte, error) {
	values, err := jsonValues(text)
	if err != nil {
		lines := nonEmptyLines(text)
		if !mostlyJSON(lines) {
			return nil, fmt.Errorf("not JSON: %w", err)
		}
		return lines, nil
	}
	var events [][]byte
	for _, value := range values {
		some, err := unwrap(value)
		if err != nil {
			return nil, err
		}
		events = append(events, some...)
	}
	return events, nil
}

// jsonValues gives the values that follow one another in a text.
func jsonValues(text []byte) ([]json.RawMessage, error) {
	var values []json.RawMessage
	for decoder := json.NewDecoder(bytes.NewReader(text)); ; {
		var value json.RawMessage
		switch err := decoder.Decode(&value); {
		case errors.Is(err, io.EOF):
			return values, nil
		case err != nil:
			return nil, err
		}
		values = append(values, value)
	}
}

func nonEmptyLines(text []byte) [][]byte {
	var lines [][]byte
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

// mostlyJSON tells NDJSON with some bad lines from one broken document of many lines.
func mostlyJSON(lines [][]byte) bool {
	good := 0
	for _, line := range lines {
		if json.Valid(line) {
			good++
		}
	}
	return good > 0 && 2*good >= len(lines)
}

// unwrap gives the events of one value.
func unwrap(value json.RawMessage) ([][]byte, error) {
	switch value[0] {
	case '[':
		return elements(value)
	case '{':
		var envelope struct {
			Batch  json.RawMessage `json:"batch"`
			SentAt json.RawMessage `json:"sent_at"`
		}
		// An object whose batch or sent_at is of another type is still an object: the collector says what is wrong.
		if err := json.Unmarshal(value, &envelope); err != nil || len(envelope.Batch) == 0 || envelope.Batch[0] != '[' {
			break
		}
		events, err := elements(envelope.Batch)
		for i := range events {
			events[i] = withSentAt(events[i], envelope.SentAt)
		}
		return events, err
	}
	line, err := oneLine(value)
	return [][]byte{line}, err
}

func elements(array json.RawMessage) ([][]byte, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(array, &list); err != nil {
		return nil, fmt.Errorf("array of touchpoints: %w", err)
	}
	events := make([][]byte, len(list))
	for i, value := range list {
		line, err := oneLine(value)
		if err != nil {
			return nil, err
		}
		events[i] = line
	}
	return events, nil
}

func oneLine(value json.RawMessage) ([]byte, error) {
	var line bytes.Buffer
	if err := json.Compact(&line, value); err != nil {
		return nil, fmt.Errorf("touchpoint: %w", err)
	}
	return line.Bytes(), nil
}

// withSentAt gives an event of a batch the batch's own sent_at, which is lost otherwise.
func withSentAt(event []byte, sentAt json.RawMessage) []byte {
	var own map[string]json.RawMessage
	if len(sentAt) == 0 || json.Unmarshal(event, &own) != nil || own == nil || own["sent_at"] != nil {
		return event
	}
	out := append([]byte(`{"sent_at":`), sentAt...)
	if len(own) > 0 {
		out = append(out, ',')
	}
	return append(out, event[1:]...)
}
