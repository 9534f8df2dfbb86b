// Package admission takes the raw JSON of one event, with what the collector knows about the request, and gives
// either a filled touchpoint or a problem that names reason, field and remedy. It does no I/O.
package admission
