// Package client takes batches of native events (one JSON object each), posts them to a collector's public HTTP API,
// and gives back the verdict on every one of them. What the collector asks to be sent again (429, 503, a `retry`
// verdict) is sent again after the pause that it named, with exponential back-off and jitter where it named none,
// so a caller only ever sees final verdicts or an error.
package client
