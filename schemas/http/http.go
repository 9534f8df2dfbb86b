// Package http takes nothing and gives the native HTTP contract: the OpenAPI description of the collector's API and the
// JSON Schema of one event, as files to serve and to validate with.
package http

import _ "embed"

// OpenAPI is the OpenAPI 3.1 document of the public API, in YAML. It stands alone: all references stay within it.
//
//go:embed openapi.yaml
var OpenAPI []byte

// Touchpoint is the JSON Schema (2020-12) of one event as clients send it. Whatever it refuses, the collector refuses;
// the collector refuses some more (duplicate keys, sizes in bytes, placeholder ids, unreadable numbers).
//
//go:embed touchpoint.schema.json
var Touchpoint []byte
