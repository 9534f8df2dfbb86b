package api

import "regexp"

// addressField finds the "ip" member of a context in bytes that may be no JSON.
var addressField = regexp.MustCompile(`"ip"\s*:\s*"[^"]*"`)

// withoutAddress empties addresses in what is kept of a refused event: accepted ones are truncated by admission, and no
// full address may reach Kafka by being refused. Bytes without any come back as they are.
func withoutAddress(raw []byte) []byte {
	if !addressField.Match(raw) {
		return raw
	}
	return addressField.ReplaceAll(raw, []byte(`"ip":""`))
}
